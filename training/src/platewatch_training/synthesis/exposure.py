"""Effects of light, lens, sensor and file on a whole photo, in integers and tables for speed."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.surface import smooth_noise

_NOISE_SIDE: Final = 1100
_NOISE_SEED: Final = 17
IMPULSES: Final = 0.22
"""Share of photos in which single pixels are black or white."""
_DENSEST: Final = 0.09
_DARK: Final = 70.0
"""Photos below this brightness are of the night already."""


def expose(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    """The photo as another camera at another hour would have it; the one given may be changed."""
    photo_bgr = _light(photo_bgr, rng)
    if rng.random() < 0.22:
        photo_bgr = _shadow(photo_bgr, rng)
    if rng.random() < 0.35:
        photo_bgr = _soften(photo_bgr, rng)
    if rng.random() < 0.45:
        photo_bgr = _grain(photo_bgr, rng)
    if rng.random() < IMPULSES:
        photo_bgr = _impulses(photo_bgr, rng)
    if rng.random() < 0.4:
        photo_bgr = _pack(photo_bgr, rng)
    return photo_bgr


def _light(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    """Brightness, tint, contrast and gamma as one table for each channel."""
    kind = rng.random()
    gains = np.ones(3)
    offset, gamma = 0.0, float(np.exp(rng.normal(0, 0.2)))
    if kind < 0.12 and photo_bgr.mean() > _DARK:  # night
        gains = rng.uniform(0.75, 1.25, 3) * rng.uniform(0.2, 0.6)
    elif kind < 0.7:
        gains = rng.normal(1, 0.07, 3) * rng.uniform(0.65, 1.3)
    if rng.random() < 0.15:  # haze
        share = rng.uniform(0.3, 0.9)
        gains, offset = gains * share, float(rng.uniform(0, 110) * (1 - share) * 2)
    steps = np.arange(256, dtype=np.float64)[:, None]
    table = 255 * (np.clip(steps * gains + offset, 0, 255) / 255) ** gamma
    photo_bgr = np.asarray(cv2.LUT(photo_bgr, np.clip(table, 0, 255).astype(np.uint8)[None]), np.uint8)
    if rng.random() < 0.12:  # infrared and old cameras
        weights = rng.dirichlet((1.5, 3, 2.5)).astype(np.float32)
        return np.asarray(cv2.transform(photo_bgr, np.tile(weights, (3, 1))), np.uint8)
    return photo_bgr


def _shadow(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    """Softly or sharply darker in one part; sometimes a lamp that outshines one."""
    height, width = photo_bgr.shape[:2]
    shade = smooth_noise((height, width), 2, rng)
    if rng.random() < 0.4:
        shade = np.clip((shade - 0.5) * rng.uniform(3, 14) + 0.5, 0, 1)
    if rng.random() < 0.2:
        bright = (shade * rng.uniform(60, 230)).astype(np.uint8)
        return np.asarray(cv2.add(photo_bgr, cv2.merge([bright] * 3)), np.uint8)
    left = (1 - shade * rng.uniform(0.2, 0.75)).astype(np.float32)
    return np.asarray(cv2.multiply(photo_bgr, cv2.merge([left] * 3), dtype=cv2.CV_8U), np.uint8)


def _soften(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    kind = rng.random()
    if kind < 0.4:
        return np.asarray(cv2.GaussianBlur(photo_bgr, (0, 0), rng.uniform(0.4, 1.8)), np.uint8)
    if kind < 0.65:  # moved while the shutter was open
        length = int(rng.integers(3, 10))
        kernel = np.zeros((length, length), np.float32)
        way = rng.normal(0, 0.5) + (np.pi / 2 if rng.random() < 0.2 else 0)
        half = (length - 1) / 2
        x, y = np.cos(way) * half, np.sin(way) * half
        start, end = (round(half - x), round(half - y)), (round(half + x), round(half + y))
        cv2.line(kernel, start, end, 1.0, 1)
        return np.asarray(cv2.filter2D(photo_bgr, -1, kernel / kernel.sum()), np.uint8)
    if kind < 0.85:  # few pixels blown up
        return _coarse(photo_bgr, rng.uniform(1.1, 2.2), rng)
    soft = cv2.GaussianBlur(photo_bgr, (0, 0), 1.0)
    amount = rng.uniform(0.5, 2.0)
    return np.asarray(cv2.addWeighted(photo_bgr, 1 + amount, soft, -amount, 0), np.uint8)


def _coarse(photo_bgr: ImageBgr, factor: float, rng: Generator, *, impulses: bool = False) -> ImageBgr:
    height, width = photo_bgr.shape[:2]
    size = (max(8, round(width / factor)), max(8, round(height / factor)))
    small = np.asarray(cv2.resize(photo_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    if impulses:
        small = _add_salt(small, rng)
    way = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (width, height), interpolation=way), np.uint8)


def _grain(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    height, width = photo_bgr.shape[:2]
    if max(height, width) > _NOISE_SIDE - 64:
        return photo_bgr
    level = min(3, int(rng.exponential(1.0)))
    bank = _noise_bank(level, colored=bool(rng.random() < 0.6))
    top, left = int(rng.integers(_NOISE_SIDE - height)), int(rng.integers(_NOISE_SIDE - width))
    return np.asarray(cv2.add(photo_bgr, bank[top : top + height, left : left + width], dtype=cv2.CV_8U), np.uint8)


@lru_cache(maxsize=8)
def _noise_bank(level: int, *, colored: bool) -> NDArray[np.int16]:
    """Noise to cut from: drawing as much again would take longer than all else."""
    made = np.random.default_rng(_NOISE_SEED + level)
    channels = 3 if colored else 1
    noise = made.standard_normal((_NOISE_SIDE, _NOISE_SIDE, channels), np.float32) * (3.0 * 1.9**level)
    return np.repeat(noise, 3 // channels, axis=2).astype(np.int16)


def _impulses(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    """Single black and white pixels, as sharp as they came or scaled up with the photo."""
    if rng.random() < 0.5:
        return _add_salt(photo_bgr, rng)
    return _coarse(photo_bgr, rng.uniform(1.1, 2.0), rng, impulses=True)


def _add_salt(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    share = rng.uniform(0.002, _DENSEST)
    drawn = rng.integers(0, 65536, photo_bgr.shape[:2], dtype=np.uint16)
    photo_bgr = photo_bgr.copy()
    photo_bgr[drawn < 32768 * share] = 0
    photo_bgr[drawn > 65535 - 32768 * share] = 255
    return photo_bgr


def _pack(photo_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    done, data = cv2.imencode(".jpg", photo_bgr, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) if done else photo_bgr
