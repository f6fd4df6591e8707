"""Layouts to clean pictures: a plate as it leaves the press, seen from straight ahead in even light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

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
)
from platewatch_training.synthesis.shapes import cross, ellipse, grown, rounded_rectangle, shield, slanted, star_ring
from platewatch_training.synthesis.typefaces import Spacing, Span, Typeface, load_typeface

ColorBgr: TypeAlias = tuple[float, float, float]
Picture: TypeAlias = NDArray[np.float32]
"""float32 (H, W, 3), BGR, 0..255."""

CAPTION_TYPEFACES: Final = {
    "sans": (
        "liberation-sans",
        "liberation-sans-narrow",
        "lato-black",
        "open-sans-heavy",
        "roboto-condensed",
        "league-spartan",
        "inter",
        "gothic-geometric",
        "liberation-sans-italic",
    ),
    "serif": (
        "liberation-serif",
        "bookman",
        "schoolbook",
        "palatino",
        "slab",
        "didot-bold",
        "liberation-serif-regular",
    ),
    "script": ("dosis", "bookman-italic", "roman-bold-italic", "kaushan", "lobster", "dancing"),
    "arabic": ("dejavu-arabic",),
    "cjk": ("wqy-zenhei-captions",),
}
"""The typefaces of each kind of caption: makers differ, and a state's name changes its lettering over the years."""
_SMALLEST_CAPTION_PX: Final = 4
_PRINTED: Final = frozenset({"picture", "emblem"})
"""Marks that are printed on the sheet before the number is pressed into it; others come on top."""
_WIDEST_SHARE: Final = 0.97
_STRIKE: Final = 0.1
"""Of the stroke through a zero, as a share of the capital height."""
_CROSSES: Final = 0.3
"""Of the coats of arms; Vienna's is one, and reads like a T."""


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
    scheme = layout.colors[_choose_weighted(rng, [color.weight for color in layout.colors])]
    ink = _jitter(rng, _bgr(scheme.ink), 10)
    _fill_background(canvas, [_jitter(rng, _bgr(color), 12) for color in scheme.background])
    for band in layout.bands:
        _draw_band(canvas, layout, band)
    _draw_number_and_marks(canvas, layout, text, ink, rng)
    if layout.border:
        color = ink if layout.border.color == "ink" else _bgr(layout.border.color)
        _draw_border(canvas, layout, color)
    relief = canvas.relief if layout.relief == "embossed" else np.zeros_like(canvas.relief)
    shape = rounded_rectangle(canvas.width, canvas.height, canvas.px(layout.corner_mm))
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
    start, end = band.span_mm or (0.0, height if across else width)
    middle = (start + end) / 2
    size = (band.width_mm, end - start) if across else (end - start, band.width_mm)
    center = {
        "left": (band.width_mm / 2, middle),
        "right": (width - band.width_mm / 2, middle),
        "top": (middle, band.width_mm / 2),
        "bottom": (middle, height - band.width_mm / 2),
    }[band.side]
    canvas.blend(np.ones((canvas.px(size[1]), canvas.px(size[0])), np.float32), center, _bgr(band.color))
    color = _bgr(band.code_color)
    upper = (center[0], start + 0.3 * (end - start)) if across else center
    if band.stars:
        canvas.blend(star_ring(max(6, canvas.px(min(band.width_mm * 0.62, 0.5 * size[1])))), upper, (0, 204, 255))
    elif band.flag:
        flag_size = (band.width_mm * 0.7, band.width_mm * 0.45)
        place = upper if across else (width - flag_size[0], center[1])
        _draw_flag(canvas, band.flag, place, flag_size)
    if band.code:
        code = _Lettering(band.code, min(0.38 * band.width_mm, 0.34 * size[1]), color, band.width_mm)
        _write(canvas, code, (center[0], start + 0.8 * (end - start)))
    if band.text:
        _write(canvas, _Lettering(band.text, 0.55 * band.width_mm, color, max(size)), center)


def _draw_rows(canvas: _Canvas, layout: Layout, text: PlateText, ink: ColorBgr, rng: Generator) -> list[PlaceMm]:
    """The middles of the gaps, in millimeters, rows from top to bottom."""
    names = list(layout.typefaces)
    typeface = load_typeface(names[_choose_weighted(rng, list(layout.typefaces.values()))])
    gaps: list[PlaceMm] = []
    setting = _Setting.choose(rng, handmade=layout.handmade)
    if len(layout.zeros) > 1 or "plain" not in layout.zeros:
        setting = replace(setting, zero=list(layout.zeros)[_choose_weighted(rng, list(layout.zeros.values()))])
    for row, drawn, center in zip(layout.rows, text.rows, _row_centers(layout), strict=True):
        gaps += _draw_row(canvas, layout, row, drawn, (center, typeface, ink, setting))
    return gaps


