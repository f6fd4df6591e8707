"""Detections to straight plate images, cut from the photo at full resolution."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from platewatch.vision.detector.maps import scaled
from platewatch.vision.geometry import box_from_corners, grow_corners, quad_size, scale_corners, shift_corners
from platewatch.vision.types import Corners, Crop, Detection, ImageBgr

# Recognizers scale higher crops down, which leaves nothing of what the three times slower way of sampling brings.
_SAMPLED_FROM_PX: Final = 96
_MAX_CROP_PIXELS: Final = 512 * 512
"""Recognizers see at most 64 rows; of a photo that is one large plate, its many proposals would fill the memory."""


def rectify(image_bgr: ImageBgr, detection: Detection, margin: float = 0.0) -> Crop:
    """The plate seen from straight ahead, as large as in the photo, at least 1 x 1 and at most 512 x 512 pixels in all.

    Args:
        image_bgr: The whole upright photo.
        detection: Corners in pixels of `image_bgr`; what lies outside repeats the photo's edge.
        margin: How much of the plate's height is added on each side.
    """
    height = quad_size(detection.corners)[1]
    corners = grow_corners(detection.corners, margin * height, margin * height)
    width, height = quad_size(corners)
    # Never more pixels than the photo has: corners from outside may claim a plate larger than it.
    crop_width = min(max(1, round(width)), 2 * image_bgr.shape[1])
    crop_height = min(max(1, round(height)), 2 * image_bgr.shape[0])
    if crop_width * crop_height > _MAX_CROP_PIXELS:
        scale = math.sqrt(_MAX_CROP_PIXELS / (crop_width * crop_height))
        crop_width, crop_height = (max(1, math.floor(length * scale)) for length in (crop_width, crop_height))
        image_bgr, corners = _shrunk(image_bgr, corners, scale)
    source = np.asarray(corners, dtype=np.float32)
    target = np.asarray([(0, 0), (crop_width, 0), (crop_width, crop_height), (0, crop_height)], dtype=np.float32)
    straighten = cv2.getPerspectiveTransform(source, target)
    crop_bgr = cv2.warpPerspective(
        image_bgr,
        straighten,
        (crop_width, crop_height),
        flags=cv2.INTER_CUBIC if crop_height < _SAMPLED_FROM_PX else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Crop(np.asarray(crop_bgr, dtype=np.uint8), detection)


def _shrunk(image_bgr: ImageBgr, corners: Corners, scale: float) -> tuple[ImageBgr, Corners]:
    """The part of the photo round the corners at that scale, and the corners in it."""
    height, width = image_bgr.shape[:2]
    left, top, right, bottom = box_from_corners(corners)
    left, top = min(max(0, math.floor(left)), width - 1), min(max(0, math.floor(top)), height - 1)
    part = image_bgr[top : max(top + 1, math.ceil(bottom)), left : max(left + 1, math.ceil(right))]
    new_height, new_width = (max(1, round(length * scale)) for length in part.shape[:2])
    moved = scale_corners(shift_corners(corners, -left, -top), new_width / part.shape[1], new_height / part.shape[0])
    return scaled(part, new_width, new_height), moved
