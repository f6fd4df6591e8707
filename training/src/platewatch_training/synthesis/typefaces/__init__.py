"""Typefaces of plates: our own outlines in YAML files, and font files of Debian packages."""

from __future__ import annotations

from platewatch_training.synthesis.typefaces.catalog import load_typeface, missing_packages, typeface_names
from platewatch_training.synthesis.typefaces.typeface import Mask, Spacing, Span, Typeface, TypefaceError

__all__ = [
    "Mask",
    "Spacing",
    "Span",
    "Typeface",
    "TypefaceError",
    "load_typeface",
    "missing_packages",
    "typeface_names",
]
