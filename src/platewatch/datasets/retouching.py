"""Other ways to show a photo to a reader that found no plate in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from platewatch.vision.types import ImageBgr

_LARGEST_SIDE: Final = 4000
_TILES: Final = (8, 8)
_CLIP_LIMIT: Final = 3.0
_GAMMA: Final = 0.5
_WHITE: Final = 255.0


def as_it_is(image_bgr: ImageBgr) -> ImageBgr:
    """The photo itself."""
    return image_bgr


def contrast(image_bgr: ImageBgr) -> ImageBgr:
    """More contrast where there is little, channel by channel (CLAHE)."""
    equalizer = cv2.createCLAHE(_CLIP_LIMIT, _TILES)
    return np.ascontiguousarray(np.dstack([equalizer.apply(channel) for channel in cv2.split(image_bgr)]), np.uint8)


def enlarged(image_bgr: ImageBgr) -> ImageBgr:
    """Twice as large, as far as 4000 pixels."""
    scale = min(2.0, _LARGEST_SIDE / max(image_bgr.shape[:2]))
    if scale <= 1:
        return image_bgr
    return np.asarray(cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def brighter(image_bgr: ImageBgr) -> ImageBgr:
    """With dark parts brightened."""
    curve = (np.linspace(0, 1, 256) ** _GAMMA * _WHITE).round().astype(np.uint8)
    return np.asarray(cv2.LUT(image_bgr, curve), np.uint8)


def sharper(image_bgr: ImageBgr) -> ImageBgr:
    """With stronger edges (unsharp masking)."""
    return np.asarray(cv2.addWeighted(image_bgr, 1.8, cv2.GaussianBlur(image_bgr, (0, 0), 2.0), -0.8, 0), np.uint8)


def without_noise(image_bgr: ImageBgr) -> ImageBgr:
    """Without single wrong pixels."""
    return np.asarray(cv2.medianBlur(image_bgr, 3), np.uint8)


RETOUCHINGS: Final[dict[str, Callable[[ImageBgr], ImageBgr]]] = {
    "as it is": as_it_is,
    "contrast": contrast,
    "enlarged": enlarged,
    "brighter": brighter,
    "without noise": without_noise,
    "sharper": sharper,
}
"""In the order in which they are tried."""
