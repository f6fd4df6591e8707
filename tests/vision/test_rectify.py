from __future__ import annotations

import cv2
import numpy as np
import pytest

from platewatch.vision.geometry import corners_from_box
from platewatch.vision.rectify import rectify
from platewatch.vision.types import Corners, Detection, ImageBgr

RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)


def plate_in_photo(corners: Corners) -> ImageBgr:
    """A photo of a sign with four colored quarters at the corners."""
    sign = np.zeros((40, 160, 3), dtype=np.uint8)
    sign[:20, :80], sign[:20, 80:], sign[20:, :80], sign[20:, 80:] = RED, GREEN, BLUE, WHITE
    source = np.asarray(corners_from_box((0, 0, 160, 40)), dtype=np.float32)
    place = cv2.getPerspectiveTransform(source, np.asarray(corners, dtype=np.float32))
    return np.asarray(cv2.warpPerspective(sign, place, (400, 300)), dtype=np.uint8)


@pytest.mark.parametrize(
    "corners",
    [
        pytest.param(corners_from_box((100, 100, 260, 140)), id="upright"),
        pytest.param(((100, 80), (250, 140), (235, 180), (85, 120)), id="turned"),
        pytest.param(((100, 100), (260, 80), (260, 140), (100, 130)), id="seen from the side"),
        pytest.param(((260, 140), (100, 140), (100, 100), (260, 100)), id="upside down"),
    ],
)
def test_the_plate_is_straightened(corners: Corners) -> None:
    crop = rectify(plate_in_photo(corners), Detection(corners, 0.9))
    height, width = crop.image_bgr.shape[:2]
    assert width > 2 * height
    for (x, y), color in {(0.25, 0.25): RED, (0.75, 0.25): GREEN, (0.25, 0.75): BLUE, (0.75, 0.75): WHITE}.items():
        assert np.abs(crop.image_bgr[int(y * height), int(x * width)].astype(int) - color).max() < 10


def test_an_upright_box_is_cut_out_pixel_by_pixel() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (50, 80, 3), dtype=np.uint8)
    crop = rectify(photo, Detection(corners_from_box((10, 20, 40, 30)), 1.0))
    assert np.array_equal(crop.image_bgr, photo[20:30, 10:40])


def test_a_margin_is_added_on_each_side() -> None:
    photo = np.zeros((100, 100, 3), dtype=np.uint8)
    crop = rectify(photo, Detection(corners_from_box((20, 40, 60, 50)), 1.0), margin=0.5)
    assert crop.image_bgr.shape == (20, 50, 3)


def test_beyond_the_edge_the_photo_repeats() -> None:
    photo = np.full((20, 20, 3), 77, dtype=np.uint8)
    assert set(rectify(photo, Detection(corners_from_box((-10, -5, 5, 5)), 1.0)).image_bgr.ravel()) == {77}


@pytest.mark.parametrize(
    ("corners", "shape"),
    [
        pytest.param(((5, 5), (5, 5), (5, 5), (5, 5)), (1, 1, 3), id="a point"),
        pytest.param(corners_from_box((0, 0, 1e7, 1e7)), (40, 60, 3), id="far larger than the photo"),
    ],
)
def test_corners_that_make_no_sense_do_no_harm(corners: Corners, shape: tuple[int, int, int]) -> None:
    assert rectify(np.zeros((20, 30, 3), dtype=np.uint8), Detection(corners, 1.0)).image_bgr.shape == shape
