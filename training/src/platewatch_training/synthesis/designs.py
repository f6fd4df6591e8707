"""Plates of states in designs that no layout has: what stays is the state's name and how its numbers are built.

A state has some hundred designs on the road, of which a layout describes two. A network that sees the name in any
lettering, on any ground and among any pictures learns to read the name, and not to know the two designs by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias, TypeVar

import yaml
from numpy.random import Generator

from platewatch_training.synthesis.layouts import Band, Caption, ColorScheme, Layout, Mark

_Option = TypeVar("_Option")
Kind: TypeAlias = Literal["sans", "serif", "script"]

_NAMES_FILE: Final = "state_names.yaml"
_SLOGANS_FILE: Final = "state_slogans.yaml"
_KINDS: Final[tuple[Kind, ...]] = ("sans", "serif", "script")
_OWN_COLORS: Final = 0.3
"""The share of plates with the layout's own colors."""
_NAMES_AT_TOP: Final = 0.72
_SLOGANS_SHARE: Final = 0.85
_OWN_SLOGANS: Final = 0.6
_LIGHT: Final = ("#f4f4f2", "#f2c81b", "#e6c25a")
_PALE: Final = ("#f4f4f2", "#f4f4f2", "#f2efe4", "#e6eef6", "#f2e8d0", "#dfeee0", "#f0dcc8", "#cfe0f2", "#f2dc8a")
_MIDDLE: Final = ("#7fa8d6", "#9cc8a0", "#e8a86a", "#d8a0b0", "#b8a0c8", "#88b8b8", "#e8c84a", "#c8b090", "#e07050")
_DARK: Final = ("#16306b", "#1c3f8a", "#101010", "#1f5a3a", "#b3202a", "#5a3a22", "#3b2a62", "#222222", "#0b5a7a")
_SLOGANS: Final = (
    "Wild Rose Country",
    "The Great State",
    "IN GOD WE TRUST",
    "Famous Places",
    "VETERAN",
    "Land of Lakes",
    "Protect Wildlife",
    "UNIVERSITY",
    "The Sunny State",
    "Support Education",
    "FIREFIGHTER",
    "www.travel.gov",
    "BICENTENNIAL",
    "CONSERVATION",
    "Live Free",
    "JACKSON",
    "MONROE",
    "FRANKLIN",
    "GREENE",
    "LAKE",
    "CLARK",
    "Wheel of History",
    "Explore",
    "DISABLED",
    "TRUCK",
    "TRAILER",
    "Great Outdoors",
    "Mountains and Sea",
)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def state_names(region: str) -> tuple[str, ...]:
    """The names of the state on its plates; empty for a region whose plates don't name it."""
    return _names().get(region, ())


def free_design(layout: Layout, rng: Generator) -> Layout:
    """The layout in another design that names its state; itself where its plates name none."""
    names = state_names(layout.region)
    if not names:
        return layout
    colors, bands = _ground(layout, rng)
    ink = colors[0].ink
    return layout.model_copy(
        update={
            "colors": colors,
            "bands": bands,
            "zeros": {"plain": 6.0, "slash": 1.0, "bar": 0.5},
            "border": layout.border if rng.random() < 0.5 else None,
            "marks": (*_pictures(layout, rng), *_stickers(layout, rng), *_kept_marks(layout, rng)),
            "captions": _captions(layout, str(rng.choice(names)), (ink, bands), rng),
        }
    )


@cache
def _names() -> dict[str, tuple[str, ...]]:
    return _texts(_NAMES_FILE)


@cache
def _slogans() -> dict[str, tuple[str, ...]]:
    return _texts(_SLOGANS_FILE)


def _texts(name: str) -> dict[str, tuple[str, ...]]:
    """The texts of each region in that file beside this one."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return {region: tuple(texts) for region, texts in yaml.safe_load(text).items()}


def _ground(layout: Layout, rng: Generator) -> tuple[tuple[ColorScheme, ...], tuple[Band, ...]]:
    """Colors of the ground and the number, and now and then a band at the top or bottom for the name."""
    pale, middle, dark = (_some(colors, rng) for colors in (_PALE, _MIDDLE, _DARK))
    kind = rng.random()
    if kind < _OWN_COLORS:
        scheme = layout.colors[int(rng.integers(len(layout.colors)))]
    elif kind < 0.6:
        scheme = ColorScheme(background=(pale,), ink=dark)
    elif kind < 0.85:
        stops = [pale, _some(_PALE, rng), middle, _some(_MIDDLE, rng)][: int(rng.integers(2, 5))]
        rng.shuffle(stops)
        scheme = ColorScheme(background=tuple(stops), ink=dark)
    else:
        scheme = ColorScheme(background=(dark,), ink=_some(_LIGHT, rng))
    bands: list[Band] = []
    if rng.random() < 0.25:
        height = float(rng.uniform(0.15, 0.24)) * layout.size_mm[1]
        bands.append(Band(side="top", width_mm=height, color=_some((*_DARK, *_MIDDLE), rng)))
    if rng.random() < 0.15:
        bands.append(Band(side="bottom", width_mm=0.12 * layout.size_mm[1], color=_some((*_DARK, *_MIDDLE), rng)))
    return (scheme,), tuple(bands)


def _captions(layout: Layout, name: str, ground: tuple[str, tuple[Band, ...]], rng: Generator) -> tuple[Caption, ...]:
    """The state's name at the top or bottom, mostly a slogan on the other side, and what stickers say."""
    at_top = bool(rng.random() < _NAMES_AT_TOP)
    captions = [_name_caption(layout, name, ground, rng, at_top=at_top)]
    if rng.random() < _SLOGANS_SHARE:
        captions.append(_slogan_caption(layout, ground[0], rng, at_top=not at_top))
    width, height = layout.size_mm
    for x in (0.1, 0.9):
        if rng.random() < 0.35:
            y = (0.12 if rng.random() < 0.7 else 0.9) * height
            text = _some(_MONTHS, rng) if rng.random() < 0.6 else f"{int(rng.integers(1, 28)):02d}"
            size = float(rng.uniform(0.06, 0.11)) * height
            captions.append(Caption(text=(text,), height_mm=size, color=ground[0], at_mm=(x * width, y)))
    return tuple(captions)


