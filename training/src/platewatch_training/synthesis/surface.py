"""The surface of a plate before it is photographed: relief, wear, dirt, bolts, a frame, a car round it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from platewatch_training.synthesis.plates import DrawnPlate, Picture
from platewatch_training.synthesis.typefaces import load_typeface

MARGIN: Final = 0.45
"""Room round the plate, as a share of its height."""
_TYPEFACES: Final = ("liberation-sans", "liberation-serif", "roboto-condensed")
_SMALLEST_LETTERING_PX: Final = 4
_COARSE: Final = 3
_WORDS: Final = (
    "AUTOHAUS",
    "MOTORS",
    "TOYOTA",
    "www.auto.com",
    "CITY CARS",
    "HONDA",
    "VW",
    "Tel 555 0199",
    "FORD",
    "RENT",
)


def weather(plate: DrawnPlate, rng: Generator) -> Picture:
    """The plate's picture after years on a car."""
    picture = plate.picture.copy()
    if plate.relief.any():
        _shade_relief(picture, plate.relief, rng)
    if rng.random() < 0.35:
        _wear(picture, plate.relief, rng)
    if rng.random() < 0.45:
        _soil(picture, rng)
    for _ in range(int(rng.choice([0, 0, 1, 2, 2, 4]))):
        _screw(picture, rng)
    return picture


def mount(picture: Picture, shape: NDArray[np.float32], rng: Generator, *, covered: float = 0.0) -> tuple[Picture, int]:
    """The plate on a car: a larger picture, and how many pixels it reaches beyond the plate on each side.

    `covered` is the share of plates whose frame lies over their edge, as dealers' frames do.
    """
    height, width = shape.shape
    margin = max(4, round(MARGIN * height))
    scene = _car_body(height + 2 * margin, width + 2 * margin, rng)
    if rng.random() < 0.45:
        _frame(scene, margin, (height, width), rng)
    if rng.random() < 0.4:
        _lettering(scene, margin, rng)
    if rng.random() < 0.5:
        _cast_shadow(scene, margin, (height, width), rng)
    inside = scene[margin : margin + height, margin : margin + width]
    inside += shape[..., None] * (picture - inside)
    if covered and rng.random() < covered:
        _cover_edge(scene, margin, (height, width), rng)
    return scene, margin


def smooth_noise(shape: tuple[int, int], cells: int, rng: Generator) -> NDArray[np.float32]:
    """Soft random patches, 0..1, about `cells` of them across the shorter side."""
    height, width = shape
    rows = max(2, cells)
    columns = max(2, round(cells * width / height))
    coarse = rng.random((rows, columns), np.float32)
    return np.asarray(np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1), np.float32)


def _shade_relief(picture: Picture, relief: NDArray[np.float32], rng: Generator) -> None:
    soft = cv2.GaussianBlur(relief, (0, 0), rng.uniform(0.6, 0.02 * relief.shape[0] + 0.7))
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * cv2.Sobel(soft, cv2.CV_32F, 1, 0) + np.sin(angle) * cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    picture += (slope * rng.uniform(0, 55))[..., None]
    if rng.random() < 0.3:  # the ink roller missed some of the raised parts, or ran over the edge
        picture += (soft * (1 - soft) * rng.uniform(-160, 160))[..., None]


def _wear(picture: Picture, relief: NDArray[np.float32], rng: Generator) -> None:
    patches = smooth_noise(picture.shape[:2], int(rng.integers(6, 30)), rng)
    worn = np.clip((patches - rng.uniform(0.6, 0.85)) * 6, 0, 1) * rng.uniform(0.2, 0.9)
    if relief.any() and rng.random() < 0.7:
        worn = worn * relief  # paint goes from the raised parts first
    tone = rng.uniform(70, 220, 3).astype(np.float32)
    picture += worn[..., None] * (tone - picture)


def _soil(picture: Picture, rng: Generator) -> None:
    height = picture.shape[0]
    patches = smooth_noise(picture.shape[:2], int(rng.integers(2, 12)), rng)
    if rng.random() < 0.5:  # more of it below
        patches = patches * np.linspace(0.5, 1.3, height, dtype=np.float32)[:, None]
    soiled = np.clip((patches - rng.uniform(0.3, 0.7)) * 2.5, 0, 1) * rng.uniform(0.1, 0.7)
    tone = np.asarray((60, 80, 95), np.float32) * rng.uniform(0.4, 1.8)
    picture += soiled[..., None] * (tone - picture)


def _screw(picture: Picture, rng: Generator) -> None:
    height, width = picture.shape[:2]
    radius = max(1, round(height * rng.uniform(0.025, 0.075)))
    if rng.random() < 0.7:
        center = (
            round(width * rng.choice([0.12, 0.2, 0.3, 0.5, 0.7, 0.8, 0.88])),
            round(height * rng.choice([0.1, 0.5, 0.9])),
        )
    else:
        center = (int(rng.integers(0, width)), int(rng.integers(0, height)))
    tone = float(rng.choice([30, 90, 160, 230])) + rng.normal(0, 15)
    color = tuple(float(np.clip(tone + rng.normal(0, 10), 0, 255)) for _ in range(3))
    cv2.circle(picture, center, radius, color, -1, cv2.LINE_AA)
    if radius > 2:
        cv2.circle(picture, center, radius, (tone * 0.5,) * 3, 1, cv2.LINE_AA)