@dataclass(frozen=True, slots=True)
class _Setting:
    """Variations in how this plate's maker set the number, as on real plates of one kind."""

    stretch: float
    tracking: float
    gap: float
    shift: tuple[float, float]
    """To the right, as a share of the spare room, and down, as a share of the row's height."""
    growth: float
    """Of the strokes on every side, as a share of the capital height; worn dies and thick films differ."""
    slant: float
    """The lean of the top to the right, as a share of the height."""
    zero: Literal["plain", "slash", "bar"] = "plain"
    """The mark in the zeros that distinguishes them from O."""

    @classmethod
    def choose(cls, rng: Generator, *, handmade: bool) -> _Setting:
        least, most = (0.78, 1.25) if handmade else (0.92, 1.1)
        stretch, tracking, gap, across, down = rng.uniform(
            (least, 0.8, 0.85, -0.25, -0.02), (most, 1.3, 1.25, 0.25, 0.02)
        )
        growth = float(rng.normal(0.002, 0.012 if handmade else 0.008))
        slant = float(rng.uniform(-0.05, 0.3)) if handmade and rng.random() < 0.15 else 0.0
        return cls(float(stretch), float(tracking), float(gap), (float(across), float(down)), growth, slant)


def _row_centers(layout: Layout) -> list[PlaceMm]:
    _, top, _, bottom = layout.free_mm
    heights = [row.height_mm for row in layout.rows]
    spare = (bottom - top - sum(heights)) / (len(heights) + 1)
    centers, edge = [], top
    for row in layout.rows:
        edge += spare
        middle = sum(layout.room_mm(edge, edge + row.height_mm)) / 2
        centers.append(row.center_mm or (middle, edge + row.height_mm / 2))
        edge += row.height_mm
    return centers


def _draw_row(
    canvas: _Canvas,
    layout: Layout,
    row: Row,
    drawn: str,
    how: tuple[PlaceMm, Typeface, ColorBgr, _Setting],
) -> list[PlaceMm]:
    center, typeface, ink, setting = how
    if not drawn.strip():
        return []
    height_px = max(4, canvas.px(row.height_mm))
    tracking = typeface.tracking if row.tracking_mm is None else row.tracking_mm / row.height_mm
    spacing = Spacing(
        tracking=tracking * setting.tracking,
        gap=row.gap_mm / row.height_mm * setting.gap,
        width_factor=row.width_scale,
    )
    spans = typeface.line_spans(drawn, height_px, spacing=spacing)
    left, right = layout.room_mm(center[1] - row.height_mm / 2, center[1] + row.height_mm / 2)
    to_edge = min(center[0] - left, right - center[0])
    room = 2 * to_edge * canvas.scale * _WIDEST_SHARE
    mask = typeface.line_mask(drawn, height_px, spacing=spacing, stroke_scale=row.stroke_scale)
    mask = _struck(mask, spans, height_px, setting.zero)
    mask = slanted(grown(mask, setting.growth * height_px), setting.slant)
    stretch = min(setting.stretch, room / mask.shape[1])
    mask = _resize(mask, stretch)
    spare_mm = max(0.0, room - mask.shape[1]) / canvas.scale / 2
    center = (center[0] + setting.shift[0] * spare_mm, center[1] + setting.shift[1] * row.height_mm)
    canvas.blend(mask, center, ink, raised=True)
    middle = spans[-1].right / 2
    return [
        (center[0] + ((span.left + span.right) / 2 - middle) * stretch / canvas.scale, center[1])
        for span in spans
        if span.character == " "
    ]


def _struck(
    mask: NDArray[np.float32], spans: Sequence[Span], height_px: int, zero: Literal["plain", "slash", "bar"]
) -> NDArray[np.float32]:
    """The line with a stroke or a level bar through each of its zeros."""
    if zero == "plain" or not any(span.character == "0" for span in spans):
        return mask
    struck = mask.copy()
    left, middle = (mask.shape[1] - spans[-1].right) / 2, mask.shape[0] / 2
    thick = max(1, round(_STRIKE * height_px))
    for span in spans:
        if span.character == "0":
            inset = 0.22 * (span.right - span.left)
            rise = 0.3 * height_px if zero == "slash" else 0.0
            start = (round(left + span.left + inset), round(middle + rise))
            end = (round(left + span.right - inset), round(middle - rise))
            cv2.line(struck, start, end, 1.0, thick, cv2.LINE_AA)
    return struck


