from __future__ import annotations

import cv2
import numpy as np
import pytest

from platewatch.vision.denoise import is_noisy, without_impulses
from platewatch.vision.types import ImageBgr


def street(height: int = 240, width: int = 320) -> ImageBgr:
    """A gray slope with a plate of black bars on white."""
    photo: ImageBgr = np.empty((height, width, 3), np.uint8)
    photo[:] = np.linspace(60, 180, width)[:, None]
    photo[100:130, 100:200] = 250
    photo[105:125, 105:195:10] = 5
    photo[105:125, 106:195:10] = 5
    return photo


def salted(photo: ImageBgr, share: float, seed: int = 3) -> ImageBgr:
    drawn = np.random.default_rng(seed).random(photo.shape[:2])
    noisy = photo.copy()
    noisy[drawn < share / 2] = 0
    noisy[drawn > 1 - share / 2] = 255
    return noisy


@pytest.mark.parametrize(
    ("share", "noisy"), [(0.0, False), (0.001, False), (0.01, True), (0.05, True)], ids=["none", "few", "some", "many"]
)
def test_an_image_is_noisy_where_many_single_pixels_are_black_or_white(share: float, noisy: bool) -> None:
    assert is_noisy(salted(street(), share)) is noisy


def test_an_image_without_noise_is_given_back_itself() -> None:
    photo = street()
    assert without_impulses(photo) is photo


def test_pixels_that_stand_out_are_replaced_and_the_others_stay() -> None:
    photo = street()
    noisy = salted(photo, 0.04)
    hit = (noisy != photo).any(axis=2)
    cleaned = without_impulses(noisy)
    off = np.abs(cleaned.astype(int) - photo).max(axis=2)
    assert (off[hit] < 40).mean() > 0.9
    assert (off[~hit] == 0).mean() > 0.99


@pytest.mark.parametrize("height", [255, 256, 257, 600])
def test_where_strips_meet_pixels_are_cleaned_as_elsewhere(height: int) -> None:
    noisy = salted(np.full((height, 90, 3), 120, np.uint8), 0.04)
    whole = cv2.medianBlur(noisy, 3)
    cleaned = without_impulses(noisy)
    stands_out = cv2.absdiff(noisy, whole).max(axis=2) > 40
    assert (cleaned[stands_out] == whole[stands_out]).all()
    assert (cleaned[~stands_out] == noisy[~stands_out]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3), (13, 700)], ids=str)
def test_images_of_any_shape_are_looked_at(shape: tuple[int, int]) -> None:
    photo: ImageBgr = np.full((*shape, 3), 90, np.uint8)
    assert without_impulses(photo) is photo


def test_black_and_white_areas_are_no_noise() -> None:
    photo: ImageBgr = np.zeros((200, 300, 3), np.uint8)
    photo[:, 150:] = 255
    assert not is_noisy(photo)
