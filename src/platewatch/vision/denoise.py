"""Single black and white pixels, strewn over a photo by a bad sensor or line, replaced by what is round them.

A network sees such a pixel at full contrast, so that a few per cent of them hide a small plate.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.vision.image import tiles
from platewatch.vision.types import ImageBgr

# Of 930 photos without such noise the share of these pixels is at most 0.0026 in 95 of 100, at most 0.015 in all.
_NOISY: Final = 0.004
_STANDS_OUT: Final = 40
"""The least distance of a noise pixel from the median of its 3 x 3 neighborhood, in a noisy image."""
_CLEAR_DIFFERENCE: Final = 60
"""The same distance before the image is known to be noisy."""
_EXTREME: Final = 16
"""The largest distance of a noise pixel from black or white."""
_SAMPLES: Final = 8
_SAMPLE_ROWS: Final = 12
_SAMPLE_COLUMNS: Final = 640


def without_impulses(image_bgr: ImageBgr) -> ImageBgr:
    """The image itself, or where it is noisy, one with the median of its neighbors for each pixel that stands out.

    A switching median filter (Sun and Neuvo 1994): what does not stand out stays as sharp as it is.
    """
    if not is_noisy(image_bgr):
        return image_bgr
    cleaned = image_bgr.copy()
    for rows, columns in tiles(*image_bgr.shape[:2]):
        # With the pixels all round it, which the medians at its borders need.
        top, left = max(0, rows.start - 1), max(0, columns.start - 1)
        part = np.ascontiguousarray(image_bgr[top : rows.stop + 1, left : columns.stop + 1])
        smooth = np.asarray(cv2.medianBlur(part, 3), np.uint8)
        stands_out = cv2.absdiff(part, smooth).max(axis=2) > _STANDS_OUT
        inner = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        np.copyto(cleaned[rows, columns], smooth[inner], where=stands_out[inner][..., None])
    return cleaned


def is_noisy(image_bgr: ImageBgr) -> bool:
    """Whether the image has salt-and-pepper noise, judged by some of its rows."""
    height, width = image_bgr.shape[:2]
    noisy = looked_at = 0
    for number in range(_SAMPLES):
        top = max(0, (height - _SAMPLE_ROWS) * (2 * number + 1) // (2 * _SAMPLES))
        left = max(0, (width - _SAMPLE_COLUMNS) * (number % 3) // 2)
        found = _impulses(image_bgr[top : top + _SAMPLE_ROWS, left : left + _SAMPLE_COLUMNS, 1])
        noisy += int(np.count_nonzero(found))
        looked_at += found.size
    return noisy > _NOISY * looked_at


def _impulses(plane: NDArray[np.uint8]) -> NDArray[np.bool_]:
    plane = np.ascontiguousarray(plane)
    extreme = (plane < _EXTREME) | (plane >= 256 - _EXTREME)
    return np.asarray(extreme & (cv2.absdiff(plane, cv2.medianBlur(plane, 3)) > _CLEAR_DIFFERENCE), np.bool_)