def _name_caption(
    layout: Layout, name: str, ground: tuple[str, tuple[Band, ...]], rng: Generator, *, at_top: bool
) -> Caption:
    width, height = layout.size_mm
    ink, bands = ground
    size = float(rng.uniform(0.09, 0.19))
    # Letters stand off the edge by about the same, whatever their height is.
    from_edge = size / 2 + float(rng.uniform(0.015, 0.055))
    across = 0.5 if rng.random() < 0.75 else float(rng.uniform(0.32, 0.68))
    side = "top" if at_top else "bottom"
    band = next((one for one in bands if one.side == side), None)
    if band:
        color = _some(_LIGHT, rng) if band.color in _DARK else _some(_DARK, rng)
    else:
        color = ink if ink in _LIGHT else _some((ink, ink, *_DARK), rng)
    return Caption(
        text=((name, name.upper(), name.upper())[int(rng.integers(3))],),
        height_mm=size * height,
        width_scale=float(rng.uniform(0.75, 1.6)),
        color=color,
        typeface=_some(_KINDS, rng),
        at_mm=(across * width, (from_edge if at_top else 1 - from_edge) * height),
    )


def _slogan_caption(layout: Layout, ink: str, rng: Generator, *, at_top: bool) -> Caption:
    """One of the state's own slogans, or of another one: mostly each state keeps its own for decades."""
    width, height = layout.size_mm
    own = _slogans().get(layout.region, ())
    size = float(rng.uniform(0.055, 0.13))
    from_edge = size / 2 + float(rng.uniform(0.015, 0.06))
    return Caption(
        text=own if own and rng.random() < _OWN_SLOGANS else _SLOGANS,
        height_mm=size * height,
        width_scale=float(rng.uniform(0.75, 1.3)),
        color=_some((ink, ink, *_DARK), rng) if ink in _DARK else ink,
        typeface=_some(_KINDS, rng),
        at_mm=((0.5 + float(rng.normal(0, 0.03))) * width, (from_edge if at_top else 1 - from_edge) * height),
    )


def _pictures(layout: Layout, rng: Generator) -> list[Mark]:
    """Landscapes across the plate and emblems anywhere, in any colors."""
    width, height = layout.size_mm
    marks = []
    for _ in range(int(rng.choice((0, 1, 1, 2, 3)))):
        large = rng.random() < 0.5
        size = (rng.uniform(0.4, 0.98) * width, rng.uniform(0.2, 0.7) * height)
        if not large:
            side = rng.uniform(0.15, 0.5) * height
            size = (side, side * rng.uniform(0.6, 1.4))
        place = (float(rng.uniform(0.15, 0.85)) * width, float(rng.uniform(0.3, 0.8)) * height)
        colors = tuple(_some((*_PALE, *_MIDDLE, *_MIDDLE, *_DARK), rng) for _ in range(int(rng.integers(2, 5))))
        kind: Literal["picture", "emblem"] = "picture" if large or rng.random() < 0.5 else "emblem"
        marks.append(Mark(kind=kind, size_mm=(float(size[0]), float(size[1])), at_mm=place, colors=colors))
    return marks


def _stickers(layout: Layout, rng: Generator) -> list[Mark]:
    width, height = layout.size_mm
    places = [(x * width, y * height) for x in (0.1, 0.9) for y in (0.13, 0.88)]
    return [
        Mark(kind="sticker", at_mm=place, size_mm=(0.12 * width, 0.16 * height), colors=(_some(_MIDDLE, rng),))
        for place in places
        if rng.random() < 0.22
    ]


def _kept_marks(layout: Layout, rng: Generator) -> list[Mark]:
    """Bolts and what stands in the number's gap, mostly."""
    return [mark for mark in layout.marks if (mark.after_gap or mark.kind == "bolt") and rng.random() < 0.7]


def _some(options: Sequence[_Option], rng: Generator) -> _Option:
    return options[int(rng.integers(len(options)))]
