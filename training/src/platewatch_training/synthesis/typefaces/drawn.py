"""Drawn typefaces: our own glyph outlines, one YAML file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from platewatch_training.synthesis.typefaces.paths import Grid, Ink, PathError, Pen, Polyline, fill, parse_path, stroke
from platewatch_training.synthesis.typefaces.typeface import (
    MARGIN_PX,
    MASTER_PX,
    Master,
    Outlines,
    TypefaceError,
    thicken,
)

_HALF_INK = 127
Length = Annotated[float, Field(gt=0, le=10_000)]
Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class GlyphEntry(BaseModel):
    """One glyph: centerlines that the pen follows, outlines that are filled, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Length
    stroke: tuple[str, ...] = ()
    fill: str | None = None
    pen: Length | None = None
    """Stroke width of this glyph where it is not the typeface's."""

    @model_validator(mode="after")
    def _has_ink(self) -> GlyphEntry:
        if not self.stroke and self.fill is None:
            message = "give the glyph `stroke`, `fill` or both"
            raise ValueError(message)
        return self


class FallbackEntry(BaseModel):
    """A font file's typeface that draws what is not drawn here, each character stretched to `width` x `height`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    typeface: str
    characters: Annotated[str, StringConstraints(min_length=1)]
    width: Length
    grow: Annotated[float, Field(ge=0, le=100)] = 0
    """The added boldness of strokes, in units on each side: stretching makes upright strokes thin."""


class TypefaceEntry(BaseModel):
    """One YAML file. Units: `height` is the capital height, x to the right, y down from the top of the capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: str
    height: Length = 100
    stroke: Length
    caps: Literal["butt", "round"] = "butt"
    joins: Literal["miter", "round"] = "miter"
    tracking: Annotated[float, Field(ge=0, le=10_000)]
    monospace: Length | None = None
    fallback: FallbackEntry | None = None
    based_on: str | None = None
    """The drawn typeface that draws what is not drawn here."""
    glyphs: Annotated[dict[Character, GlyphEntry], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class GlyphPaths:
    """The polylines of one glyph."""

    strokes: tuple[Polyline, ...]
    fills: tuple[Polyline, ...]


@dataclass(frozen=True, eq=False)
class DrawnOutlines:
    """Outlines out of a YAML entry. Strokes are cut off at the capital box, which gives slanted legs flat feet."""

    entry: TypefaceEntry
    fallback: Callable[[], Outlines] | None = None
    """Loads the font file when a character asks for it, so that the drawn ones need none."""

    @property
    def characters(self) -> frozenset[str]:
        """The drawn glyphs and what the fallback draws."""
        more = self.entry.fallback.characters if self.entry.fallback else ""
        return frozenset(self.entry.glyphs) | frozenset(more)

    @property
    def stroke(self) -> float:
        """The usual stroke width as a share of the capital height."""
        return self.entry.stroke / self.entry.height

    def draw(self, character: str, stroke_scale: float) -> Master:
        """The glyph, `MASTER_PX` high."""
        glyph = self.entry.glyphs.get(character)
        if glyph is None:
            return self._draw_with_fallback(character, stroke_scale)
        scale = MASTER_PX / self.entry.height
        width = glyph.width * scale
        shape = (MASTER_PX + 2 * MARGIN_PX, round(width) + 2 * MARGIN_PX)
        grid = Grid((scale, scale), (MARGIN_PX, MARGIN_PX), shape)
        ink = np.zeros(shape, dtype=np.uint8)
        paths = self.paths[character]
        if paths.fills:
            fill(ink, list(paths.fills), grid)
        pen_width = glyph.pen or self.entry.stroke
        if paths.strokes:
            stroke(ink, list(paths.strokes), Pen(pen_width, self.entry.caps, self.entry.joins), grid)
        _keep_box(ink)
        return Master(thicken(ink, (stroke_scale - 1) * pen_width * scale / 2), width)

    def _draw_with_fallback(self, character: str, stroke_scale: float) -> Master:
        if self.fallback is None or self.entry.fallback is None:
            message = f"The typeface {self.entry.name!r} has neither a glyph {character!r} nor a fallback for it."
            raise TypefaceError(message)
        entry, unit = self.entry.fallback, MASTER_PX / self.entry.height
        master = self.fallback().draw(character, stroke_scale)
        return stretched(master, entry.width * unit, grow_px=entry.grow * unit)

    @cached_property
    def paths(self) -> dict[str, GlyphPaths]:
        """The polylines of every glyph.

        Raises:
            TypefaceError: a path that can't be read; the message names the glyph.
        """
        return {character: _read(self.entry.name, character, glyph) for character, glyph in self.entry.glyphs.items()}


def stretched(master: Master, width: float, *, grow_px: float = 0.0) -> Master:
    """The glyph's ink, stretched and then grown to fill the capital box, `width` master pixels wide."""
    rows = np.flatnonzero(master.ink.any(axis=1))
    columns = np.flatnonzero(master.ink.any(axis=0))
    ink = master.ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    edge = round(grow_px)
    inner = cv2.resize(ink, (round(width) - 2 * edge, MASTER_PX - 2 * edge), interpolation=cv2.INTER_AREA)
    box = np.pad(np.asarray(np.where(inner > _HALF_INK, 255, 0), dtype=np.uint8), MARGIN_PX + edge)
    return Master(thicken(box, grow_px), width)


def _keep_box(ink: Ink) -> None:
    ink[:MARGIN_PX] = 0
    ink[-MARGIN_PX:] = 0
    ink[:, :MARGIN_PX] = 0
    ink[:, -MARGIN_PX:] = 0


def _read(name: str, character: str, glyph: GlyphEntry) -> GlyphPaths:
    try:
        strokes = [line for text in glyph.stroke for line in parse_path(text)]
        fills = parse_path(glyph.fill) if glyph.fill else []
    except PathError as error:
        message = f"The glyph {character!r} of the typeface {name!r}: {error}"
        raise TypefaceError(message) from error
    return GlyphPaths(tuple(strokes), tuple(fills))
