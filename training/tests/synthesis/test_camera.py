from __future__ import annotations

import numpy as np
import pytest

from platewatch_training.synthesis import camera
from platewatch_training.synthesis.camera import (
    NARROWEST_CHARACTER_PX,
    NARROWEST_PX,
    WIDEST_PX,
    choose_harshness,
    choose_width,
    take_crop,
)
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.plates import DrawnPlate, draw_plate
from platewatch_training.synthesis.surface import mount, smooth_noise, weather

pytestmark = pytest.mark.usefixtures("fonts")

LAYOUTS = load_layouts()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def plate(rng: np.random.Generator) -> DrawnPlate:
    return draw_plate(next(layout for layout in LAYOUTS if layout.region == "de"), rng, 0.8)


def test_widths_are_drawn_evenly_by_their_logarithm(rng: np.random.Generator) -> None:
    widths = [choose_width(rng) for _ in range(2000)]
    assert NARROWEST_PX <= min(widths) < max(widths) <= WIDEST_PX
    assert np.median(widths) == pytest.approx(np.sqrt(NARROWEST_PX * WIDEST_PX), rel=0.1)


def test_many_characters_need_a_wide_plate_and_a_second_photo_is_no_wider(rng: np.random.Generator) -> None:
    for widest in (60.0, 90.0, 250.0):
        widths = [choose_width(rng, 10, widest=widest) for _ in range(300)]
        assert min(widths) >= min(widest, 10 * NARROWEST_CHARACTER_PX) - 1e-6
        assert max(widths) <= widest + 1e-6
    assert min(choose_width(rng, 2) for _ in range(300)) < 60


def test_few_photos_are_harsh(rng: np.random.Generator) -> None:
    harsh = np.asarray([choose_harshness(rng) for _ in range(2000)])
    assert 0 <= harsh.min() < harsh.max() <= 1
    assert 0.3 < np.median(harsh) < 0.42


def test_noise_is_soft_and_between_zero_and_one(rng: np.random.Generator) -> None:
    noise = smooth_noise((40, 90), 4, rng)
    assert noise.shape == (40, 90)
    assert 0 <= noise.min() < noise.max() <= 1
    assert np.abs(np.diff(noise, axis=1)).max() < 0.3


def test_weather_changes_the_picture_and_leaves_the_plate_itself_alone(
    plate: DrawnPlate, rng: np.random.Generator
) -> None:
    before = plate.picture.copy()
    weathered = [weather(plate, rng) for _ in range(10)]
    assert np.array_equal(plate.picture, before)
    assert any(not np.array_equal(picture, before) for picture in weathered)


def test_a_mounted_plate_is_in_the_middle_of_its_car(plate: DrawnPlate, rng: np.random.Generator) -> None:
    scene, margin = mount(plate.picture, plate.shape, rng)
    height, width = plate.shape.shape
    assert scene.shape == (height + 2 * margin, width + 2 * margin, 3)
    middle = scene[margin + height // 2, margin + 20 : margin + width - 20]
    assert np.allclose(middle, plate.picture[height // 2, 20 : width - 20])


@pytest.mark.parametrize("wanted_px", [NARROWEST_PX, 120, WIDEST_PX])
def test_a_crop_is_about_as_wide_as_wanted(plate: DrawnPlate, rng: np.random.Generator, wanted_px: float) -> None:
    scene, margin = mount(plate.picture, plate.shape, rng)
    crops = [take_crop(scene, margin, wanted_px, rng) for _ in range(20)]
    assert all(crop.dtype == np.uint8 and crop.ndim == 3 for crop in crops)
    assert np.median([crop.shape[1] for crop in crops]) == pytest.approx(wanted_px, rel=0.3)


def test_crops_are_cut_tight_and_loose(rng: np.random.Generator) -> None:
    scene = np.zeros((158, 458, 3), np.float32)
    scene[49:109, 49:409] = 255
    crops = [take_crop(scene, 49, 200, rng).mean(axis=2) for _ in range(500)]
    lit = [crop for crop in crops if crop.max() > 60]
    of_the_plate = np.asarray([(crop > crop.max() / 2).mean() for crop in lit])
    assert len(lit) > 200
    assert 0.7 < np.median(of_the_plate) < 0.97
    assert np.quantile(of_the_plate, 0.1) < 0.72
    assert np.quantile(of_the_plate, 0.95) > 0.97


def test_some_cameras_see_everything_in_one_color(plate: DrawnPlate, rng: np.random.Generator) -> None:
    scene, margin = mount(plate.picture, plate.shape, rng)
    shares = []
    for _ in range(1500):
        colors = take_crop(scene, margin, 160, rng).reshape(-1, 3).mean(axis=0) + 1
        shares.append(colors.max() / colors.sum())
    assert np.median(shares) < 0.4
    assert 0.002 < np.mean(np.asarray(shares) > 0.5) < 0.15


def test_what_shines_in_infrared_runs_over_into_what_is_dark(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = np.zeros((60, 160, 3), np.float32)
    scene[20:40, 70:90] = 255
    beside = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr(camera, "_BLOOMING", share)
        seen = [camera._to_infrared(scene, np.random.default_rng(seed))[30, :, 0] for seed in range(40)]
        beside[share] = [float(row[69] - row[5]) for row in seen]
    assert max(beside[0.0]) == 0
    assert max(beside[1.0]) > 10
