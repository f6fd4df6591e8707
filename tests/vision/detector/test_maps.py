from __future__ import annotations

import math

import numpy as np
import pytest

from platewatch.vision.detector.maps import (
    CHANNELS,
    STRIDES,
    Candidates,
    Letterbox,
    Map,
    canvas_size,
    decode,
    fit_corners,
    halved,
    letterbox,
    scaled,
    suppress,
    to_detections,
)
from platewatch.vision.geometry import box_from_corners
from platewatch.vision.types import ImageBgr

CANVAS = (128, 96)


def empty_maps() -> list[Map]:
    width, height = CANVAS
    maps = [np.zeros((CHANNELS, height // stride, width // stride), np.float32) for stride in STRIDES]
    for one in maps:
        one[0] = -12
    return maps


def candidates(*boxes: tuple[float, float, float, float], scores: tuple[float, ...]) -> Candidates:
    array = np.asarray(boxes, np.float32).reshape(-1, 4)
    corners = array[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    return Candidates(np.asarray(scores, np.float32), array, corners)


@pytest.mark.parametrize(
    ("photo", "side", "canvas"),
    [
        pytest.param((1280, 720), 640, (640, 384), id="720p"),
        pytest.param((1920, 1080), 640, (640, 384), id="1080p"),
        pytest.param((640, 480), 640, (640, 480), id="4:3"),
        pytest.param((500, 500), 640, (640, 640), id="square"),
        pytest.param((720, 1280), 640, (384, 640), id="tall"),
        pytest.param((8192, 900), 640, (640, 96), id="a panorama"),
        pytest.param((10_000, 1), 640, (640, 32), id="a line"),
        pytest.param((1, 1), 640, (640, 640), id="a pixel"),
        pytest.param((1280, 720), 1000, (1024, 576), id="a side that is no multiple of the coarsest stride"),
    ],
)
def test_the_canvas_takes_the_photos_shape(photo: tuple[int, int], side: int, canvas: tuple[int, int]) -> None:
    assert canvas_size(*photo, side) == canvas


@pytest.mark.parametrize("shape", [(720, 1280), (1280, 720), (64, 64), (1, 900), (33, 31), (2000, 3000)], ids=str)
def test_a_photo_lies_in_its_canvas_with_gray_round_it(shape: tuple[int, int]) -> None:
    photo: ImageBgr = np.full((*shape, 3), 255, np.uint8)
    width, height = canvas_size(shape[1], shape[0])
    canvas, lies = letterbox(photo, width, height)
    white = canvas[..., 0] == 255
    assert canvas.shape == (height, width, 3)
    assert set(np.unique(canvas)) <= {114, 255}
    shown = max(1, round(shape[0] * lies.scale)), max(1, round(shape[1] * lies.scale))
    assert white.sum() == shown[0] * shown[1]
    assert white[lies.top : lies.top + shown[0], lies.left : lies.left + shown[1]].all()


def test_fine_lines_are_averaged_where_much_is_left_out() -> None:
    photo: ImageBgr = np.zeros((384, 640 * 4, 3), np.uint8)
    photo[:, ::4] = 200
    canvas, _ = letterbox(photo, 640, 96)
    assert canvas.min() == canvas.max() == 50


def test_boxes_come_back_from_the_canvas_and_stay_in_the_photo() -> None:
    lies = Letterbox(scale=0.5, left=10, top=20)
    assert lies.to_image((20, 30, 1000, 40), 400, 300) == (20, 20, 400, 40)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_cell_says_middle_size_and_corners_in_its_strides(level: int) -> None:
    maps = empty_maps()
    stride = STRIDES[level]
    maps[level][:, 1, 2] = [0, 0.5, -0.25, math.log(4), math.log(1), *([0.0] * 8)]
    maps[level][5:7, 1, 2] = (0.1, -0.2)
    found = decode(maps, 0.3)
    middle_x, middle_y = 3.0 * stride, 1.25 * stride
    left, top = middle_x - 2 * stride, middle_y - 0.5 * stride
    right, bottom = middle_x + 2 * stride, middle_y + 0.5 * stride
    assert found.scores.tolist() == [0.5]
    assert found.boxes_xyxy[0].tolist() == pytest.approx([left, top, right, bottom])
    first = (left + 0.1 * 4 * stride, top - 0.2 * stride)
    assert found.corners[0].ravel().tolist() == pytest.approx([*first, right, top, right, bottom, left, bottom])


@pytest.mark.parametrize(
    ("min_score", "count"), [(0.6, 1), (0.3, 2), (0.05, 3), (0.0, 252), (1.0, 0)], ids=lambda value: f"{value}"
)
def test_what_is_not_sure_enough_is_left_out_and_the_most_confident_come_first(min_score: float, count: int) -> None:
    maps = empty_maps()
    maps[0][0, 3, 3], maps[1][0, 2, 1], maps[2][0, 0, 0] = -2, 1, 0
    found = decode(maps, min_score)
    assert len(found.scores) == count
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    assert found.boxes_xyxy.shape == (count, 4)
    assert found.corners.shape == (count, 4, 2)


def test_a_photo_full_of_candidates_gives_the_most_confident_few_hundred() -> None:
    maps = [np.full((CHANNELS, 80 // 2**level, 80 // 2**level), 3, np.float32) for level in range(3)]
    assert len(decode(maps, 0.1).scores) == 300


@pytest.mark.parametrize("answer", [1e6, -1e6], ids=["huge", "tiny"])
def test_wild_answers_stay_finite(answer: float) -> None:
    maps = empty_maps()
    maps[0][:, 1, 1] = answer
    maps[0][0, 1, 1] = 5
    found = decode(maps, 0.5)
    assert np.isfinite(found.boxes_xyxy).all()
    lies = Letterbox(1.0, 0, 0)
    assert to_detections(found.in_image(lies), 100, 100) == []


@pytest.mark.parametrize(("max_iou", "kept"), [(0.3, [0.9, 0.5]), (0.7, [0.9, 0.8, 0.5])], ids=["few", "many"])
def test_of_overlapping_ones_the_most_confident_is_kept(max_iou: float, kept: list[float]) -> None:
    found = candidates((0, 0, 40, 10), (0, 0, 40, 20), (100, 0, 140, 10), scores=(0.9, 0.8, 0.5))
    assert suppress(found, max_iou).scores.tolist() == pytest.approx(kept)


def test_nothing_stays_nothing() -> None:
    found = suppress(decode(empty_maps(), 0.5), 0.5)
    assert found.scores.shape == (0,)
    assert to_detections(found, 10, 10) == []


def test_corners_touch_all_sides_of_their_box() -> None:
    turned = np.asarray([[[12, 10], [48, 14], [46, 26], [10, 22]]], np.float32)
    box = np.asarray([[100, 50, 180, 90]], np.float32)
    (corners,) = fit_corners(turned, box)
    assert box_from_corners([tuple(point) for point in corners.tolist()]) == pytest.approx((100, 50, 180, 90))
    assert corners[0, 0] > corners[3, 0]
    assert corners[0, 1] < corners[1, 1]


def test_corners_that_fell_together_give_a_point_of_the_box() -> None:
    corners = fit_corners(np.full((1, 4, 2), 7, np.float32), np.asarray([[0, 0, 10, 10]], np.float32))
    assert np.isfinite(corners).all()


def test_detections_are_in_pixels_of_the_photo() -> None:
    found = candidates((20, 30, 60, 40), (-50, 0, -10, 10), scores=(0.9, 0.8))
    (detection,) = to_detections(found.in_image(Letterbox(0.5, 10, 20)), 400, 300)
    assert detection.box_xyxy == pytest.approx((20, 20, 100, 40))
    assert detection.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("size", "side", "halved_size"),
    [
        ((720, 1280), 640, (360, 640)),
        ((719, 1279), 640, (719, 1279)),
        ((1080, 1920), 640, (540, 960)),
        ((1, 5000), 640, (1, 5000)),
    ],
    ids=str,
)
def test_an_image_is_halved_while_it_stays_long_enough(
    size: tuple[int, int], side: int, halved_size: tuple[int, int]
) -> None:
    smaller, scale = halved(np.full((*size, 3), 90, np.uint8), side)
    assert smaller.shape[:2] == halved_size
    assert scale == halved_size[1] / size[1]
    assert (smaller == 90).all()


def test_thin_lines_are_not_passed_over_when_an_image_becomes_much_smaller() -> None:
    striped: ImageBgr = np.zeros((64, 64, 3), np.uint8)
    striped[:, ::8] = 255
    assert scaled(striped, 8, 8).mean() == pytest.approx(255 / 8, abs=4)
