"""Close-ups of a scene's plates, cut by the server's own code round proposals as a first look makes them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator

from platewatch.vision.detector.close_ups import close_up
from platewatch_training.synthesis.scenes import Box, Scene, any_width
from platewatch_training.synthesis.views import Points, box_points, box_round

MAX_CLOSE_UPS: Final = 4
"""Close-ups of a scene, so that one of many plates does not fill a batch."""
_MOVED: Final = (0.08, 0.13)
_RESIZED: Final = 0.18
"""Errors of proposals: shifts across and down, as shares of the plate, and scale, as logarithms."""
_HALVED: Final = 0.12
"""Share of proposals that hold only a part of their plate."""
_ELSEWHERE: Final = 0.25
"""Share of scenes with a close-up of any place, too."""


def close_ups(scene: Scene, rng: Generator) -> list[Scene]:
    """Scenes of 224 x 160, each round a proposal; plates that they cut are in them as far as they show."""
    chosen = rng.permutation(len(scene.plates))[:MAX_CLOSE_UPS]
    proposals = [proposed(scene.plates[int(number)].box_xyxy, rng) for number in chosen]
    if rng.random() < _ELSEWHERE:
        proposals.append(_anywhere(scene.size, rng))
    return [_seen_closer(scene, box) for box in proposals]


def proposed(box_xyxy: Box, rng: Generator) -> Box:
    """The plate's box as a first look may place it."""
    size = box_xyxy[2:] - box_xyxy[:2]
    middle = (box_xyxy[:2] + box_xyxy[2:]) / 2 + rng.normal(0, _MOVED, 2) * size
    size = size * np.exp(rng.normal(0, _RESIZED, 2))
    if rng.random() < _HALVED:
        share = rng.uniform(0.35, 0.8)
        middle[0] += rng.choice([-0.5, 0.5]) * (1 - share) * size[0]
        size[0] *= share
    return np.concatenate([middle - size / 2, middle + size / 2]).astype(np.float32)


def _anywhere(size: tuple[int, int], rng: Generator) -> Box:
    """A box of any width in a picture of that size."""
    wide = any_width(size[0] / 2, rng)
    half = np.asarray((wide, wide / rng.uniform(1.5, 5)), np.float32) / 2
    middle = rng.uniform(0, 1, 2) * size
    return np.concatenate([middle - half, middle + half]).astype(np.float32)


def _seen_closer(scene: Scene, box_xyxy: Box) -> Scene:
    left, top, right, bottom = box_xyxy.tolist()
    picture_bgr, lies = close_up(scene.picture_bgr, (left, top, right, bottom))
    closer = Scene(picture_bgr)
    offset = np.asarray((lies.left, lies.top), np.float32)

    def through(points: Points) -> Points:
        return np.asarray(points * np.float32(lies.scale) + offset, np.float32)

    for plate in scene.plates:
        closer.add(through(plate.points), corners_known=plate.corners is not None)
    for box in scene.ignored:
        closer.ignored.append(box_round(through(box_points(box))))
    return closer
