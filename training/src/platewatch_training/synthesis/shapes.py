"""Masks of plain shapes, and what becomes of masks: float32 (H, W), 0..1."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_STARS: Final = 12
_MIN_GROWTH_PX: Final = 0.05


@lru_cache(maxsize=512)
def rounded_rectangle(width: int, height: int, radius: int) -> NDArray[np.float32]:
    """A rectangle of that size with round corners."""
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
def ellipse(width: int, height: int) -> NDArray[np.float32]:
    """The ellipse that fills the size."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot((x - (width - 1) / 2) / (width / 2), (y - (height - 1) / 2) / (height / 2))
    return np.asarray(np.clip((1.0 - distance) * min(width, height) / 2 + 0.5, 0, 1), np.float32)


@lru_cache(maxsize=512)
def shield(width: int, height: int) -> NDArray[np.float32]:
    """A coat of arms: straight above, an arch below."""
    upper = height // 2
    mask = ellipse(width, 2 * (height - upper))[height - upper :]
    return np.asarray(np.vstack([np.ones((upper, width), np.float32), mask]), np.float32)


def cross(width: int, height: int, share: float) -> NDArray[np.float32]:
    """An upright cross from edge to edge, its bars as wide as that share of the width."""
    mask = np.zeros((height, width), np.float32)
    half = max(1, round(share * width / 2))
    middle_x, middle_y = width // 2, round(0.45 * height)
    mask[:, max(0, middle_x - half) : middle_x + half] = 1.0
    mask[max(0, middle_y - half) : middle_y + half] = 1.0
    return mask


@lru_cache(maxsize=128)
def star_ring(diameter: int) -> NDArray[np.float32]:
    """The EU's stars, as dots: that is what is left of them in a photo."""
    large = np.zeros((diameter * 4, diameter * 4), np.uint8)
    center, radius = diameter * 2, diameter * 1.7
    for index in range(_STARS):
        angle = 2 * np.pi * index / _STARS
        point = (round(center + radius * np.sin(angle)), round(center - radius * np.cos(angle)))
        cv2.circle(large, point, max(1, round(diameter * 0.22)), 255, -1)
    small = cv2.resize(large, (diameter, diameter), interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, np.float32)


def grown(mask: NDArray[np.float32], px: float) -> NDArray[np.float32]:
    """The mask with its edges that far further out, or further in where `px` is negative; its middle stays the middle.

    The edge of a blurred mask runs like the normal distribution, so another level than one half lies beside the edge.
    """
    if abs(px) < _MIN_GROWTH_PX:
        return mask
    room = math.ceil(max(0.0, px)) + 1
    sigma = max(0.7, 1.3 * abs(px))
    soft = cv2.GaussianBlur(cv2.copyMakeBorder(mask, room, room, room, room, cv2.BORDER_CONSTANT), (0, 0), sigma)
    level = 0.5 * math.erfc(px / sigma / math.sqrt(2))
    slope = math.exp(-0.5 * (px / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    return np.asarray(np.clip((soft - level) / slope + 0.5, 0, 1), np.float32)


def slanted(mask: NDArray[np.float32], slant: float) -> NDArray[np.float32]:
    """The mask leaning to the right by `slant` times its height; its middle stays the middle."""
    if slant == 0:
        return mask
    height, width = mask.shape
    room = math.ceil(abs(slant) * height / 2)
    way = np.asarray([[1, -slant, room + slant * (height - 1) / 2], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(mask, way, (width + 2 * room, height)), np.float32)
