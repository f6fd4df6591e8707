from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platewatch.vision.detector.close_ups import HEIGHT, WIDTH, close_up, placed_again
from platewatch.vision.detector.maps import PADDING_GRAY, Candidates
from platewatch.vision.types import BoxXyxy, ImageBgr


def candidates(*found: tuple[float, BoxXyxy]) -> Candidates:
    """Upright ones with these scores and boxes."""
    boxes = np.asarray([box for _, box in found], np.float32).reshape(-1, 4)
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    return Candidates(np.asarray([score for score, _ in found], np.float32), boxes, corners)


def photo_with(box_xyxy: tuple[int, int, int, int], size: tuple[int, int]) -> ImageBgr:
    """A black photo, `size` wide and high, in which that box is white."""
    left, top, right, bottom = box_xyxy
    photo: ImageBgr = np.zeros((size[1], size[0], 3), np.uint8)
    photo[top:bottom, left:right] = 255
    return photo


@pytest.mark.parametrize(
    ("box", "size"),
    [
        pytest.param((600, 300, 620, 306), (1280, 720), id="small"),
        pytest.param((500, 300, 640, 335), (1280, 720), id="as large as in its close-up"),
        pytest.param((100, 100, 900, 300), (1280, 720), id="large"),
        pytest.param((90, 60, 3700, 2100), (3840, 2160), id="filling the photo"),
        pytest.param((300, 200, 340, 260), (1280, 720), id="higher than wide"),
        pytest.param((0, 0, 200, 60), (1280, 720), id="in the corner"),
        pytest.param((1200, 650, 1280, 720), (1280, 720), id="in the other corner"),
    ],
)
def test_a_close_up_shows_the_box_in_its_middle(box: tuple[int, int, int, int], size: tuple[int, int]) -> None:
    left, top, right, bottom = box
    shown, lies = close_up(photo_with(box, size), box)
    assert shown.shape == (HEIGHT, WIDTH, 3)
    rows, columns = np.nonzero((shown > 200).all(axis=2))
    wide, high = (right - left) * lies.scale, (bottom - top) * lies.scale
    expected = (WIDTH / 2 - wide / 2, HEIGHT / 2 - high / 2, WIDTH / 2 + wide / 2, HEIGHT / 2 + high / 2)
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    # Magnified, the edges of pixels become slopes.
    assert found == pytest.approx(expected, abs=2 + lies.scale)
    assert wide == pytest.approx(140, abs=0.1) or high == pytest.approx(77, abs=0.1)


def test_beyond_the_photo_a_close_up_is_gray() -> None:
    shown, _ = close_up(photo_with((0, 0, 40, 10), (1280, 720)), (0, 0, 40, 10))
    assert (shown[0, 0] == PADDING_GRAY).all()
    assert (shown[-1, -1] == 0).all()


@given(
    st.tuples(st.floats(-50, 2000), st.floats(-50, 2000)),
    st.tuples(st.floats(0, 3000), st.floats(0, 3000)),
    st.tuples(st.integers(1, 2000), st.integers(1, 2000)),
)
def test_any_box_has_a_close_up(start: tuple[float, float], span: tuple[float, float], size: tuple[int, int]) -> None:
    left, top = min(start[0], size[0]), min(start[1], size[1])
    shown, _ = close_up(photo_with((0, 0, 1, 1), size), (left, top, left + span[0], top + span[1]))
    assert shown.shape == (HEIGHT, WIDTH, 3)


def test_what_is_seen_again_is_placed_as_the_close_up_has_it_with_the_mean_of_both_logits() -> None:
    proposal = candidates((0.2, (100, 100, 200, 140)))
    seen = candidates((0.95, (400, 400, 500, 440)), (0.8, (90, 98, 210, 143)), (0.3, (100, 100, 190, 140)))
    found = placed_again(proposal, seen)
    assert found.boxes_xyxy.tolist() == [[90, 98, 210, 143]]
    assert found.corners.shape == (1, 4, 2)
    # 0.8 and 0.2 are as far from a half, on either side.
    assert found.scores.tolist() == pytest.approx([0.5])


def test_a_part_of_the_plate_finds_the_whole() -> None:
    found = placed_again(candidates((0.5, (100, 100, 140, 140))), candidates((0.5, (90, 95, 300, 150))))
    assert found.boxes_xyxy.tolist() == [[90, 95, 300, 150]]


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(candidates(), id="nothing"),
        pytest.param(candidates((0.9, (400, 400, 500, 440))), id="something else"),
        pytest.param(candidates((0.9, (180, 100, 280, 140))), id="something that it hardly overlaps"),
    ],
)
def test_what_its_close_up_does_not_show_is_no_plate(seen: Candidates) -> None:
    assert len(placed_again(candidates((0.9, (100, 100, 200, 140))), seen).scores) == 0


def test_scores_of_nothing_and_of_all_have_a_mean() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    assert 0 < float(placed_again(candidates((0.0, box)), candidates((0.5, box))).scores[0]) < 0.01
    assert float(placed_again(candidates((1.0, box)), candidates((1.0, box))).scores[0]) > 0.99
