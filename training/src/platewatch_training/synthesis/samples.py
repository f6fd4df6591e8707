"""Labelled crops without end: plates of all layouts as cameras see them, and things that are no plates."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.camera import choose_width, take_crop
from platewatch_training.synthesis.designs import free_design
from platewatch_training.synthesis.distractors import distractor
from platewatch_training.synthesis.grammar import text_of
from platewatch_training.synthesis.layouts import Layout, PlateText
from platewatch_training.synthesis.plates import DrawnPlate, draw_plate
from platewatch_training.synthesis.surface import mount, weather
from platewatch_training.synthesis.typefaces import is_drawn

LONGEST_TEXT: Final = 12
_WRONG_WAY_ROUND: Final = 0.015
_DISTRACTORS: Final = 0.06
_HEIGHTS_PX: Final = (28, 40, 56, 80, 112, 150)
_OVERSAMPLING: Final = 1.2
_SUBSTITUTE: Final = "liberation-sans-narrow"
_WITHOUT_SUBSTITUTE: Final = frozenset({"china"})
"""No font of the packages has both the letters and the characters of provinces."""
_WAITING: Final = 64
"""The number of samples drawn ahead, so that photos of one plate don't follow each other."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A crop and what is to be read from it; no text where there is nothing to read."""

    crop_bgr: ImageBgr
    text: str
    region: str | None
    layout: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """How plates are drawn; by default the recognizer's way."""

    free_designs: float = 0.0
    """Share of the plates that name a state which are drawn in a design of no layout."""
    covered: float = 0.0
    """Share of the plates over whose edge a dealer's frame lies."""
    narrowest_px: float = 0.0
    takes: int = 2
    """Photos of one drawn plate: drawing takes three times as long as photographing."""


class SampleSource:
    """Samples by seed: the same seed gives the same samples in the same order.

    Args:
        layouts: What may be drawn.
        seed: What decides.
        two_rows: How many times more often layouts of two rows are drawn than their weights say.
        drawn_typefaces: Whether plates have their own typefaces, or else one of a font package.
        flaws: Whether plates wear and cameras blur; without, there is perspective alone.
        drawing: How plates are drawn and how often each is photographed.
    """

    def __init__(
        self,
        layouts: Sequence[Layout],
        *,
        seed: int,
        two_rows: float = 1.0,
        drawn_typefaces: bool = True,
        flaws: bool = True,
        drawing: Drawing | None = None,
    ) -> None:
        self._layouts = list(layouts) if drawn_typefaces else [_with_substitutes(layout) for layout in layouts]
        self._flaws = flaws
        self._drawing = drawing or Drawing()
        self._limits = list(
            accumulate(layout.weight * (two_rows if len(layout.rows) > 1 else 1.0) for layout in layouts)
        )
        self._rng = np.random.default_rng(seed)
        self._waiting: list[Sample] = []

    def __iter__(self) -> Iterator[Sample]:
        while True:
            yield self.next()

    def next(self) -> Sample:
        """The next sample."""
        while len(self._waiting) < _WAITING:
            self._waiting += self._draw()
        chosen = int(self._rng.integers(len(self._waiting)))
        self._waiting[chosen], self._waiting[-1] = self._waiting[-1], self._waiting[chosen]
        return self._waiting.pop()

    def _draw(self) -> list[Sample]:
        """A plate or something else, photographed a few times."""
        rng = self._rng
        drawing = self._drawing
        if rng.random() < _DISTRACTORS:
            return [Sample(distractor(rng), "", None, "distractor") for _ in range(drawing.takes)]
        layout, text = self._choose()
        longest = max(len(text_of(row)) for row in text.rows)
        widest_px = choose_width(rng, longest, narrowest=drawing.narrowest_px)
        plate = draw_plate(layout, rng, _drawn_height(layout, widest_px) / layout.size_mm[1], text)
        picture = weather(plate, rng) if self._flaws else plate.picture
        scene, margin = mount(picture, plate.shape, rng, covered=drawing.covered)
        others = (
            choose_width(rng, longest, widest=widest_px, narrowest=drawing.narrowest_px)
            for _ in range(1, drawing.takes)
        )
        widths = [widest_px, *others]
        return [self._sample(plate, take_crop(scene, margin, width, rng, flaws=self._flaws)) for width in widths]

    def _choose(self) -> tuple[Layout, PlateText]:
        """A layout, perhaps in a free design, and a number of it that is short enough."""
        rng = self._rng
        free = self._drawing.free_designs
        while True:
            layout = self._layouts[bisect_right(self._limits[:-1], rng.random() * self._limits[-1])]
            if free and rng.random() < free:
                layout = free_design(layout, rng)
            text = layout.sample(rng)
            if 0 < len(text.text) <= LONGEST_TEXT:
                return layout, text

    def _sample(self, plate: DrawnPlate, crop: ImageBgr) -> Sample:
        if self._rng.random() < _WRONG_WAY_ROUND:
            turned = crop[::-1, ::-1] if self._rng.random() < 0.5 else crop[:, ::-1]
            return Sample(np.ascontiguousarray(turned), "", None, plate.layout)
        return Sample(crop, plate.text, plate.region, plate.layout)


def _with_substitutes(layout: Layout) -> Layout:
    """The layout with a typeface of a font package in place of each drawn one."""
    typefaces: dict[str, float] = defaultdict(float)
    for name, weight in layout.typefaces.items():
        typefaces[_SUBSTITUTE if is_drawn(name) and name not in _WITHOUT_SUBSTITUTE else name] += weight
    return layout.model_copy(update={"typefaces": dict(typefaces)})


def _drawn_height(layout: Layout, wanted_px: float) -> int:
    """A little larger than it will be seen; one of few heights, so that glyphs are drawn once and kept."""
    width_mm, height_mm = layout.size_mm
    seen = _OVERSAMPLING * wanted_px * height_mm / width_mm
    return next((height for height in _HEIGHTS_PX if height >= seen), _HEIGHTS_PX[-1])
