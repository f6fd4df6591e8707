from __future__ import annotations

import numpy as np
import pytest

from platewatch_training.synthesis.camera import NARROWEST_PX, WIDEST_PX, choose_width, take_crop
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.plates import DrawnPlate, draw_plate
from platewatch_training.synthesis.samples import LONGEST_TEXT, SampleSource, photograph
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


def test_no_two_photographs_are_alike(plate: DrawnPlate, rng: np.random.Generator) -> None:
    first, second = (photograph(plate, 160, rng) for _ in range(2))
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_a_source_repeats_itself_by_its_seed_only() -> None:
    first, again, other = (SampleSource(LAYOUTS, seed=seed) for seed in (3, 3, 4))
    for _ in range(5):
        one, two, three = first.next(), again.next(), other.next()
        assert one.text == two.text
        assert np.array_equal(one.crop_bgr, two.crop_bgr)
        assert not np.array_equal(one.crop_bgr, three.crop_bgr)


def test_samples_have_a_text_that_fits_or_none_at_all() -> None:
    source = SampleSource(LAYOUTS, seed=5)
    samples = [source.next() for _ in range(300)]
    assert all(len(sample.text) <= LONGEST_TEXT for sample in samples)
    nothing = [sample for sample in samples if not sample.text]
    assert 5 < len(nothing) < 60
    assert all(sample.region is None for sample in nothing)
    assert len({sample.region for sample in samples}) > 40
