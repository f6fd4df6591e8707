from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.detector.close_ups import HEIGHT, WIDTH
from platewatch.vision.geometry import iou
from platewatch.vision.types import BoxXyxy
from platewatch_training.detector.nearer import MAX_CLOSE_UPS, close_ups, proposed
from platewatch_training.synthesis.scenes import Box, Scene

SIZE = (448, 320)


def scene_with(*boxes: tuple[float, float, float, float], known: bool = True) -> Scene:
    """A dark scene with a white sheet in each box."""
    scene = Scene(np.full((SIZE[1], SIZE[0], 3), 30, np.uint8))
    for left, top, right, bottom in boxes:
        scene.picture_bgr[int(top) : int(bottom), int(left) : int(right)] = 255
        corners = np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
        scene.add(corners, corners_known=known)
    return scene


def _is_whole(scene: Scene) -> bool:
    return any(plate.corners is not None for plate in scene.plates)


def sides(box: Box) -> BoxXyxy:
    left, top, right, bottom = box.tolist()
    return left, top, right, bottom


@pytest.mark.parametrize("width", [12, 60, 400])
def test_a_plate_of_any_size_is_about_as_large_in_its_close_up_and_where_the_picture_shows_it(width: int) -> None:
    middle = (200, 150)
    box = (middle[0] - width / 2, middle[1] - width / 8, middle[0] + width / 2, middle[1] + width / 8)
    shown = []
    for seed in range(30):
        for one in close_ups(scene_with(box), np.random.default_rng(seed)):
            assert one.size == (WIDTH, HEIGHT)
            for plate in one.plates:
                left, top, right, bottom = plate.box_xyxy.round().astype(int)
                assert one.picture_bgr[top + 2 : bottom - 2, left + 2 : right - 2].mean() > 200
                assert plate.corners is None or np.allclose(plate.corners.min(axis=0), plate.box_xyxy[:2], atol=0.1)
                shown.append(right - left)
    assert len(shown) >= 25
    assert 90 < np.median(shown) < 200


def test_at_most_so_many_plates_of_a_scene_are_shown_each_once() -> None:
    crowd = scene_with(
        *[
            (20.0 + 60 * column, 20.0 + 70 * row, 60.0 + 60 * column, 32.0 + 70 * row)
            for column in range(7)
            for row in range(4)
        ]
    )
    for seed in range(10):
        assert MAX_CLOSE_UPS <= len(close_ups(crowd, np.random.default_rng(seed))) <= MAX_CLOSE_UPS + 1


def test_what_is_not_known_is_ignored_in_the_close_up_too() -> None:
    scene = scene_with((200, 150, 260, 165))
    scene.ignored.append(np.asarray((200, 170, 260, 185), np.float32))
    shown = next(one for seed in range(20) for one in close_ups(scene, np.random.default_rng(seed)) if _is_whole(one))
    (ignored,) = shown.ignored
    (plate,) = shown.plates
    assert ignored[1] > plate.box_xyxy[3]
    assert ignored[2] - ignored[0] == pytest.approx(plate.box_xyxy[2] - plate.box_xyxy[0], rel=0.2)


def test_scenes_without_plates_give_close_ups_of_any_place_now_and_then() -> None:
    found = [len(close_ups(scene_with(), np.random.default_rng(seed))) for seed in range(200)]
    assert set(found) == {0, 1}
    assert 0.1 < np.mean(found) < 0.4


def test_proposals_lie_about_where_the_plate_is() -> None:
    rng = np.random.default_rng(5)
    plate = np.asarray((100, 100, 180, 120), np.float32)
    overlaps = [iou(sides(proposed(plate, rng)), sides(plate)) for _ in range(400)]
    assert 0.45 < np.median(overlaps) < 0.85
    assert min(overlaps) > 0
    assert np.mean([one < 0.35 for one in overlaps]) < 0.2


def test_the_same_chance_gives_the_same_close_ups() -> None:
    one, two = (close_ups(scene_with((200, 150, 260, 165)), np.random.default_rng(9)) for _ in range(2))
    assert all(np.array_equal(a.picture_bgr, b.picture_bgr) for a, b in zip(one, two, strict=True))
