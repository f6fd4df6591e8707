"""Masks of characters and lines, the same for drawn typefaces and font files.

Every glyph is drawn once, `MASTER_PX` high, and scaled down by area averaging: that is the anti-aliasing, and what
makes a size that was not used before cheap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch_training.synthesis.typefaces.paths import Ink

Mask: TypeAlias = NDArray[np.float32]
"""float32 (H, W), the share of each pixel that is ink, 0..1."""

MASTER_PX = 320
"""Capital height of the master drawing: four times what a plate in a photo mostly has."""
MARGIN_PX = 96
"""Room round the capital box in the master, for tails, bold strokes and what stands above the capitals."""
NARROW_GAP = "_"
_GAP_SHARES = {" ": 0.35, NARROW_GAP: 0.16}
_SMALLEST_PX = 2
_LARGEST_PX = 2000
_THINNEST, _BOLDEST = 0.4, 2.0
_STROKE_STEP = 0.05


class TypefaceError(ValueError):
    """A typeface, or an entry of one, that can't be used."""


@dataclass(frozen=True, slots=True)
class Master:
    """One glyph, drawn large.

    `ink` is uint8 (MASTER_PX + 2 * MARGIN_PX, width + 2 * MARGIN_PX): the capital box, `width` master pixels wide,
    lies in the middle.
    """

    ink: Ink
    width: float


class Outlines(Protocol):
    """A source of glyphs: path data or a font file."""

    @property
    def characters(self) -> frozenset[str]:
        """The characters that can be drawn."""

    @property
    def stroke(self) -> float:
        """The usual stroke width as a share of the capital height."""

    def draw(self, character: str, stroke_scale: float) -> Master:
        """The glyph of one of `characters`, with strokes that many times as wide as usual."""


@dataclass(frozen=True, eq=False)
class Merged:
    """Outlines that take from `rest` what `first` lacks."""

    first: Outlines
    rest: Outlines

    @property
    def characters(self) -> frozenset[str]:
        """The characters that either source can draw."""
        return self.first.characters | self.rest.characters

    @property
    def stroke(self) -> float:
        """That of `first`."""
        return self.first.stroke

    def draw(self, character: str, stroke_scale: float) -> Master:
        """The glyph of `first` if it has one, else that of `rest`."""
        outlines = self.first if character in self.first.characters else self.rest
        return outlines.draw(character, stroke_scale)


@dataclass(frozen=True, slots=True)
class Span:
    """The place of one character in a line: from `left` to `right`, in pixels of the line's mask."""

    character: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Spacing:
    """The setting of a line. `tracking` (between characters) and `gap` (a space) are shares of the capital height.

    None stands for what the typeface itself has. `width_factor` makes characters narrower or wider, not their gaps.
    """

    tracking: float | None = None
    gap: float | None = None
    width_factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Typeface:
    """A typeface that can be drawn. Widths and `tracking` are shares of the capital height.

    `cell` is the width that every character takes, or None where each has its own. Where characters are `joined`,
    a line is one glyph.
    """

    name: str
    source: str
    tracking: float
    cell: float | None
    outlines: Outlines = field(repr=False)
    joined: bool = False

    @property
    def characters(self) -> frozenset[str]:
        """The characters that can be drawn, besides the space."""
        return self.outlines.characters

    def glyph_mask(self, character: str, height_px: int, *, stroke_scale: float = 1.0) -> Mask:
        """The mask of one character whose capital height is `height_px`, read-only.

        The capital box is in the middle of the mask, which is larger than the box only where there is ink outside it
        (the tail of a Q, bold strokes), by the same amount on opposite sides.

        Raises:
            TypefaceError: the typeface can't draw the character, or a size that is out of range.
        """
        return _glyph(self, character, _checked_height(height_px), _checked_stroke(stroke_scale), 1.0)

    def advance(self, character: str) -> float:
        """The width that a character takes, without tracking; a space and a `NARROW_GAP` have no ink."""
        if character in _GAP_SHARES:
            return (self.cell if character == " " else None) or _GAP_SHARES[character]
        width = _master(self, character, 1.0).width / MASTER_PX
        return max(width, self.cell or 0.0)

    def line_spans(self, text: str, height_px: int, *, spacing: Spacing | None = None) -> list[Span]:
        """The place of each character of a line, spaces included, from 0 at the left of the first capital box."""
        spacing = spacing or Spacing()
        tracking = self.tracking if spacing.tracking is None else spacing.tracking
        spans: list[Span] = []
        left = 0.0
        for character in text:
            advance = self.advance(character) * spacing.width_factor
            if character == " " and spacing.gap is not None:
                advance = spacing.gap
            right = left + advance * height_px
            spans.append(Span(character, left, right))
            left = right + tracking * height_px
        return spans

    def line_mask(
        self,
        text: str,
        height_px: int,
        *,
        spacing: Spacing | None = None,
        stroke_scale: float = 1.0,
    ) -> Mask:
        """The mask of a line of text; like `glyph_mask`, its middle is the middle of the line's capital box.

        Raises:
            TypefaceError: an empty line, a character that the typeface can't draw, or a size that is out of range.
        """
        if set(text) <= _GAP_SHARES.keys():
            message = f"There is nothing to draw in {text!r}."
            raise TypefaceError(message)
        height, stroke_scale = _checked_height(height_px), _checked_stroke(stroke_scale)
        width_factor = (spacing or Spacing()).width_factor
        if self.joined:
            return _glyph(self, text.strip(), height, stroke_scale, width_factor)
        spans = self.line_spans(text, height, spacing=spacing)
        glyphs = [
            (span, _glyph(self, span.character, height, stroke_scale, width_factor))
            for span in spans
            if span.character not in _GAP_SHARES
        ]
        return _compose(glyphs, width=math.ceil(spans[-1].right), height=height)


