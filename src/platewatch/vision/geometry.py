"""Boxes, quads and their overlaps: pure functions in pixels, x to the right and y down."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from platewatch.vision.types import BoxXyxy, Corners, Point


def order_corners(points: Iterable[Point]) -> Corners:
    """The four points as top left, top right, bottom right, bottom left, for turns below 45 degrees."""
    four = [(float(x), float(y)) for x, y in points]
    center_x = sum(x for x, _ in four) / 4
    center_y = sum(y for _, y in four) / 4
    around = sorted(four, key=lambda point: math.atan2(point[1] - center_y, point[0] - center_x))
    first = min(range(4), key=lambda index: sum(around[index]))
    top_left, top_right, bottom_right, bottom_left = around[first:] + around[:first]
    return top_left, top_right, bottom_right, bottom_left


def corners_from_box(box_xyxy: BoxXyxy) -> Corners:
    """The four corners of an upright box."""
    left, top, right, bottom = box_xyxy
    return (left, top), (right, top), (right, bottom), (left, bottom)


def box_from_corners(corners: Iterable[Point]) -> BoxXyxy:
    """The smallest upright box round the points."""
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def box_area(box_xyxy: BoxXyxy) -> float:
    """The area; 0 for a box that is turned inside out."""
    left, top, right, bottom = box_xyxy
    return max(0.0, right - left) * max(0.0, bottom - top)


def intersection_area(one_xyxy: BoxXyxy, other_xyxy: BoxXyxy) -> float:
    """The area that both boxes cover."""
    return box_area(
        (
            max(one_xyxy[0], other_xyxy[0]),
            max(one_xyxy[1], other_xyxy[1]),
            min(one_xyxy[2], other_xyxy[2]),
            min(one_xyxy[3], other_xyxy[3]),
        ),
    )


def iou(one_xyxy: BoxXyxy, other_xyxy: BoxXyxy) -> float:
    """Intersection over union, 0..1."""
    both = intersection_area(one_xyxy, other_xyxy)
    union = box_area(one_xyxy) + box_area(other_xyxy) - both
    return both / union if union > 0 else 0.0


def overlap_of_smaller(one_xyxy: BoxXyxy, other_xyxy: BoxXyxy) -> float:
    """The share of the smaller box that the other covers, 0..1."""
    smaller = min(box_area(one_xyxy), box_area(other_xyxy))
    return intersection_area(one_xyxy, other_xyxy) / smaller if smaller > 0 else 0.0


def polygon_area(points: Sequence[Point]) -> float:
    """The area of a polygon without crossings (shoelace formula), clockwise or not."""
    following = [*points[1:], *points[:1]]
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(points, following, strict=True))) / 2


def quad_size(corners: Corners) -> tuple[float, float]:
    """Width and height of the plate itself: the longer one of each pair of opposite edges."""
    top_left, top_right, bottom_right, bottom_left = corners
    width = max(math.dist(top_left, top_right), math.dist(bottom_left, bottom_right))
    height = max(math.dist(top_left, bottom_left), math.dist(top_right, bottom_right))
    return width, height


def quad_around(points: Iterable[Point]) -> Corners:
    """The smallest turned rectangle round the points."""
    rectangle = cv2.minAreaRect(np.asarray(list(points), dtype=np.float32))
    return order_corners([(float(x), float(y)) for x, y in cv2.boxPoints(rectangle)])


def turned_corners(middle: Point, size: tuple[float, float], angle: float) -> Corners:
    """The corners of a box of that middle, width and height, turned clockwise by so many radians."""
    (x, y), (width, height) = middle, size
    cos, sin = math.cos(angle) / 2, math.sin(angle) / 2
    across, down = (width * cos, width * sin), (-height * sin, height * cos)
    one, two, three, four = (
        (x + a * across[0] + b * down[0], y + a * across[1] + b * down[1])
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    )
    return one, two, three, four


def scale_corners(corners: Corners, scale_x: float, scale_y: float) -> Corners:
    """The corners in an image that is `scale_x` times as wide and `scale_y` times as high."""
    one, two, three, four = ((x * scale_x, y * scale_y) for x, y in corners)
    return one, two, three, four


def shift_corners(corners: Corners, by_x: float, by_y: float) -> Corners:
    """The corners moved."""
    one, two, three, four = ((x + by_x, y + by_y) for x, y in corners)
    return one, two, three, four


def clip_corners(corners: Corners, width: int, height: int) -> Corners:
    """The corners kept inside an image of this size."""
    one, two, three, four = ((min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in corners)
    return one, two, three, four


def grow_corners(corners: Corners, by_x: float, by_y: float) -> Corners:
    """The quad with each edge moved outward: `by_x` pixels along its own width, `by_y` along its own height."""
    top_left, top_right, bottom_right, bottom_left = (np.asarray(point, dtype=np.float64) for point in corners)
    top, bottom = _unit(top_right - top_left) * by_x, _unit(bottom_right - bottom_left) * by_x
    left, right = _unit(bottom_left - top_left) * by_y, _unit(bottom_right - top_right) * by_y
    grown = (top_left - top - left, top_right + top - right, bottom_right + bottom + right, bottom_left - bottom + left)
    one, two, three, four = ((float(x), float(y)) for x, y in grown)
    return one, two, three, four


def keep_best(boxes_xyxy: Sequence[BoxXyxy], scores: Sequence[float], max_iou: float) -> list[int]:
    """Non-max suppression: indices of the boxes to keep, best first; equal scores keep their order."""
    order = sorted(range(len(boxes_xyxy)), key=lambda index: -scores[index])
    kept: list[int] = []
    for index in order:
        if all(iou(boxes_xyxy[index], boxes_xyxy[other]) <= max_iou for other in kept):
            kept.append(index)
    return kept


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.hypot(vector[0], vector[1]))
    return vector / length if length > 0 else np.zeros(2)
