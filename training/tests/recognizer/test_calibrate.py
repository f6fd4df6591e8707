from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.recognizer.calibration import plate_confidence
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.recognizer.calibrate import calibration_error, fit_line, fit_temperature
from platewatch_training.recognizer.evaluate import Outcome

CROP = LabelledCrop(np.zeros((2, 2, 3), np.uint8), "AB12", "x")


def outcomes(confidences: list[float], exact: list[bool]) -> list[Outcome]:
    return [
        Outcome(CROP, "AB12" if is_exact else "XX", confidence)
        for confidence, is_exact in zip(confidences, exact, strict=True)
    ]


def simulated(slope: float, offset: float, count: int = 20000) -> list[Outcome]:
    """Readings whose confidence, moved along that line, is how often they are exact."""
    rng = np.random.default_rng(1)
    confidences = rng.uniform(0.01, 0.99, count).tolist()
    exact = [bool(rng.random() < plate_confidence(one, slope, offset)) for one in confidences]
    return outcomes(confidences, exact)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_the_classes_were_drawn_with_is_found(temperature: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 4, (3000, 2, 5)).astype(np.float32)
    drawn = (logits / temperature + rng.gumbel(size=logits.shape)).argmax(axis=-1)
    assert fit_temperature(logits, drawn) == pytest.approx(temperature, rel=0.05)


def test_a_network_that_is_never_wrong_is_trusted_as_far_as_allowed() -> None:
    logits = np.tile(np.array([3, 0, 0], np.float32), (10, 4, 1))
    assert fit_temperature(logits, np.zeros((10, 4), np.int64)) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.5, -0.7), (1.6, 0.8)])
def test_the_line_that_readings_were_drawn_from_is_found(slope: float, offset: float) -> None:
    assert fit_line(simulated(slope, offset)) == pytest.approx((slope, offset), abs=0.15)


@pytest.mark.parametrize(
    "few",
    [
        pytest.param([], id="none"),
        pytest.param(outcomes([0.9, 0.8], [True, True]), id="all right"),
        pytest.param(outcomes([0.9, 0.8], [False, False]), id="all wrong"),
        pytest.param([Outcome(CROP, "", 0.0)] * 50, id="all empty"),
    ],
)
def test_a_few_readings_hardly_move_the_line(few: list[Outcome]) -> None:
    assert fit_line(few) == pytest.approx((1.0, 0.0), abs=0.9)


def test_separable_and_hopeless_confidences_still_give_a_line_upwards() -> None:
    certain = outcomes([1e-15] * 90 + [1 - 1e-15] * 10, [False] * 90 + [True] * 10)
    turned = outcomes([0.1] * 300 + [0.9] * 300, [True] * 300 + [False] * 300)
    for slope, offset in (fit_line(certain), fit_line(turned)):
        assert 0 < slope < 100
        assert abs(offset) < 100


@pytest.mark.parametrize(
    ("confidences", "exact", "error"),
    [
        pytest.param([], [], 0.0, id="nothing"),
        pytest.param([1.0, 1.0], [True, True], 0.0, id="sure and right"),
        pytest.param([1.0, 1.0], [True, False], 50.0, id="too sure"),
        pytest.param([0.51, 0.52, 0.53, 0.54], [True, True, False, False], 2.5, id="as sure as right"),
        pytest.param([0.0, 1.0], [True, False], 100.0, id="bins don't make up for each other"),
    ],
)
def test_the_error_is_how_far_confidence_and_truth_lie_apart(
    confidences: list[float], exact: list[bool], error: float
) -> None:
    assert calibration_error(outcomes(confidences, exact)) == pytest.approx(error)


def test_what_reads_as_nothing_has_no_confidence_that_could_be_wrong() -> None:
    nothing = [Outcome(LabelledCrop(CROP.crop_bgr, "", "x"), "", 0.0)] * 3
    assert calibration_error([*outcomes([0.9], [True]), *nothing]) == pytest.approx(10)
    assert calibration_error(nothing) == 0
