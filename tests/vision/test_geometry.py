from __future__ import annotations

import itertools

import pytest

from platewatch.vision.geometry import (
    box_area,
    box_from_corners,
    clip_corners,
    corners_from_box,
    grow_corners,
    intersection_area,
    iou,
    keep_best,
    order_corners,
    overlap_of_smaller,
    polygon_area,
    quad_around,
    quad_size,
    scale_corners,
    shift_corners,
)
from platewatch.vision.types import BoxXyxy, Corners

UPRIGHT: Corners = ((0, 0), (10, 0), (10, 4), (0, 4))
TILTED: Corners = ((2, 0), (12, 3), (11, 7), (1, 4))


@pytest.mark.parametrize("corners", [UPRIGHT, TILTED], ids=["upright", "tilted"])
def test_corners_are_ordered_from_any_order(corners: Corners) -> None:
    for points in itertools.permutations(corners):
        assert order_corners(points) == corners


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param((0, 0, 0, 0), (0, 0, 0, 0), 0.0, id="empty boxes"),
        pytest.param((0, 0, 2, 2), (0, 0, 2, 2), 1.0, id="the same"),
        pytest.param((0, 0, 2, 2), (2, 0, 4, 2), 0.0, id="touching"),
        pytest.param((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3, id="half over"),
        pytest.param((0, 0, 4, 4), (1, 1, 3, 3), 0.25, id="inside"),
        pytest.param((3, 3, 1, 1), (0, 0, 4, 4), 0.0, id="inside out"),
    ],
)
def test_iou(one: BoxXyxy, other: BoxXyxy, expected: float) -> None:
    assert iou(one, other) == pytest.approx(expected)
    assert iou(other, one) == pytest.approx(expected)


def test_overlap_counts_from_the_smaller_box() -> None:
    assert overlap_of_smaller((0, 0, 10, 10), (8, 0, 12, 2)) == pytest.approx(0.5)
    assert overlap_of_smaller((0, 0, 0, 0), (0, 0, 1, 1)) == 0.0


def test_areas() -> None:
    assert box_area((1, 1, 3, 5)) == 8
    assert box_area((3, 1, 1, 5)) == 0
    assert intersection_area((0, 0, 2, 2), (1, 1, 5, 5)) == 1
    assert polygon_area(UPRIGHT) == 40
    assert polygon_area(UPRIGHT[::-1]) == 40
    assert polygon_area([(0, 0), (4, 0), (0, 3)]) == 6


def test_box_and_corners_are_each_others_inverse() -> None:
    box: BoxXyxy = (1, 2, 3, 4)
    assert box_from_corners(corners_from_box(box)) == box
    assert box_from_corners(TILTED) == (1, 0, 12, 7)


def test_quad_size_is_the_longer_of_opposite_edges() -> None:
    assert quad_size(((0, 0), (10, 0), (8, 6), (0, 4))) == pytest.approx((10, 6.3246), abs=1e-3)


def test_the_quad_around_a_tilted_rectangle_is_that_rectangle() -> None:
    rectangle: Corners = ((0, 0), (8, 6), (5, 10), (-3, 4))
    found = quad_around(rectangle)
    assert all(point == pytest.approx(expected, abs=1e-3) for point, expected in zip(found, rectangle, strict=True))


def test_corners_are_scaled_shifted_and_clipped() -> None:
    assert scale_corners(UPRIGHT, 2, 0.5) == ((0, 0), (20, 0), (20, 2), (0, 2))
    assert shift_corners(UPRIGHT, -1, 3) == ((-1, 3), (9, 3), (9, 7), (-1, 7))
    assert clip_corners(shift_corners(UPRIGHT, -1, 3), 8, 6) == ((0, 3), (8, 3), (8, 6), (0, 6))


def test_growing_moves_each_edge_outward() -> None:
    assert grow_corners(UPRIGHT, 2, 1) == ((-2, -1), (12, -1), (12, 5), (-2, 5))


def test_growing_a_point_leaves_it() -> None:
    point: Corners = ((3, 3), (3, 3), (3, 3), (3, 3))
    assert grow_corners(point, 2, 1) == point


@pytest.mark.parametrize(
    ("boxes", "scores", "kept"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([(0, 0, 2, 2), (0, 0, 2, 2)], [0.5, 0.9], [1], id="the better of two"),
        pytest.param([(0, 0, 2, 2), (5, 5, 7, 7)], [0.5, 0.9], [1, 0], id="apart, best first"),
        pytest.param([(0, 0, 2, 2), (1, 0, 3, 2)], [0.9, 0.5], [0, 1], id="overlap below the limit"),
        pytest.param(
            [(0, 0, 4, 2), (1, 0, 5, 2), (2, 0, 6, 2)], [0.9, 0.8, 0.7], [0, 2], id="a dropped one drops none"
        ),
    ],
)
def test_non_max_suppression(boxes: list[BoxXyxy], scores: list[float], kept: list[int]) -> None:
    assert keep_best(boxes, scores, max_iou=0.5) == kept
