from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platewatch.vision.detector.maps import PADDING_GRAY, Candidates, Letterbox
from platewatch.vision.detector.windows import MAX_WINDOWS, SIDE, choose_windows, cut_window, whole
from platewatch.vision.types import ImageBgr


def at(*middles: tuple[float, float], width: float = 20, height: float = 8) -> Candidates:
    """Candidates with these middles, each less sure than the one before."""
    points = np.asarray(middles, np.float32).reshape(-1, 2)
    half = np.asarray((width / 2, height / 2), np.float32)
    boxes = np.concatenate([points - half, points + half], axis=1)
    scores = np.linspace(0.9, 0.1, len(points), dtype=np.float32)
    return Candidates(scores, boxes, boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))


def test_without_hints_there_is_no_window() -> None:
    assert choose_windows(at(), 1920, 1080, 1.0) == []


def test_one_window_shows_what_is_near_each_other() -> None:
    assert len(choose_windows(at((900, 500), (950, 520), (880, 560)), 1920, 1080, 1.0)) == 1


def test_what_is_far_apart_gets_windows_of_its_own_the_most_confident_first() -> None:
    first, second = choose_windows(at((1500, 500), (100, 500)), 1920, 1080, 1.0)
    assert (first.left, first.top) == (-(1500 - SIDE / 2), -(500 - SIDE / 2))
    assert (second.left, second.top) == (0, -(500 - SIDE / 2))


def test_there_are_no_more_windows_than_may_be() -> None:
    grid = [(float(x), float(y)) for x in range(0, 6000, 640) for y in range(0, 4000, 640)]
    assert len(choose_windows(at(*grid), 6000, 4000, 1.0)) == MAX_WINDOWS


def test_an_image_that_fits_into_a_window_needs_one() -> None:
    (lies,) = choose_windows(at((10, 10), (230, 150)), 240, 160, 2.5)
    assert (lies.scale, lies.left, lies.top) == (2.5, 0, 0)


@given(
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.tuples(st.integers(20, 5000), st.integers(20, 5000)),
    st.floats(0.2, 3),
)
def test_a_hint_lies_in_its_window(share: tuple[float, float], size: tuple[int, int], scale: float) -> None:
    x, y = share[0] * size[0], share[1] * size[1]
    (lies,) = choose_windows(at((x, y)), *size, scale)
    for middle, start in ((x, lies.left), (y, lies.top)):
        assert -0.01 <= middle * scale + start <= SIDE + 0.01


def test_a_window_shows_its_part_of_the_image() -> None:
    photo: ImageBgr = np.zeros((1080, 1920, 3), np.uint8)
    photo[500:508, 900:920] = 255
    (lies,) = choose_windows(at((910, 504)), 1920, 1080, 2.0)
    shown = cut_window(photo, lies)
    assert shown.shape == (SIDE, SIDE, 3)
    assert np.argwhere(shown[..., 0] > 128).mean(axis=0) == pytest.approx([SIDE / 2, SIDE / 2], abs=2)


def test_beyond_the_image_a_window_is_gray() -> None:
    shown = cut_window(np.zeros((100, 200, 3), np.uint8), Letterbox(1.0, 0, 0))
    assert (shown[:100, :200] == 0).all()
    assert (shown[120:] == PADDING_GRAY).all()


def test_what_the_edge_of_a_window_cuts_is_left_to_others() -> None:
    seen = Candidates.joined([at((9, 300)), at((300, 638)), at((300, 300))])
    kept = whole(seen, Letterbox(1.0, -100, -100), 2000, 2000)
    assert kept.boxes_xyxy.tolist() == at((300, 300)).boxes_xyxy.tolist()


def test_what_the_edge_of_the_photo_cuts_stays() -> None:
    seen = at((9, 4), (632, 300))
    assert len(whole(seen, Letterbox(1.0, 0, 0), SIDE, SIDE).scores) == 2
    assert len(whole(seen, Letterbox(1.0, 0, 0), 2000, SIDE).scores) == 1
