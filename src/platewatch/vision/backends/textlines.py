"""Text lines to plate proposals: lines alone, neighbors on one row joined, and two rows as one plate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from platewatch.vision.geometry import box_from_corners, quad_around, quad_size
from platewatch.vision.types import Corners, Detection

# A line of two narrow characters is about square; no plate's row is longer than twelve characters.
_MIN_ASPECT: Final = 1.1
_MAX_ASPECT: Final = 14.0
_MAX_LINES: Final = 40
_MAX_PARTS: Final = 3

# For parts of one row, in heights of the higher one.
_MAX_GAP: Final = 1.6
_MAX_OFFSET: Final = 0.4
_MIN_HEIGHT_RATIO: Final = 0.55
# For the two rows of a plate.
_MAX_ROW_GAP: Final = 0.7
_MIN_ROW_HEIGHT_RATIO: Final = 0.4
_MIN_ROW_OVERLAP: Final = 0.6
_MAX_STACK_ASPECT: Final = 3.2


def propose(lines: Sequence[Detection]) -> list[Detection]:
    """Every line that could be a plate's row, and their joins in a row and in two rows.

    The proposals overlap on purpose: what is a plate is only known when all of them are read. At most 40 lines
    are taken, the most confident first, so a page full of text can't hold a reader for long.
    """
    rows = [line for line in lines if _MIN_ASPECT <= _aspect(line.corners) <= _MAX_ASPECT]
    rows = sorted(rows, key=lambda line: -line.confidence)[:_MAX_LINES]
    joined = _join_rows(rows)
    parts = [*rows, *joined]
    return [*parts, *_stack_rows(parts)]


def _join_rows(rows: Sequence[Detection]) -> list[Detection]:
    following = {index: _next_on_row(index, rows) for index in range(len(rows))}
    joined: list[Detection] = []
    for start in range(len(rows)):
        run = [rows[start]]
        index = following[start]
        while index is not None and len(run) < _MAX_PARTS:
            run.append(rows[index])
            joined.append(_merge(run))
            index = following[index]
    return joined


def _next_on_row(index: int, rows: Sequence[Detection]) -> int | None:
    """The nearest line that goes on to the right on the same row."""
    candidates = [
        (rows[other].box_xyxy[0], other)
        for other in range(len(rows))
        if other != index and _continues(rows[index].corners, rows[other].corners)
    ]
    return min(candidates)[1] if candidates else None


def _continues(left: Corners, right: Corners) -> bool:
    left_height, right_height = quad_size(left)[1], quad_size(right)[1]
    height = max(left_height, right_height)
    if min(left_height, right_height) < _MIN_HEIGHT_RATIO * height:
        return False
    direction_x, direction_y = _direction(left)
    end_x, end_y = _middle(left[1], left[2])
    start_x, start_y = _middle(right[0], right[3])
    gap_x, gap_y = start_x - end_x, start_y - end_y
    along = gap_x * direction_x + gap_y * direction_y
    across = abs(gap_y * direction_x - gap_x * direction_y)
    return -0.5 * height <= along <= _MAX_GAP * height and across <= _MAX_OFFSET * height


def _stack_rows(parts: Sequence[Detection]) -> list[Detection]:
    return [
        _merge((upper, lower))
        for upper in parts
        for lower in parts
        if upper is not lower and _stands_on(upper.corners, lower.corners)
    ]


def _stands_on(upper: Corners, lower: Corners) -> bool:
    upper_box, lower_box = box_from_corners(upper), box_from_corners(lower)
    upper_height, lower_height = quad_size(upper)[1], quad_size(lower)[1]
    if min(upper_height, lower_height) < _MIN_ROW_HEIGHT_RATIO * max(upper_height, lower_height):
        return False
    narrower = min(upper_box[2] - upper_box[0], lower_box[2] - lower_box[0])
    shared = min(upper_box[2], lower_box[2]) - max(upper_box[0], lower_box[0])
    if shared < _MIN_ROW_OVERLAP * narrower:
        return False
    gap = (lower_box[1] + lower_box[3]) / 2 - (upper_box[1] + upper_box[3]) / 2 - (upper_height + lower_height) / 2
    if not -0.4 * min(upper_height, lower_height) <= gap <= _MAX_ROW_GAP * min(upper_height, lower_height):
        return False
    return _aspect(quad_around([*upper, *lower])) <= _MAX_STACK_ASPECT


def _merge(lines: Sequence[Detection]) -> Detection:
    corners = quad_around(point for line in lines for point in line.corners)
    return Detection(corners, min(line.confidence for line in lines))


def _aspect(corners: Corners) -> float:
    width, height = quad_size(corners)
    return width / max(height, 1e-6)


def _direction(corners: Corners) -> tuple[float, float]:
    (left_x, left_y), (right_x, right_y) = _middle(corners[0], corners[3]), _middle(corners[1], corners[2])
    length = math.hypot(right_x - left_x, right_y - left_y) or 1.0
    return (right_x - left_x) / length, (right_y - left_y) / length


def _middle(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
