from __future__ import annotations

import cv2
import numpy as np
import pytest

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis import exposure
from platewatch_training.synthesis.exposure import expose


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture
def photo() -> ImageBgr:
    ramp = np.linspace(30, 220, 120, dtype=np.uint8)
    return np.ascontiguousarray(np.repeat(np.tile(ramp, (90, 1))[..., None], 3, axis=2))


@pytest.mark.parametrize("shape", [(90, 120), (320, 448), (1300, 40), (8, 8)], ids=str)
def test_photos_of_any_size_keep_it(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    for _ in range(30):
        out = expose(np.full((*shape, 3), 120, np.uint8), rng)
        assert out.shape == (*shape, 3)
        assert out.dtype == np.uint8


def test_no_two_exposures_are_alike(rng: np.random.Generator, photo: ImageBgr) -> None:
    shown = [expose(photo.copy(), rng) for _ in range(20)]
    assert len({one.tobytes() for one in shown}) == 20
    brightness = [float(one.mean()) for one in shown]
    assert max(brightness) - min(brightness) > 60


def test_the_same_chance_gives_the_same_exposure(photo: ImageBgr) -> None:
    one, other = (expose(photo.copy(), np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, other)


def test_what_is_dark_already_is_not_made_night(rng: np.random.Generator) -> None:
    shares = []
    for brightness in (60, 80):
        photo: ImageBgr = np.full((8, 8, 3), brightness, np.uint8)
        dimmed = [float(exposure._light(photo, rng).mean()) < 0.4 * brightness for _ in range(400)]
        shares.append(float(np.mean(dimmed)))
    assert shares[1] > shares[0] + 0.03


def test_about_a_fifth_has_impulses_that_a_median_takes_away(rng: np.random.Generator) -> None:
    noisy = 0
    for _ in range(300):
        out = expose(np.full((64, 64, 3), 128, np.uint8), rng)
        apart = np.abs(out.astype(int) - cv2.medianBlur(out, 3)).max(axis=2)
        noisy += int((apart > 60).mean() > 0.001)
    assert 20 < noisy < 90


@pytest.mark.parametrize("part", ["_shadow", "_soften", "_grain", "_impulses", "_pack"])
def test_each_part_changes_the_photo_and_leaves_what_it_shows(
    rng: np.random.Generator, photo: ImageBgr, part: str
) -> None:
    change = getattr(exposure, part)
    shown = [change(photo.copy(), rng) for _ in range(20)]
    assert any(not np.array_equal(one, photo) for one in shown)
    for one in shown:
        darker, brighter = one[:, 10:50].mean(), one[:, 70:110].mean()
        assert brighter > darker - 60


def test_impulses_are_black_and_white_in_equal_shares(rng: np.random.Generator) -> None:
    gray: ImageBgr = np.full((200, 200, 3), 128, np.uint8)
    salted = exposure._add_salt(gray, rng)
    black, white = (salted == 0).all(axis=2).mean(), (salted == 255).all(axis=2).mean()
    assert 0 < black < 0.06
    assert black == pytest.approx(white, rel=0.4, abs=0.001)
    assert (gray == 128).all()
