"""Typefaces of plates: our own outlines in YAML files, and font files of Debian packages."""

from __future__ import annotations

from platewatch_training.synthesis.typefaces.catalog import is_drawn, load_typeface, missing_packages, typeface_names
from platewatch_training.synthesis.typefaces.typeface import (
    NARROW_GAP,
    Mask,
    Spacing,
    Span,
    Typeface,
    TypefaceError,
)

__all__ = [
    "NARROW_GAP",
    "Mask",
    "Spacing",
    "Span",
    "Typeface",
    "TypefaceError",
    "is_drawn",
    "load_typeface",
    "missing_packages",
    "typeface_names",
]
