"""Real photos augmented: at any scale and shape, one or a few in a picture, in other light."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from platewatch.vision.detector.maps import PADDING_GRAY
from platewatch_training.synthesis.exposure import expose
from platewatch_training.synthesis.scenes import (
    Backdrop,
    Box,
    Props,
    Scene,
    any_width,
    distract,
    family_chances,
)
from platewatch_training.synthesis.views import Matrix, box_points, box_round, choose_turn, through, view_onto

_MAX_ENLARGED: Final = 3.5
_MIN_FILLED: Final = 0.75
"""The least side of a photo, as a share of its part of the picture."""
_COVERING: Final = 0.8
"""Share of views that show as little as they can of what is beyond the photo."""
_WIDEST_SHARE: Final = 0.95
_HIGHEST_SHARE: Final = 0.9
_GRIDS: Final = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (3, 3))
_GRID_CHANCES: Final = (0.58, 0.06, 0.06, 0.18, 0.06, 0.06)
_DISTRACTED: Final = 0.25


class PhotoSource:
    """Pictures by seed: the same seed gives the same ones in the same order."""

    def __init__(self, photos: Sequence[Backdrop], props: Props, rng: Generator) -> None:
        self._photos = photos
        self._props = props
        self._rng = rng
        self._chances = family_chances([one.family for one in photos])

    def next(self, size: tuple[int, int]) -> Scene:
        """The next picture, `size` pixels wide and high."""
        rng = self._rng
        scene = Scene(np.empty((size[1], size[0], 3), np.uint8))
        for part in parts(size, _GRIDS[int(rng.choice(len(_GRIDS), p=_GRID_CHANCES))], rng):
            self._fill(scene, part)
        if rng.random() < _DISTRACTED:
            distract(scene, self._props, rng)
        scene.picture_bgr = expose(scene.picture_bgr, rng)
        return scene

    def _fill(self, scene: Scene, part: tuple[int, int, int, int]) -> None:
        """Show one photo in a part of the picture: left, top, right, bottom."""
        rng = self._rng
        photo = self._photos[int(rng.choice(len(self._photos), p=self._chances))]
        left, top, right, bottom = part
        view = view_of(photo, (right - left, bottom - top), rng)
        border = int(rng.choice([cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE], p=[0.6, 0.4]))
        gray = float(rng.choice([PADDING_GRAY, 0]))
        scene.picture_bgr[top:bottom, left:right] = photo.pyramid.seen(view, (right - left, bottom - top), border, gray)
        offset = np.asarray((left, top), np.float32)
        within: Box = np.asarray(part, np.float32)
        for plate in photo.plates:
            scene.add(through(view, plate.points) + offset, corners_known=plate.corners is not None, within=within)
        for box in photo.unsure:
            seen = box_round(through(view, box_points(box)) + offset)
            scene.ignored.append(np.clip(seen, within[[0, 1, 0, 1]], within[[2, 3, 2, 3]]))


def parts(size: tuple[int, int], grid: tuple[int, int], rng: Generator) -> list[tuple[int, int, int, int]]:
    """The picture in so many columns and rows: left, top, right, bottom of each part."""
    xs, ys = (
        [round(length * (at + rng.uniform(-0.15, 0.15) * (0 < at < count)) / count) for at in range(count + 1)]
        for length, count in zip(size, grid, strict=True)
    )
    return [(*start, *end) for start, end in zip(product(xs[:-1], ys[:-1]), product(xs[1:], ys[1:]), strict=True)]


def view_of(photo: Backdrop, size: tuple[int, int], rng: Generator) -> Matrix:
    """A view in which one of the plates is of any width, from hardly to be seen to filling the picture."""
    width, height = photo.pyramid.size
    tiltable = all(plate.corners is not None for plate in photo.plates)
    turn = choose_turn(rng, strong=tiltable, stretched=photo.squeezed)
    if not photo.plates:
        scale = max(size[0] / width, size[1] / height) * float(np.exp(rng.uniform(-0.7, 0.7)))
        return view_onto((width / 2, height / 2), (size[0] / 2, size[1] / 2), scale, turn)
    box = photo.plates[int(rng.integers(len(photo.plates)))].box_xyxy
    wide, high = np.maximum(box[2:] - box[:2], 1).tolist()
    scale = min(any_width(_WIDEST_SHARE * size[0], rng) / wide, _HIGHEST_SHARE * size[1] / high, _MAX_ENLARGED)
    scale = max(scale, _MIN_FILLED * max(size) / max(width, height))
    center = ((box[:2] + box[2:]) / 2).tolist()
    covering = rng.random() < _COVERING
    onto = [
        _put(scale * middle, scale * (whole - middle), shown, scale * side / 2, rng, covering=covering)
        for middle, whole, shown, side in zip(center, (width, height), size, (wide, high), strict=True)
    ]
    return view_onto((center[0], center[1]), (onto[0], onto[1]), scale, turn)


def _put(before: float, after: float, shown: float, half: float, rng: Generator, *, covering: bool) -> float:
    """The position of the plate's middle along one side of the picture.

    Args:
        before: how much of the photo is on the one side of the plate's middle.
        after: how much of it is on the other.
        shown: how long the picture is.
        half: half of the plate.
        rng: what decides.
        covering: whether the picture shall show nothing beyond the photo, or else the whole photo, where that can be.
    """
    low, high = min(half, shown / 2), max(shown - half, shown / 2)
    if covering:
        first, last = sorted((before, shown - after))
        low, high = min(max(low, first), high), max(min(high, last), low)
    return float(rng.uniform(min(low, high), max(low, high)))
