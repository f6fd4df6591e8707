"""Layouts to clean pictures: a plate as it leaves the press, seen from straight ahead in even light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from platewatch_training.synthesis.layouts import (
    Band,
    Caption,
    Flag,
    Layout,
    Mark,
    PlaceMm,
    PlateText,
    Row,
    load_flags,
)
from platewatch_training.synthesis.typefaces import Spacing, Typeface, TypefaceError, load_typeface

ColorBgr: TypeAlias = tuple[float, float, float]
Picture: TypeAlias = NDArray[np.float32]
"""float32 (H, W, 3), BGR, 0..255."""

CAPTION_TYPEFACES: Final = {
    "sans": "liberation-sans",
    "serif": "liberation-serif",
    "script": "dosis",
    "arabic": "arabic",
    "cjk": "china",
}
_SMALLEST_CAPTION_PX: Final = 4
_PRINTED: Final = frozenset({"picture", "emblem"})
"""Marks that are printed on the sheet before the number is pressed into it; others come on top."""
_WIDEST_SHARE: Final = 0.97
_STARS: Final = 12


@dataclass(frozen=True, slots=True)
class DrawnPlate:
    """A clean plate: its picture, where it is (float32 (H, W), 0..1), what is raised, and what it says.

    `relief` (float32 (H, W), 0..1) is what an embossing press lifts: characters and border; zeros on a flat plate.
    """

    picture: Picture
    shape: NDArray[np.float32]
    relief: NDArray[np.float32]
    text: str
    region: str
    layout: str


class _Canvas:
    """The plate while it is drawn, in millimeters."""

    def __init__(self, layout: Layout, px_per_mm: float) -> None:
        self.scale = px_per_mm
        self.width = max(8, round(layout.size_mm[0] * px_per_mm))
        self.height = max(8, round(layout.size_mm[1] * px_per_mm))
        self.picture: Picture = np.zeros((self.height, self.width, 3), np.float32)
        self.relief = np.zeros((self.height, self.width), np.float32)

    def px(self, millimeters: float) -> int:
        return round(millimeters * self.scale)

    def blend(self, mask: NDArray[np.float32], center: PlaceMm, color: ColorBgr, *, raised: bool = False) -> None:
        """Put color where the mask is, its middle at `center` (millimeters); what is outside is cut off."""
        left = round(center[0] * self.scale - mask.shape[1] / 2)
        top = round(center[1] * self.scale - mask.shape[0] / 2)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(self.width, left + mask.shape[1]), min(self.height, top + mask.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        area = self.picture[y0:y1, x0:x1]
        area += part[..., None] * (np.asarray(color, np.float32) - area)
        if raised:
            relief = self.relief[y0:y1, x0:x1]
            np.maximum(relief, part, out=relief)


def draw_plate(layout: Layout, rng: Generator, px_per_mm: float, text: PlateText | None = None) -> DrawnPlate:
    """A plate of the layout with a number of its grammar, or the given one.

    Raises:
        TypefaceError: a typeface is not installed or can't draw a character.
    """
    text = text or layout.sample(rng)
    canvas = _Canvas(layout, px_per_mm)
    scheme = layout.colors[_weighted(rng, [color.weight for color in layout.colors])]
    ink = _jittered(rng, _bgr(scheme.ink), 10)
    _fill_background(canvas, [_jittered(rng, _bgr(color), 12) for color in scheme.background])
    for band in layout.bands:
        _draw_band(canvas, layout, band)
    _draw_number_and_marks(canvas, layout, text, ink, rng)
    if layout.border:
        color = ink if layout.border.color == "ink" else _bgr(layout.border.color)
        _draw_border(canvas, layout, color)
    relief = canvas.relief if layout.relief == "embossed" else np.zeros_like(canvas.relief)
    shape = _rounded_rectangle(canvas.width, canvas.height, canvas.px(layout.corner_mm))
    return DrawnPlate(canvas.picture, shape, relief, text.text, text.region, layout.name)


def _draw_number_and_marks(canvas: _Canvas, layout: Layout, text: PlateText, ink: ColorBgr, rng: Generator) -> None:
    marks = [mark for mark in layout.marks if rng.random() < mark.probability]
    printed = [mark for mark in marks if mark.kind in _PRINTED and mark.at_mm]
    for mark in printed:
        _draw_mark(canvas, mark, _place(mark, [])[0], rng)
    gaps = _draw_rows(canvas, layout, text, ink, rng)
    for mark in marks:
        for place in _place(mark, gaps) if mark not in printed else []:
            _draw_mark(canvas, mark, place, rng)
    for caption in layout.captions:
        for place in _place(caption, gaps) if rng.random() < caption.probability else []:
            _draw_caption(canvas, caption, place, ink, rng)


def _fill_background(canvas: _Canvas, colors: Sequence[ColorBgr]) -> None:
    stops = np.asarray(colors, np.float32)
    at = np.linspace(0, len(stops) - 1, canvas.height)
    rows = np.stack([np.interp(at, range(len(stops)), stops[:, channel]) for channel in range(3)], axis=1)
    canvas.picture[:] = rows[:, None, :].astype(np.float32)


def _draw_band(canvas: _Canvas, layout: Layout, band: Band) -> None:
    width, height = layout.size_mm
    across = band.side in {"left", "right"}
    size = (band.width_mm, height) if across else (width, band.width_mm)
    center = {
        "left": (band.width_mm / 2, height / 2),
        "right": (width - band.width_mm / 2, height / 2),
        "top": (width / 2, band.width_mm / 2),
        "bottom": (width / 2, height - band.width_mm / 2),
    }[band.side]
    canvas.blend(np.ones((canvas.px(size[1]), canvas.px(size[0])), np.float32), center, _bgr(band.color))
    color = _bgr(band.code_color)
    upper = (center[0], height * 0.3) if across else center
    if band.stars:
        canvas.blend(_star_ring(max(6, canvas.px(band.width_mm * 0.62))), upper, (0, 204, 255))
    elif band.flag:
        flag_size = (band.width_mm * 0.7, band.width_mm * 0.45)
        place = upper if across else (width - flag_size[0], center[1])
        _draw_flag(canvas, load_all_flags()[band.flag], place, flag_size)
    if band.code:
        code = _Lettering(band.code, 0.38 * band.width_mm, color, band.width_mm)
        _write(canvas, code, (center[0], height * 0.8))
    if band.text:
        _write(canvas, _Lettering(band.text, 0.55 * band.width_mm, color, max(size)), center)


def _draw_rows(canvas: _Canvas, layout: Layout, text: PlateText, ink: ColorBgr, rng: Generator) -> list[PlaceMm]:
    """The middles of the gaps, in millimeters, rows from top to bottom."""
    names = list(layout.typefaces)
    typeface = load_typeface(names[_weighted(rng, list(layout.typefaces.values()))])
    gaps: list[PlaceMm] = []
    for row, drawn, center in zip(layout.rows, text.rows, _row_centers(layout), strict=True):
        gaps += _draw_row(canvas, layout, row, drawn, (center, typeface, ink))
    return gaps


def _row_centers(layout: Layout) -> list[PlaceMm]:
    left, top, right, bottom = layout.free_mm
    heights = [row.height_mm for row in layout.rows]
    spare = (bottom - top - sum(heights)) / (len(heights) + 1)
    centers, edge = [], top
    for row in layout.rows:
        edge += spare
        centers.append(row.center_mm or ((left + right) / 2, edge + row.height_mm / 2))
        edge += row.height_mm
    return centers


def _draw_row(
    canvas: _Canvas,
    layout: Layout,
    row: Row,
    drawn: str,
    how: tuple[PlaceMm, Typeface, ColorBgr],
) -> list[PlaceMm]:
    center, typeface, ink = how
    if not drawn.strip():
        return []
    height_px = max(4, canvas.px(row.height_mm))
    spacing = Spacing(
        tracking=None if row.tracking_mm is None else row.tracking_mm / row.height_mm,
        gap=row.gap_mm / row.height_mm,
        width_factor=row.width_scale,
    )
    spans = typeface.line_spans(drawn, height_px, spacing=spacing)
    to_edge = min(center[0] - layout.free_mm[0], layout.free_mm[2] - center[0])
    room = 2 * to_edge * canvas.scale * _WIDEST_SHARE
    mask = typeface.line_mask(drawn, height_px, spacing=spacing, stroke_scale=row.stroke_scale)
    squeeze = min(1.0, room / mask.shape[1])
    if squeeze < 1.0:
        mask = _resized(mask, squeeze)
    canvas.blend(mask, center, ink, raised=True)
    middle = spans[-1].right / 2
    return [
        (center[0] + ((span.left + span.right) / 2 - middle) * squeeze / canvas.scale, center[1])
        for span in spans
        if span.character == " "
    ]


def _draw_mark(canvas: _Canvas, mark: Mark, place: PlaceMm, rng: Generator) -> None:
    width_mm, height_mm = mark.size_mm or (mark.diameter_mm or 1.0, mark.diameter_mm or 1.0)
    if mark.flag:
        _draw_flag(canvas, load_all_flags()[mark.flag], place, (width_mm, height_mm))
        return
    width, height = max(2, canvas.px(width_mm)), max(2, canvas.px(height_mm))
    colors = [_jittered(rng, _bgr(color), 14) for color in mark.colors]
    if mark.kind == "picture":
        _draw_blobs(canvas, (width, height), place, colors, rng)
        return
    round_shape = mark.kind in {"seal", "bolt", "emblem"}
    outer = _ellipse(width, height) if round_shape else _rounded_rectangle(width, height, width // 8)
    canvas.blend(outer, place, colors[0])
    if width >= 5 and mark.kind != "bolt":
        inner = colors[-1] if len(colors) > 1 else _jittered(rng, colors[0], 60)
        blob = _ellipse(max(2, int(width * rng.uniform(0.4, 0.75))), max(2, int(height * rng.uniform(0.4, 0.75))))
        speckled = (blob * rng.uniform(0.3, 1.0, blob.shape)).astype(np.float32)
        canvas.blend(speckled, place, inner)


def _draw_blobs(
    canvas: _Canvas, size: tuple[int, int], place: PlaceMm, colors: Sequence[ColorBgr], rng: Generator
) -> None:
    """Soft patches of color, as a landscape printed on a plate looks from afar."""
    width, height = size
    for color in colors:
        noise = rng.random((4, 6), np.float32)
        soft = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        mask = np.clip((soft - rng.uniform(0.35, 0.6)) * 3, 0, 1) * rng.uniform(0.25, 0.75)
        canvas.blend(mask.astype(np.float32), place, color)


def _draw_caption(canvas: _Canvas, caption: Caption, place: PlaceMm, ink: ColorBgr, rng: Generator) -> None:
    color = ink if caption.color == "ink" else _bgr(caption.color)
    widest_mm = canvas.width / canvas.scale
    lettering = _Lettering(caption.sample(rng), caption.height_mm, color, widest_mm, caption.typeface)
    _write(canvas, lettering, place)


@dataclass(frozen=True, slots=True)
class _Lettering:
    """Small text that is no part of the number; sizes in millimeters."""

    text: str
    height_mm: float
    color: ColorBgr
    widest_mm: float
    typeface: str = "sans"


def _write(canvas: _Canvas, lettering: _Lettering, center: PlaceMm) -> None:
    """Put the lettering down; what is too small to be seen, or has no typeface here, is left out."""
    height_px = canvas.px(lettering.height_mm)
    if height_px < _SMALLEST_CAPTION_PX:
        return
    try:
        mask = load_typeface(CAPTION_TYPEFACES[lettering.typeface]).line_mask(lettering.text, height_px)
    except TypefaceError:
        return
    room = lettering.widest_mm * canvas.scale * _WIDEST_SHARE
    canvas.blend(_resized(mask, min(1.0, room / mask.shape[1])), center, lettering.color)


def _draw_flag(canvas: _Canvas, flag: Flag, place: PlaceMm, size_mm: tuple[float, float]) -> None:
    width, height = max(2, canvas.px(size_mm[0])), max(2, canvas.px(size_mm[1]))
    count = len(flag.colors)
    along = np.arange(width)[None, :] * count // width if flag.stripes == "vertical" else None
    stripe = along if along is not None else np.arange(height)[:, None] * count // height
    for index, color in enumerate(flag.colors):
        mask = np.broadcast_to(stripe == index, (height, width)).astype(np.float32)
        canvas.blend(mask, place, _bgr(color))
    if flag.emblem:
        side = max(2, height // 2)
        canvas.blend(_ellipse(side, side), place, _bgr(flag.emblem))


def _draw_border(canvas: _Canvas, layout: Layout, color: ColorBgr) -> None:
    assert layout.border is not None  # noqa: S101 -- the caller asked
    border = layout.border
    inset, width = canvas.px(border.inset_mm), max(1, canvas.px(border.width_mm))
    outer = _rounded_rectangle(canvas.width - 2 * inset, canvas.height - 2 * inset, canvas.px(border.radius_mm))
    inner = _rounded_rectangle(
        canvas.width - 2 * (inset + width), canvas.height - 2 * (inset + width), canvas.px(border.radius_mm) - width
    )
    line = outer.copy()
    line[width : width + inner.shape[0], width : width + inner.shape[1]] -= inner
    center = (layout.size_mm[0] / 2, layout.size_mm[1] / 2)
    canvas.blend(np.clip(line, 0, 1), center, color, raised=True)


def _place(item: Mark | Caption, gaps: Sequence[PlaceMm]) -> list[PlaceMm]:
    """Where it is; nowhere if the number has no such gap this time."""
    place = item.at_mm
    if place is None:
        if item.after_gap is None or item.after_gap > len(gaps):
            return []
        place = gaps[item.after_gap - 1]
    return [(place[0] + item.offset_mm[0], place[1] + item.offset_mm[1])]


@lru_cache(maxsize=1)
def load_all_flags() -> dict[str, Flag]:
    return load_flags()


@lru_cache(maxsize=512)
def _rounded_rectangle(width: int, height: int, radius: int) -> NDArray[np.float32]:
    width, height = max(1, width), max(1, height)
    radius = max(0, min(radius, width // 2, height // 2))
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - 1 - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    return np.asarray(mask / 255, np.float32)


@lru_cache(maxsize=512)
def _ellipse(width: int, height: int) -> NDArray[np.float32]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot((x - (width - 1) / 2) / (width / 2), (y - (height - 1) / 2) / (height / 2))
    return np.asarray(np.clip((1.0 - distance) * min(width, height) / 2 + 0.5, 0, 1), np.float32)


@lru_cache(maxsize=128)
def _star_ring(diameter: int) -> NDArray[np.float32]:
    large = np.zeros((diameter * 4, diameter * 4), np.uint8)
    center, radius = diameter * 2, diameter * 1.7
    for index in range(_STARS):
        angle = 2 * np.pi * index / _STARS
        point = (round(center + radius * np.sin(angle)), round(center - radius * np.cos(angle)))
        cv2.circle(large, point, max(1, round(diameter * 0.22)), 255, -1)
    small = cv2.resize(large, (diameter, diameter), interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, np.float32)


def _resized(mask: NDArray[np.float32], factor_x: float) -> NDArray[np.float32]:
    if factor_x >= 1.0:
        return mask
    width = max(1, round(mask.shape[1] * factor_x))
    return np.asarray(cv2.resize(mask, (width, mask.shape[0]), interpolation=cv2.INTER_AREA), np.float32)


def _weighted(rng: Generator, weights: Sequence[float]) -> int:
    total = np.cumsum(weights)
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))


def _bgr(color: str) -> ColorBgr:
    red, green, blue = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return float(blue), float(green), float(red)


def _jittered(rng: Generator, color: ColorBgr, amount: float) -> ColorBgr:
    blue, green, red = np.clip(np.asarray(color) + rng.normal(0, amount, 3), 0, 255)
    return float(blue), float(green), float(red)
