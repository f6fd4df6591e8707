"""Detections to straight plate images, cut from the photo at full resolution."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from platewatch.vision.geometry import grow_corners, quad_size
from platewatch.vision.types import Crop, Detection, ImageBgr

# Recognizers scale higher crops down, which leaves nothing of what the three times slower way of sampling brings.
_SAMPLED_FROM_PX: Final = 96


def rectify(image_bgr: ImageBgr, detection: Detection, margin: float = 0.0) -> Crop:
    """The plate seen from straight ahead, as large as in the photo and at least 1 x 1.

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
