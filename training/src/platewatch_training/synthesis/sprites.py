"""Sprites for scenes: plates with a little car round them, things that look like plates, and lettering.

Drawing takes ten times as long as putting down, so that each drawn thing is kept for a while and used a few times.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.distractors import distractor, lettering
from platewatch_training.synthesis.layouts import Layout
from platewatch_training.synthesis.plates import draw_plate
from platewatch_training.synthesis.surface import mount, weather
from platewatch_training.synthesis.views import Points, Pyramid, box_points

_HEIGHTS_PX: Final = (48, 80, 130)
_POOLED: Final = 320
_USES: Final = 8
_MIRRORED: Final = 0.1
_FEATHER: Final = 0.04


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture to be put down: `pyramid` has four channels, the last how much of each pixel shows.

    `quad` is the part that a place is given for, in its pixels: the plate itself, or the whole picture.
    """

    pyramid: Pyramid
    quad: Points

    @property
    def aspect(self) -> float:
        """Width of the quad over its height."""
        width, height = self.quad[2] - self.quad[0]
        return float(width / height)


class Pool:
    """Sprites drawn now and then; each is taken about eight times."""

    def __init__(self, draw: Callable[[Generator], Sprite], rng: Generator, size: int = _POOLED) -> None:
        self._draw = draw
        self._rng = rng
        self._size = size
        self._kept: list[Sprite] = []

    def take(self) -> Sprite:
        """One of the sprites, or a new one."""
        if len(self._kept) < self._size and (not self._kept or self._rng.random() < 2 / _USES):
            self._kept.append(self._draw(self._rng))
            return self._kept[-1]
        chosen = int(self._rng.integers(len(self._kept)))
        if len(self._kept) == self._size and self._rng.random() < 1 / _USES:
            self._kept[chosen] = self._draw(self._rng)
        return self._kept[chosen]


class PlateSprites:
    """Draws plates of all layouts, by their weights, those of two rows more often."""

    def __init__(self, layouts: Sequence[Layout], two_rows: float = 2.0) -> None:
        self._layouts = list(layouts)
        self._limits = list(accumulate(one.weight * (two_rows if len(one.rows) > 1 else 1.0) for one in layouts))

    def __call__(self, rng: Generator) -> Sprite:
        """A plate alone, in its frame, or on a patch of its car."""
        layout = self._layouts[bisect_right(self._limits[:-1], rng.random() * self._limits[-1])]
        plate = draw_plate(layout, rng, int(rng.choice(_HEIGHTS_PX)) / layout.size_mm[1])
        scene, margin = mount(weather(plate, rng), plate.shape, rng)
        height, width = plate.shape.shape
        shows = np.zeros(scene.shape[:2], np.float32)
        shows[margin : margin + height, margin : margin + width] = plate.shape
        if rng.random() < 0.6:
            grown = max(1, round(margin * rng.random() ** 2.5))
            shows[margin - grown : margin + height + grown, margin - grown : margin + width + grown] = 1
            shows = np.asarray(cv2.GaussianBlur(shows, (0, 0), max(0.5, grown / 4)), np.float32)
        quad = box_points(np.asarray((margin, margin, margin + width, margin + height), np.float32))
        return _sprite(np.clip(scene, 0, 255).astype(np.uint8), shows, quad)


class DistractorSprites:
    """Draws what is no plate; `negatives` are crops that a detector took for plates and that are none."""

    def __init__(self, negatives: Sequence[ImageBgr] = ()) -> None:
        self._negatives = negatives

    def __call__(self, rng: Generator) -> Sprite:
        """A sign, badge, grille, lamp or an earlier error, a little faded at its borders."""
        mined = self._negatives and rng.random() < 0.5
        crop = self._negatives[int(rng.integers(len(self._negatives)))] if mined else distractor(rng)
        if mined and rng.random() < _MIRRORED:
            crop = np.ascontiguousarray(crop[:, ::-1])
        height, width = crop.shape[:2]
        edge = max(1, round(_FEATHER * min(height, width)))
        shows = np.zeros((height, width), np.float32)
        shows[edge : height - edge, edge : width - edge] = 1
        shows = np.asarray(cv2.GaussianBlur(shows, (0, 0), edge), np.float32)
        return _sprite(crop, shows, box_points(np.asarray((0, 0, width, height), np.float32)))


def lettering_sprite(rng: Generator) -> Sprite:
    """Words and numbers straight on what is below: lorries, shop fronts, windows, roads."""
    shows = lettering(rng)
    color = rng.uniform(0, 255, 3) if rng.random() < 0.4 else np.full(3, rng.choice([15, 240]))
    picture: ImageBgr = np.zeros((*shows.shape, 3), np.uint8)
    picture[:] = color.astype(np.uint8)
    height, width = shows.shape
    return _sprite(picture, shows, box_points(np.asarray((0, 0, width, height), np.float32)))


def _sprite(picture_bgr: ImageBgr, shows: np.ndarray, quad: Points) -> Sprite:
    layers = np.dstack([picture_bgr, np.clip(shows * 255, 0, 255).astype(np.uint8)])
    return Sprite(Pyramid(np.ascontiguousarray(layers)), quad)
