from __future__ import annotations

import cv2
import numpy as np
import pytest

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.views import (
    Pyramid,
    Turn,
    box_points,
    box_round,
    choose_turn,
    moved,
    scale_of,
    through,
    view_onto,
)

BOX = np.asarray((40, 30, 80, 50), np.float32)


def picture_with_box(size: tuple[int, int] = (160, 120)) -> ImageBgr:
    picture: ImageBgr = np.zeros((size[1], size[0], 3), np.uint8)
    picture[30:50, 40:80] = 255
    return picture


@pytest.mark.parametrize("scale", [0.2, 0.5, 1.0, 3.0])
@pytest.mark.parametrize(
    "turn", [Turn(), Turn(angle=20), Turn(shear=0.2, stretch=1.5)], ids=["plain", "turned", "bent"]
)
def test_a_view_brings_its_center_where_it_is_wanted(scale: float, turn: Turn) -> None:
    view = view_onto((60, 40), (100, 70), scale, turn)
    assert through(view, np.asarray([[60, 40]], np.float32))[0].tolist() == pytest.approx([100, 70])
    assert scale_of(view, (120, 80)) == pytest.approx(scale, rel=0.05)


def test_a_stretch_makes_things_wider_and_keeps_their_area() -> None:
    seen = box_round(through(view_onto((60, 40), (60, 40), 1.0, Turn(stretch=2.0)), box_points(BOX)))
    wide, high = seen[2:] - seen[:2]
    assert wide / high == pytest.approx(2 * 40 / 20)
    assert wide * high == pytest.approx(40 * 20, rel=1e-4)


def test_a_turn_is_clockwise_in_the_picture() -> None:
    corners = through(view_onto((60, 40), (60, 40), 1.0, Turn(angle=10)), box_points(BOX))
    assert corners[1, 1] > corners[0, 1]


@pytest.mark.parametrize("scale", [0.1, 0.3, 1.0, 2.0])
def test_what_is_seen_lies_where_the_view_says(scale: float) -> None:
    view = view_onto((60, 40), (64, 48), scale, Turn())
    seen = Pyramid(picture_with_box()).seen(view, (128, 96), cv2.BORDER_CONSTANT)
    left, top, right, bottom = box_round(through(view, box_points(BOX)))
    assert seen.shape == (96, 128, 3)
    assert seen[..., 0].sum() / 255 == pytest.approx((right - left) * (bottom - top), rel=0.15)
    rows, columns = np.nonzero(seen[..., 0] > 127)
    assert columns.mean() == pytest.approx((left + right) / 2, abs=1.0)
    assert rows.mean() == pytest.approx((top + bottom) / 2, abs=1.0)


def test_small_views_skip_no_pixels() -> None:
    stripes: ImageBgr = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::4] = 200
    seen = Pyramid(stripes).seen(np.diag([0.125, 0.125, 1.0]), (32, 32))
    assert np.abs(seen[4:-4, 4:-4].astype(int) - 50).max() <= 3


def test_beyond_the_picture_is_what_was_asked_for() -> None:
    pyramid = Pyramid(np.full((10, 10, 3), 60, np.uint8))
    assert pyramid.size == (10, 10)
    shifted = moved(20, 0)
    assert pyramid.seen(shifted, (40, 10), cv2.BORDER_CONSTANT, 114.0)[5, 5].tolist() == [114] * 3
    assert pyramid.seen(shifted, (40, 10))[5, 5].tolist() == [60] * 3


def test_a_picture_of_one_pixel_can_be_seen() -> None:
    assert Pyramid(np.full((1, 1, 3), 9, np.uint8)).seen(np.eye(3), (4, 4)).min() == 9


def test_turns_are_stronger_and_wider_where_that_is_wanted() -> None:
    rng = np.random.default_rng(1)
    weak = [choose_turn(rng, strong=False, stretched=False) for _ in range(300)]
    strong = [choose_turn(rng, strong=True, stretched=True) for _ in range(300)]
    assert np.std([one.angle for one in strong]) > 1.5 * np.std([one.angle for one in weak])
    assert np.mean([one.stretch for one in strong]) > 1.1 + np.mean([one.stretch for one in weak]) - 1
    assert all(abs(one.angle) <= 35 and one.stretch > 0 for one in [*weak, *strong])