def thicken(ink: Ink, growth_px: float) -> Ink:
    """The ink grown by so many pixels on every side, or shrunk where `growth_px` is negative."""
    if growth_px == 0:
        return ink
    inside = cv2.distanceTransform(ink, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(255 - ink, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    from_edge = np.where(ink > 0, 0.5 - inside, outside - 0.5)  # distances are between centers of pixels
    return np.asarray(np.where(from_edge < growth_px, 255, 0), dtype=np.uint8)


def _checked_height(height_px: int) -> int:
    if not _SMALLEST_PX <= height_px <= _LARGEST_PX:
        message = f"A capital height of {height_px} px is out of range ({_SMALLEST_PX} to {_LARGEST_PX} px)."
        raise TypefaceError(message)
    return height_px


def _checked_stroke(stroke_scale: float) -> float:
    """The stroke scale in steps of `_STROKE_STEP`, so that glyphs drawn with it are found again."""
    if not _THINNEST <= stroke_scale <= _BOLDEST:
        message = f"A stroke scale of {stroke_scale} is out of range ({_THINNEST} to {_BOLDEST})."
        raise TypefaceError(message)
    return round(stroke_scale / _STROKE_STEP) * _STROKE_STEP


@dataclass(frozen=True, slots=True)
class _Kept:
    """A master with only as much margin as is inked, `across` at the left and right, `down` above and below.

    `packed` is a bit a pixel, so that all glyphs of all typefaces can stay in memory.
    """

    packed: NDArray[np.uint8]
    columns: int
    width: float
    across: int
    down: int

    @property
    def ink(self) -> Ink:
        """The pixels again, 0 and 255."""
        return np.unpackbits(self.packed, axis=1, count=self.columns) * np.uint8(255)


@lru_cache(maxsize=8192)
def _master(typeface: Typeface, character: str, stroke_scale: float) -> _Kept:
    parts = set(character) - {" "} if typeface.joined else {character}
    if not parts <= typeface.characters:
        message = f"The typeface {typeface.name!r} can't draw {character!r}. Add the glyph or use another typeface."
        raise TypefaceError(message)
    master = typeface.outlines.draw(character, stroke_scale)
    if master.ink.max() == 0:
        message = f"The glyph {character!r} of the typeface {typeface.name!r} has no ink."
        raise TypefaceError(message)
    rows = np.flatnonzero(master.ink.any(axis=1))
    columns = np.flatnonzero(master.ink.any(axis=0))
    across = max(0, MARGIN_PX - int(min(columns[0], master.ink.shape[1] - 1 - columns[-1])))
    down = max(0, MARGIN_PX - int(min(rows[0], master.ink.shape[0] - 1 - rows[-1])))
    cut_x, cut_y = MARGIN_PX - across, MARGIN_PX - down
    ink = master.ink[cut_y : master.ink.shape[0] - cut_y, cut_x : master.ink.shape[1] - cut_x]
    return _Kept(np.packbits(ink > 0, axis=1), ink.shape[1], master.width, across, down)


@lru_cache(maxsize=8192)
def _glyph(typeface: Typeface, character: str, height: int, stroke_scale: float, width_factor: float) -> Mask:
    kept = _master(typeface, character, stroke_scale)
    scale_x, scale_y = width_factor * height / MASTER_PX, height / MASTER_PX
    margin_x, margin_y = math.ceil(kept.across * scale_x), math.ceil(kept.down * scale_y)
    # Margins are whole pixels of the small mask, so that the capital box keeps its size and place.
    more_x, more_y = round(margin_x / scale_x) - kept.across, round(margin_y / scale_y) - kept.down
    ink = np.pad(kept.ink, ((more_y, more_y), (more_x, more_x)))
    columns = max(1, round(kept.width * scale_x)) + 2 * margin_x
    interpolation = cv2.INTER_AREA if scale_y < 1 else cv2.INTER_LINEAR
    small = cv2.resize(ink, (columns, height + 2 * margin_y), interpolation=interpolation)
    mask = np.multiply(small, 1 / 255, dtype=np.float32)
    mask.flags.writeable = False
    return mask


def _compose(glyphs: list[tuple[Span, Mask]], *, width: int, height: int) -> Mask:
    margin_y = max((mask.shape[0] - height) // 2 for _, mask in glyphs)
    margin_x = 1 + max(max(0, math.ceil((mask.shape[1] - (span.right - span.left)) / 2)) for span, mask in glyphs)
    line = np.zeros((height + 2 * margin_y, width + 2 * margin_x), dtype=np.float32)
    for span, mask in glyphs:
        top = margin_y - (mask.shape[0] - height) // 2
        left = margin_x + round((span.left + span.right - mask.shape[1]) / 2)
        part = line[top : top + mask.shape[0], left : left + mask.shape[1]]
        np.maximum(part, mask, out=part)
    inked = np.flatnonzero(line.any(axis=0))
    spare = min(margin_x, int(inked[0]), int(line.shape[1] - 1 - inked[-1]))
    return line[:, spare : line.shape[1] - spare]
