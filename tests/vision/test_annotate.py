from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFont

from platewatch.errors import UnsupportedImageError
from platewatch.vision import annotate as annotate_module
from platewatch.vision.annotate import annotate
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.types import BoxXyxy

GRAY = np.full((300, 400, 3), 100, dtype=np.uint8)
OUTLINE_BGR = (90, 220, 0)


def changed_box(before: np.ndarray, after: np.ndarray) -> BoxXyxy:
    ys, xs = np.nonzero((before != after).any(axis=2))
    return float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())


def test_nothing_to_show_changes_nothing() -> None:
    assert np.array_equal(annotate(GRAY, []), GRAY)


def test_the_plate_is_outlined_and_the_photo_untouched() -> None:
    before = GRAY.copy()
    after = annotate(GRAY, [(corners_from_box((100, 100, 200, 140)), "")])
    assert np.array_equal(GRAY, before)
    assert tuple(after[100, 150]) == tuple(after[120, 100]) == OUTLINE_BGR
    assert np.array_equal(after[105:135, 105:195], GRAY[105:135, 105:195])


def test_a_label_stands_above_the_plate_and_does_not_cover_it() -> None:
    corners = corners_from_box((100, 100, 200, 140))
    outlined, labeled = annotate(GRAY, [(corners, "")]), annotate(GRAY, [(corners, "AB12CDE")])
    left, _top, _right, bottom = changed_box(outlined, labeled)
    assert left == 100
    assert bottom < 100


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((0, 0, 60, 20), id="top left"),
        pytest.param((350, 0, 400, 20), id="top right"),
        pytest.param((370, 280, 400, 300), id="bottom right"),
        pytest.param((0, 0, 400, 300), id="the whole picture"),
    ],
)
def test_a_label_stays_in_the_picture(box: BoxXyxy) -> None:
    def label_pixels(image: np.ndarray) -> int:
        return int((annotate(image, [(corners, "WM64UMA")]) != annotate(image, [(corners, "")])).any(axis=2).sum())

    corners = corners_from_box(box)
    middle = corners_from_box((150, 150, 250, 190))
    free = (annotate(GRAY, [(middle, "WM64UMA")]) != annotate(GRAY, [(middle, "")])).any(axis=2).sum()
    assert label_pixels(GRAY) > 0.6 * free


def test_lines_and_letters_grow_with_the_picture() -> None:
    def heights(size: int) -> tuple[int, float]:
        image = np.full((size, size, 3), 100, dtype=np.uint8)
        corners = corners_from_box((size / 2, size / 2, size * 0.75, size * 0.6))
        outlined = annotate(image, [(corners, "")])
        column = int(size * 0.6)
        line = int((outlined[: int(size * 0.55), column] != image[: int(size * 0.55), column]).any(axis=1).sum())
        _, top, _, bottom = changed_box(outlined, annotate(image, [(corners, "AB12CDE")]))
        return line, bottom - top

    small_line, small_label = heights(600)
    large_line, large_label = heights(2400)
    assert large_line >= 3 * small_line
    assert large_label == pytest.approx(4 * small_label, rel=0.2)


def test_characters_without_a_font_become_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_font(*_: object, **__: object) -> ImageFont.FreeTypeFont:
        raise OSError

    annotate_module._chinese_font.cache_clear()
    annotate_module._latin_font(14)
    monkeypatch.setattr(ImageFont, "truetype", no_font)
    corners = corners_from_box((100, 100, 200, 140))
    shown = annotate(GRAY, [(corners, "京A12345")])
    annotate_module._chinese_font.cache_clear()
    assert np.array_equal(shown, annotate(GRAY, [(corners, "?A12345")]))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (500, 1, 3)])
def test_tiny_pictures_do_not_break_it(shape: tuple[int, int, int]) -> None:
    assert annotate(np.zeros(shape, dtype=np.uint8), [(corners_from_box((0, 0, 1, 1)), "AB12CDE")]).shape == shape


def test_a_gray_array_is_refused() -> None:
    with pytest.raises(UnsupportedImageError):
        annotate(np.zeros((5, 5), dtype=np.uint8), [])
