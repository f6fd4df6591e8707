"""Labelled crops without end: plates of all layouts as cameras see them, and things that are no plates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.camera import choose_width, take_crop
from platewatch_training.synthesis.distractors import distractor
from platewatch_training.synthesis.layouts import Layout, pick
from platewatch_training.synthesis.plates import DrawnPlate, draw_plate
from platewatch_training.synthesis.surface import mount, weather

LONGEST_TEXT: Final = 12
_WRONG_WAY_ROUND: Final = 0.015
_DISTRACTORS: Final = 0.06
_HEIGHTS_PX: Final = (28, 40, 56, 80, 112, 150)
_OVERSAMPLING: Final = 1.2


@dataclass(frozen=True, slots=True)
class Sample:
    """A crop and what is to be read from it; no text where there is nothing to read."""

    crop_bgr: ImageBgr
    text: str
    region: str | None
    layout: str


class SampleSource:
    """Samples by seed: the same seed gives the same samples in the same order."""

    def __init__(self, layouts: Sequence[Layout], *, seed: int) -> None:
        self._layouts = list(layouts)
        self._rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[Sample]:
        while True:
            yield self.next()

    def next(self) -> Sample:
        """The next sample."""
        rng = self._rng
        if rng.random() < _DISTRACTORS:
            return Sample(distractor(rng), "", None, "distractor")
        while True:
            layout = pick(self._layouts, rng)
            text = layout.sample(rng)
            if 0 < len(text.text) <= LONGEST_TEXT:
                break
        wanted_px = choose_width(rng)
        plate = draw_plate(layout, rng, _drawn_height(layout, wanted_px) / layout.size_mm[1], text)
        crop = photograph(plate, wanted_px, rng)
        if rng.random() < _WRONG_WAY_ROUND:
            turned = crop[::-1, ::-1] if rng.random() < 0.5 else crop[:, ::-1]
            return Sample(np.ascontiguousarray(turned), "", None, layout.name)
        return Sample(crop, plate.text, plate.region, plate.layout)


def photograph(plate: DrawnPlate, wanted_px: float, rng: Generator) -> ImageBgr:
    """A crop of the plate on a car, where it is about `wanted_px` wide: uint8 (H, W, 3), BGR."""
    scene, margin = mount(weather(plate, rng), plate.shape, rng)
    return take_crop(scene, margin, wanted_px, rng)


def _drawn_height(layout: Layout, wanted_px: float) -> int:
    """A little larger than it will be seen; one of few heights, so that glyphs are drawn once and kept."""
    width_mm, height_mm = layout.size_mm
    seen = _OVERSAMPLING * wanted_px * height_mm / width_mm
    return next((height for height in _HEIGHTS_PX if height >= seen), _HEIGHTS_PX[-1])
