from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from platewatch_training.synthesis.shapes import cross, ellipse, grown, rounded_rectangle, shield, slanted, star_ring


@pytest.mark.parametrize(
    ("mask", "share"),
    [
        pytest.param(rounded_rectangle(80, 40, 10), 0.973, id="a rectangle loses its corners"),
        pytest.param(rounded_rectangle(80, 40, 0), 1.0, id="without a radius nothing is lost"),
        pytest.param(rounded_rectangle(80, 40, 99), 0.893, id="a radius is at most half the height"),
        pytest.param(ellipse(80, 40), np.pi / 4, id="an ellipse"),
        pytest.param(shield(40, 80), 0.5 + np.pi / 8, id="a shield is half a rectangle, half an arch"),
    ],
)
def test_a_shape_covers_its_share_of_the_mask(mask: NDArray[np.float32], share: float) -> None:
    assert mask.dtype == np.float32
    assert 0 <= mask.min() <= mask.max() == 1
    assert mask.mean() == pytest.approx(share, abs=0.02)


def test_a_shield_is_straight_above_and_narrow_below() -> None:
    mask = shield(40, 60)
    assert mask.shape == (60, 40)
    assert mask[0].min() == 1
    assert mask[-1, 0] == 0
    assert mask[-2, 20] > 0.9


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 7), (7, 2)])
def test_shapes_of_few_pixels_have_their_size(width: int, height: int) -> None:
    for mask in (rounded_rectangle(width, height, 3), ellipse(width, height), shield(width, height)):
        assert mask.shape == (height, width)


def test_stars_stand_round_an_empty_middle() -> None:
    ring = star_ring(60)
    assert ring.shape == (60, 60)
    assert ring[24:36, 24:36].max() == 0
    assert ring[:15].max() > 0.5
    assert ring[-15:].max() > 0.5


@pytest.mark.parametrize("px", [-1.5, -0.6, 0.4, 1.0, 2.5])
def test_a_bar_grows_on_every_side(px: float) -> None:
    mask = np.zeros((60, 80), np.float32)
    mask[20:40, 30:50] = 1
    bar = grown(mask, px)
    assert bar.dtype == np.float32
    assert 0 <= bar.min() <= bar.max() == 1
    middle = bar.shape[0] // 2, bar.shape[1] // 2
    assert bar[middle[0]].sum() == pytest.approx(20 + 2 * px, abs=0.2)
    assert bar[:, middle[1]].sum() == pytest.approx(20 + 2 * px, abs=0.2)
    assert np.allclose(bar, bar[::-1, ::-1], atol=1e-4)


def test_growth_that_nobody_sees_changes_nothing() -> None:
    mask = rounded_rectangle(30, 20, 4)
    assert grown(mask, 0.01) is mask


@pytest.mark.parametrize("slant", [-0.2, 0.3])
def test_a_slanted_bar_leans_by_that_share_of_its_height(slant: float) -> None:
    mask = np.zeros((41, 30), np.float32)
    mask[:, 13:17] = 1
    bar = slanted(mask, slant)
    middles = bar @ np.arange(bar.shape[1]) / bar.sum(axis=1)
    assert middles[0] - middles[-1] == pytest.approx(slant * 40, abs=0.2)
    assert middles[20] == pytest.approx((bar.shape[1] - 1) / 2, abs=0.1)
    assert slanted(mask, 0) is mask


def test_a_cross_goes_from_edge_to_edge_with_bars_of_its_share() -> None:
    mask = cross(40, 50, 0.2)
    assert mask.shape == (50, 40)
    assert mask[0].sum() == 8  # the upright bar: a fifth of the width
    assert mask[:, 0].sum() == 8
    assert mask[0, 0] == 0.0


def test_a_cross_on_a_few_pixels_still_has_both_bars() -> None:
    mask = cross(3, 3, 0.1)
    assert mask.sum() > 0
    assert mask[0].any()
    assert mask[:, 0].any()
