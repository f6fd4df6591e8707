from __future__ import annotations

import numpy as np
import pytest

from platewatch_training.synthesis.camera import NARROWEST_PX, retake
from platewatch_training.synthesis.distractors import distractor
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.samples import SampleSource

pytestmark = pytest.mark.usefixtures("fonts")


def test_distractors_are_pictures_of_all_kinds() -> None:
    rng = np.random.default_rng(1)
    crops = [distractor(rng) for _ in range(60)]
    assert all(crop.dtype == np.uint8 and crop.shape[2] == 3 and min(crop.shape[:2]) >= 6 for crop in crops)
    assert len({crop.shape for crop in crops}) > 30


def test_a_real_crop_is_photographed_again_and_stays_itself() -> None:
    rng = np.random.default_rng(2)
    crops = (sample.crop_bgr for sample in SampleSource(load_layouts(), seed=1))
    crop = next(crop for crop in crops if crop.shape[1] > 2 * NARROWEST_PX)
    before = crop.copy()
    again = [retake(crop, rng) for _ in range(20)]
    assert np.array_equal(crop, before)
    assert all(one.dtype == np.uint8 for one in again)
    assert len({one.shape for one in again}) > 3
    assert all(abs(one.shape[1] / one.shape[0] - crop.shape[1] / crop.shape[0]) < 0.6 for one in again)