def _draw_mark(canvas: _Canvas, mark: Mark, place: PlaceMm, rng: Generator) -> None:
    width_mm, height_mm = mark.size_mm or (mark.diameter_mm or 1.0, mark.diameter_mm or 1.0)
    if mark.flag:
        _draw_flag(canvas, mark.flag, place, (width_mm, height_mm))
        return
    width, height = max(2, canvas.px(width_mm)), max(2, canvas.px(height_mm))
    colors = [_jitter(rng, _bgr(color), 14) for color in mark.colors]
    if mark.kind == "picture":
        _draw_blobs(canvas, (width, height), place, colors, rng)
        return
    if mark.kind == "emblem":
        _draw_emblem(canvas, (width, height), place, colors, rng)
        return
    outer = ellipse(width, height) if mark.kind in {"seal", "bolt"} else rounded_rectangle(width, height, width // 8)
    canvas.blend(outer, place, colors[0])
    if width >= 5 and mark.kind != "bolt":
        inner = colors[-1] if len(colors) > 1 else _jitter(rng, colors[0], 60)
        blob = ellipse(max(2, int(width * rng.uniform(0.4, 0.75))), max(2, int(height * rng.uniform(0.4, 0.75))))
        speckled = (blob * rng.uniform(0.3, 1.0, blob.shape)).astype(np.float32)
        canvas.blend(speckled, place, inner)


def _draw_emblem(
    canvas: _Canvas, size: tuple[int, int], place: PlaceMm, colors: Sequence[ColorBgr], rng: Generator
) -> None:
    """A coat of arms as it looks from afar: a shield of fields in its colors, with something in the middle."""
    width, height = size
    outline = shield(width, height) if rng.random() < 0.7 else ellipse(width, height)
    canvas.blend(outline, place, colors[0])
    if len(colors) < 2 or width < 5:
        return
    if rng.random() < _CROSSES:
        share = float(rng.uniform(0.16, 0.3))
        canvas.blend(np.asarray(outline * cross(width, height, share), np.float32), place, colors[1])
        return
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    fields = np.zeros((rows, columns), np.float32)
    fields[rng.random((rows, columns)) < 0.5] = 1.0
    spread = cv2.resize(fields, (width, height), interpolation=cv2.INTER_NEAREST)
    canvas.blend(np.asarray(outline * spread, np.float32), place, colors[1])
    blob = ellipse(max(2, int(width * rng.uniform(0.3, 0.7))), max(2, int(height * rng.uniform(0.3, 0.7))))
    canvas.blend((blob * rng.uniform(0.2, 1.0, blob.shape)).astype(np.float32), place, colors[-1])


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
    typefaces = CAPTION_TYPEFACES[caption.typeface]
    typeface = typefaces[int(rng.integers(len(typefaces)))] if len(typefaces) > 1 else typefaces[0]
    lettering = _Lettering(caption.sample(rng), caption.height_mm, color, widest_mm, typeface, caption.width_scale)
    _write(canvas, lettering, place)


@dataclass(frozen=True, slots=True)
class _Lettering:
    """Small text that is no part of the number; sizes in millimeters."""

    text: str
    height_mm: float
    color: ColorBgr
    widest_mm: float
    typeface: str = "liberation-sans"
    width_scale: float = 1.0


def _write(canvas: _Canvas, lettering: _Lettering, center: PlaceMm) -> None:
    """Put the lettering down; what is too small to be seen is left out."""
    height_px = canvas.px(lettering.height_mm)
    if height_px < _SMALLEST_CAPTION_PX:
        return
    mask = load_typeface(lettering.typeface).line_mask(lettering.text, height_px)
    room = lettering.widest_mm * canvas.scale * _WIDEST_SHARE
    stretch = min(lettering.width_scale, room / mask.shape[1])
    canvas.blend(_resize(mask, stretch), center, lettering.color)


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
        canvas.blend(ellipse(side, side), place, _bgr(flag.emblem))


def _draw_border(canvas: _Canvas, layout: Layout, color: ColorBgr) -> None:
    assert layout.border is not None  # noqa: S101 -- the caller asked
    border = layout.border
    inset, width = canvas.px(border.inset_mm), max(1, canvas.px(border.width_mm))
    outer = rounded_rectangle(canvas.width - 2 * inset, canvas.height - 2 * inset, canvas.px(border.radius_mm))
    inner = rounded_rectangle(
        canvas.width - 2 * (inset + width), canvas.height - 2 * (inset + width), canvas.px(border.radius_mm) - width
    )
    line = outer.copy()
    line[width : width + inner.shape[0], width : width + inner.shape[1]] -= inner
    center = (layout.size_mm[0] / 2, layout.size_mm[1] / 2)
    canvas.blend(np.clip(line, 0, 1), center, color, raised=True)


def _place(item: Mark | Caption, gaps: Sequence[PlaceMm]) -> list[PlaceMm]:
    """The place of the mark or caption; empty if the number has no such gap."""
    place = item.at_mm
    if place is None:
        if item.after_gap is None or item.after_gap > len(gaps):
            return []
        place = gaps[item.after_gap - 1]
    return [(place[0] + item.offset_mm[0], place[1] + item.offset_mm[1])]


def _resize(mask: NDArray[np.float32], factor_x: float) -> NDArray[np.float32]:
    width = max(1, round(mask.shape[1] * factor_x))
    way = cv2.INTER_AREA if factor_x < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask, (width, mask.shape[0]), interpolation=way), np.float32)


def _choose_weighted(rng: Generator, weights: Sequence[float]) -> int:
    total = np.cumsum(weights)
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))


def _bgr(color: str) -> ColorBgr:
    red, green, blue = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return float(blue), float(green), float(red)


def _jitter(rng: Generator, color: ColorBgr, amount: float) -> ColorBgr:
    blue, green, red = np.clip(np.asarray(color) + rng.normal(0, amount, 3), 0, 255)
    return float(blue), float(green), float(red)
