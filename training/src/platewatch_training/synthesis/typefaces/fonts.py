"""Typefaces out of font files that Debian packages install."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from platewatch_training.synthesis.typefaces.paths import Ink
from platewatch_training.synthesis.typefaces.typeface import MARGIN_PX, MASTER_PX, Master, TypefaceError, thicken

FONT_FOLDER = Path("/usr/share/fonts")
"""The folder of font files from Debian's packages."""
_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ÄÖÜČŠŽĆĐÅÆØÁÉÍÓÚÑ-.·:/&'abcdefghijklmnopqrstuvwxyzáéíóúñ,!?()@+"
_PROBE_PX = 1000
_HALF_INK = 127
_NOT_A_CHARACTER = "\U0010ffff"
"""Shows what the font file draws for characters that it lacks."""


class FontEntry(BaseModel):
    """One typeface of `debian.yaml`. `pattern` is a file name, `*` allowed; `tracking` a share of capital height."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    package: str
    pattern: str
    license: str
    tracking: Annotated[float, Field(ge=0, le=2)]
    monospace: bool = False
    joined: bool = False
    """Whether characters change with their neighbors, as in Arabic, so that a line is drawn as a whole."""
    characters: Annotated[str, StringConstraints(min_length=1)] = _LATIN


def find_font(entry: FontEntry, folder: Path = FONT_FOLDER) -> Path:
    """The font file of an entry.

    Raises:
        TypefaceError: it is not installed; the message names the package that has it.
    """
    found = sorted(path for path in folder.rglob("*") if fnmatch.fnmatch(path.name, entry.pattern))
    if not found:
        message = (
            f"The typeface {entry.name!r} needs the font file {entry.pattern!r}, which is not under {folder}. "
            f"Install it with: apt-get install {entry.package}"
        )
        raise TypefaceError(message)
    return found[0]


@dataclass(frozen=True, eq=False)
class FontOutlines:
    """Outlines out of a font file, scaled so that its H has the capital height. Characters are as wide as their ink."""

    entry: FontEntry
    path: Path

    @property
    def characters(self) -> frozenset[str]:
        """The characters of the entry that the font file has."""
        return self._characters

    @property
    def stroke(self) -> float:
        """The width of the left stem of an H as a share of the capital height."""
        return self._stroke

    @cached_property
    def _characters(self) -> frozenset[str]:
        probe = self._font(_PROBE_PX // 16)
        absent = bytes(probe.getmask(_NOT_A_CHARACTER))
        return frozenset(one for one in self.entry.characters if bytes(probe.getmask(one)) != absent)

    @cached_property
    def _stroke(self) -> float:
        ink = self._ink("H")
        row = ink[MARGIN_PX + MASTER_PX // 4]
        start = int(np.flatnonzero(row)[0])
        end = int(np.flatnonzero(row[start:] == 0)[0])
        return end / MASTER_PX

    def draw(self, character: str, stroke_scale: float) -> Master:
        """The glyph, `MASTER_PX` high from foot to head of the capitals."""
        ink = self._ink(character)
        width = float(ink.shape[1] - 2 * MARGIN_PX)
        growth = 0.0 if stroke_scale == 1 else (stroke_scale - 1) * self.stroke * MASTER_PX / 2
        return Master(thicken(ink, growth), width)

    @cached_property
    def cell(self) -> float:
        """The width of a digit as the font file has it, as a share of the capital height."""
        return self._font(self._size).getlength("0") / MASTER_PX

    @cached_property
    def _size(self) -> float:
        _, top, _, bottom = self._font(_PROBE_PX).getbbox("H", anchor="ls")
        if bottom <= top:
            message = f"The font file {self.path} has no letter H to measure its capitals by."
            raise TypefaceError(message)
        return _PROBE_PX * MASTER_PX / (bottom - top)

    def _font(self, size: float) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(self.path, size)

    def _ink(self, character: str) -> Ink:
        font = self._font(self._size)
        room = round(font.getlength(character)) + 2 * MASTER_PX
        canvas = Image.new("L", (room + 2 * MARGIN_PX, MASTER_PX + 2 * MARGIN_PX))
        place = (MARGIN_PX + MASTER_PX, MARGIN_PX + MASTER_PX)
        ImageDraw.Draw(canvas).text(place, character, fill=255, font=font, anchor="ls")
        ink = np.asarray(np.where(np.asarray(canvas) > _HALF_INK, 255, 0), dtype=np.uint8)
        inked = np.flatnonzero(ink.any(axis=0))
        # Not the width that Pillow gives: it counts the empty sides that the font file gives a character.
        return ink[:, inked[0] - MARGIN_PX : inked[-1] + 1 + MARGIN_PX] if inked.size else ink
