"""Views: how a photo, or something flat in it, lies on another picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from platewatch.vision.types import ImageBgr

Matrix = NDArray[np.float64]
"""float64 (3, 3): homogeneous points of one picture to those of another."""
Points = NDArray[np.float32]
"""float32 (N, 2)."""

_LEVELS: Final = 4


class Pyramid:
    """A picture at its own size, half, a quarter and an eighth, so that views of any scale skip no pixels."""

    def __init__(self, picture: ImageBgr) -> None:
        self.levels: list[ImageBgr] = [picture]
        while len(self.levels) < _LEVELS and min(self.levels[-1].shape[:2]) >= 8:
            last = self.levels[-1]
            size = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
            self.levels.append(np.asarray(cv2.resize(last, size, interpolation=cv2.INTER_AREA), np.uint8))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.levels[0].shape[:2]
        return width, height

    def seen(
        self, view: Matrix, size: tuple[int, int], border: int = cv2.BORDER_REPLICATE, color: float = 0.0
    ) -> ImageBgr:
        """The picture through the view, `size` pixels wide and high; `color` is what a constant border has."""
        scale = scale_of(view, self.size)
        level = int(np.clip(np.floor(np.log2(max(1.0, 1.3 / max(scale, 1e-6)))), 0, len(self.levels) - 1))
        picture = self.levels[level]
        grown = np.diag([self.size[0] / picture.shape[1], self.size[1] / picture.shape[0], 1.0])
        return np.asarray(
            cv2.warpPerspective(
                picture, view @ grown, size, flags=cv2.INTER_LINEAR, borderMode=border, borderValue=(color,) * 4
            ),
            np.uint8,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """The angles of a view in degrees; `stretch` is how much wider it makes things."""

    angle: float = 0.0
    shear: float = 0.0
    stretch: float = 1.0


def choose_turn(rng: Generator, *, strong: bool, stretched: bool) -> Turn:
    """A turn as photos have them.

    Args:
        rng: what decides.
        strong: whether tilted views are wanted.
        stretched: whether the photo was squeezed to a square, so that most should be made wider.
    """
    angle = rng.normal(0, 12) if strong and rng.random() < 0.3 else rng.normal(0, 2.5)
    stretch = float(np.exp(rng.normal(0, 0.1)))
    if stretched and rng.random() < 0.65:
        stretch *= float(rng.uniform(1.0, 1.75))
    return Turn(float(np.clip(angle, -35, 35)), float(rng.normal(0, 0.05 if strong else 0.02)), stretch)


def view_onto(center: tuple[float, float], onto: tuple[float, float], scale: float, turn: Turn) -> Matrix:
    """The view that brings a point of the picture to a point of the canvas, so many times as large."""
    wide, high = scale * turn.stretch**0.5, scale / turn.stretch**0.5
    angle = np.radians(turn.angle)
    rotation = np.asarray([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    shape = np.asarray([[wide, wide * turn.shear, 0], [0, high, 0], [0, 0, 1.0]])
    return np.asarray(moved(*onto) @ rotation @ shape @ moved(-center[0], -center[1]), np.float64)


def moved(by_x: float, by_y: float) -> Matrix:
    """The view that only moves."""
    return np.asarray([[1, 0, by_x], [0, 1, by_y], [0, 0, 1.0]])


def scale_of(view: Matrix, size: tuple[int, int]) -> float:
    """The scale in the middle of the picture."""
    x, y = size[0] / 2, size[1] / 2
    spread = through(view, np.asarray([(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)], np.float32))
    across, down = np.linalg.norm(spread[1] - spread[0]), np.linalg.norm(spread[3] - spread[2])
    return float(np.sqrt(across * down)) / 2


def through(view: Matrix, points: Points) -> Points:
    """The points as the view shows them."""
    seen = np.concatenate([points, np.ones((len(points), 1), np.float32)], axis=1) @ view.T
    return np.asarray(seen[:, :2] / seen[:, 2:], np.float32)


def box_points(box_xyxy: NDArray[np.float32]) -> Points:
    """The four corners of a box, from top left clockwise."""
    left, top, right, bottom = box_xyxy
    return np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def box_round(points: Points) -> NDArray[np.float32]:
    """The upright box round the points: left, top, right, bottom."""
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float32)
