"""Windows for a second, closer look: parts of the photo in which small plates may be."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from platewatch.vision.detector.maps import PADDING_GRAY, Candidates, Letterbox
from platewatch.vision.types import ImageBgr

SIDE: Final = 640
"""Of a window, in pixels of the network's input."""
MAX_WINDOWS: Final = 6
"""Windows of a photo; what they don't show was seen the first time only."""
_INNER: Final = 0.3
"""The distance from a window's middle within which plates are whole, as a share of its side."""
_AT_EDGE: Final = 2.0


def choose_windows(hints: Candidates, width: int, height: int, scale: float) -> list[Letterbox]:
    """The image's placement in windows that show every hint, the most confident first.

    Args:
        hints: in pixels of the image.
        width: of the image.
        height: of the image.
        scale: pixels of a window for one of the image.
    """
    middles = (hints.boxes_xyxy[:, :2] + hints.boxes_xyxy[:, 2:]) / 2 * scale
    order = np.argsort(-hints.scores, kind="stable")
    starts: list[tuple[float, float]] = []
    for x, y in middles[order].tolist():
        if len(starts) == MAX_WINDOWS:
            break
        if not any(_shows(*start, x, y, width * scale, height * scale) for start in starts):
            starts.append((_start(x, width * scale), _start(y, height * scale)))
    return [Letterbox(scale, -left, -top) for left, top in starts]


def cut_window(image_bgr: ImageBgr, lies: Letterbox) -> ImageBgr:
    """The window's pixels: uint8 (640, 640, 3), gray beyond the image."""
    matrix = np.asarray([[lies.scale, 0, lies.left], [0, lies.scale, lies.top]], np.float32)
    gray = (PADDING_GRAY, PADDING_GRAY, PADDING_GRAY)
    shown = cv2.warpAffine(image_bgr, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=gray)
    return np.asarray(shown, np.uint8)


def whole(seen: Candidates, lies: Letterbox, width: int, height: int) -> Candidates:
    """The candidates that the window's edge doesn't cut, in pixels of the window; the image's own edge cuts none.

    Args:
        seen: in pixels of the window.
        lies: how the image lies in it.
        width: of the image.
        height: of the image.
    """
    left, top, right, bottom = seen.boxes_xyxy.T
    cut = (left < _AT_EDGE) & (lies.left < 0)
    cut |= (top < _AT_EDGE) & (lies.top < 0)
    cut |= (right > SIDE - _AT_EDGE) & (width * lies.scale + lies.left > SIDE)
    cut |= (bottom > SIDE - _AT_EDGE) & (height * lies.scale + lies.top > SIDE)
    return seen.take(np.flatnonzero(~cut))


def _start(middle: float, length: float) -> float:
    """The start of a window with that middle along the scaled image, kept inside the image."""
    return float(np.clip(middle - SIDE / 2, 0, max(length - SIDE, 0)))


def _shows(left: float, top: float, x: float, y: float, width: float, height: float) -> bool:
    return _reaches(left, x, width) and _reaches(top, y, height)


def _reaches(start: float, at: float, length: float) -> bool:
    """Whether the window shows what is there with enough around it, or up to the image's edge."""
    margin = (0.5 - _INNER) * SIDE
    low = start + margin if start > 0 else 0.0
    high = start + SIDE - margin if start + SIDE < length else length
    return low <= at <= high