def _car_body(height: int, width: int, rng: Generator) -> Picture:
    """Paint, gaps and edges of bumpers and grilles, drawn coarse and blown up: it is of no interest."""
    rows, columns = max(4, height // _COARSE), max(4, width // _COARSE)
    base = rng.uniform(5, 245) + rng.normal(0, 22, 3)
    light = np.linspace(rng.uniform(0.6, 1.3), rng.uniform(0.6, 1.3), rows, dtype=np.float32)[:, None, None]
    coarse = np.clip(base.astype(np.float32) * light, 0, 255) * np.ones((rows, columns, 1), np.float32)
    if rng.random() < 0.6:
        patches = smooth_noise((rows, columns), int(rng.integers(2, 9)), rng)
        coarse += ((patches - 0.5) * rng.uniform(10, 130))[..., None]
    for _ in range(int(rng.integers(0, 4))):
        y = int(rng.integers(0, rows))
        tone = float(rng.uniform(0, 255))
        cv2.line(coarse, (0, y), (columns, y + int(rng.normal(0, 2))), (tone,) * 3, int(rng.integers(1, 3)))
    way = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(np.clip(coarse, 0, 255), (width, height), interpolation=way), np.float32)


def _frame(scene: Picture, margin: int, size: tuple[int, int], rng: Generator) -> None:
    height, width = size
    thick = max(1, round(height * rng.uniform(0.02, 0.16)))
    tone = float(rng.choice([15, 40, 190, 235]) + rng.normal(0, 10))
    top_left = (margin - thick, margin - thick)
    below = thick + round(height * rng.choice([0.0, 0.12, 0.2]))
    cv2.rectangle(scene, top_left, (margin + width + thick, margin + height + below), (tone,) * 3, -1)


def _cover_edge(scene: Picture, margin: int, size: tuple[int, int], rng: Generator) -> None:
    """A frame over the plate's edge, higher above and below than at the sides, often with the dealer's name."""
    height, width = size
    outside = max(1, round(height * rng.uniform(0.02, 0.1)))
    tone = (float(rng.choice([15, 40, 120, 190, 235]) + rng.normal(0, 10)),) * 3
    left, right = margin - outside, margin + width + outside
    for is_top in (True, False):
        inside = round(height * rng.uniform(0.0, 0.13))
        edge = margin if is_top else margin + height
        y0, y1 = (edge - outside, edge + inside) if is_top else (edge - inside, edge + outside)
        cv2.rectangle(scene, (left, y0), (right, y1), tone, -1)
        if rng.random() < 0.6 and y1 - y0 >= 2 * _SMALLEST_LETTERING_PX:
            typeface = load_typeface(str(rng.choice(_TYPEFACES)))
            mask = typeface.line_mask(str(rng.choice(_WORDS)), max(_SMALLEST_LETTERING_PX, round(0.55 * (y1 - y0))))
            x = max(0, margin + (width - mask.shape[1]) // 2)
            top = max(0, (y0 + y1 - mask.shape[0]) // 2)
            area = scene[top : top + mask.shape[0], x : x + mask.shape[1]]
            mask = mask[: area.shape[0], : area.shape[1]]
            area += mask[..., None] * (np.float32(235 if tone[0] < 128 else 20) - area)
    side = round(height * rng.uniform(0.0, 0.06))
    cv2.rectangle(scene, (left, margin), (margin + side, margin + height), tone, -1)
    cv2.rectangle(scene, (margin + width - side, margin), (right, margin + height), tone, -1)


def _lettering(scene: Picture, margin: int, rng: Generator) -> None:
    """The dealer's name or a slogan below or above the plate."""
    height_px = round(margin * rng.uniform(0.18, 0.45))
    if height_px < _SMALLEST_LETTERING_PX:
        return
    mask = load_typeface(str(rng.choice(_TYPEFACES))).line_mask(str(rng.choice(_WORDS)), height_px)
    below = rng.random() < 0.75
    top = scene.shape[0] - margin + round(margin * rng.uniform(0.05, 0.4)) if below else round(margin * 0.15)
    left = int(rng.integers(0, max(1, scene.shape[1] - mask.shape[1])))
    area = scene[top : top + mask.shape[0], left : left + mask.shape[1]]
    mask = mask[: area.shape[0], : area.shape[1]]
    area += mask[..., None] * (np.float32(rng.choice([20, 120, 235])) - area)


def _cast_shadow(scene: Picture, margin: int, size: tuple[int, int], rng: Generator) -> None:
    height, width = size
    shadow = np.zeros(scene.shape[:2], np.float32)
    shift = max(1, round(height * 0.06))
    x, y = margin + int(rng.integers(-shift, shift + 1)), margin + shift
    cv2.rectangle(shadow, (x, y), (x + width, y + height), 1.0, -1)
    soft = cv2.GaussianBlur(shadow, (0, 0), shift)
    scene *= 1 - soft[..., None] * rng.uniform(0.2, 0.7)
