"""Each proposal seen once more, cut so that it is as large as plates are placed best.

A cell of the network sees some 200 pixels around it: of a plate that is longer, no cell sees both ends, and of one that
is small, a pixel more or less is much. In its close-up every plate is about as large.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from platewatch.vision.detector.maps import PADDING_GRAY, Candidates, Letterbox, scaled
from platewatch.vision.recognizer.calibration import logit_of, probability_of
from platewatch.vision.types import BoxXyxy, ImageBgr

WIDTH: Final = 224
HEIGHT: Final = 160
"""Of a close-up, in pixels of the network's input."""
MAX_CLOSE_UPS: Final = 64
"""Close-ups of a photo, the most confident proposals first."""
MIN_SCORE: Final = 0.02
"""A proposal with a lower score in its close-up is no plate, whatever its score was before."""
# Exact of 332 plates in photos with the plate so wide: 110 pixels 279, 140 pixels 286.
_PLATE_WIDTH: Final = 140.0
_PLATE_HEIGHT: Final = 77.0
_SAME: Final = 0.5
"""Share of the smaller of both that the proposal and what its close-up shows have in common."""


def close_up(image_bgr: ImageBgr, box_xyxy: BoxXyxy) -> tuple[ImageBgr, Letterbox]:
    """The box and what is round it, uint8 (160, 224, 3), gray beyond the image, and how the image lies there."""
    left, top, right, bottom = box_xyxy
    scale = min(_PLATE_WIDTH / max(right - left, 1.0), _PLATE_HEIGHT / max(bottom - top, 1.0))
    columns = _span((left + right) / 2, WIDTH / scale, image_bgr.shape[1])
    rows = _span((top + bottom) / 2, HEIGHT / scale, image_bgr.shape[0])
    from_x, from_y = WIDTH / 2 - (left + right) / 2 * scale, HEIGHT / 2 - (top + bottom) / 2 * scale
    x, y = round(from_x + columns.start * scale), round(from_y + rows.start * scale)
    width, height = (max(1, round((span.stop - span.start) * scale)) for span in (columns, rows))
    part = scaled(image_bgr[rows, columns], width, height)[max(0, -y) :, max(0, -x) :]
    canvas = np.full((HEIGHT, WIDTH, 3), PADDING_GRAY, np.uint8)
    room = canvas[max(0, y) :, max(0, x) :][: part.shape[0], : part.shape[1]]
    room[:] = part[: room.shape[0], : room.shape[1]]
    return canvas, Letterbox(scale, x - columns.start * scale, y - rows.start * scale)


def placed_again(proposal: Candidates, seen: Candidates) -> Candidates:
    """The most confident detection that matches the proposal, with the mean of both logits; none if there is none.

    Args:
        proposal: a single one, in pixels of the image.
        seen: what its close-up shows, in pixels of the image.
    """
    low = np.maximum(seen.boxes_xyxy[:, :2], proposal.boxes_xyxy[:, :2])
    high = np.minimum(seen.boxes_xyxy[:, 2:], proposal.boxes_xyxy[:, 2:])
    both = np.clip(high - low, 0, None).prod(axis=1)
    areas = [(one.boxes_xyxy[:, 2:] - one.boxes_xyxy[:, :2]).prod(axis=1) for one in (seen, proposal)]
    same = np.flatnonzero(both > _SAME * np.minimum(*areas))
    if not len(same):
        return seen.take([])
    best = seen.take(same[[np.argmax(seen.scores[same])]])
    score = probability_of((logit_of(float(proposal.scores[0])) + logit_of(float(best.scores[0]))) / 2)
    return Candidates(np.asarray([score], np.float32), best.boxes_xyxy, best.corners)


def _span(middle: float, length: float, most: int) -> slice:
    """The pixels of one side of an image that a part of that middle and length touches; at least one."""
    start = min(max(0, math.floor(middle - length / 2)), most - 1)
    return slice(start, max(start + 1, min(most, math.ceil(middle + length / 2))))
