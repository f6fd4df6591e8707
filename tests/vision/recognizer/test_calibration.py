from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.recognizer.calibration import plate_confidence, slot_probabilities


@pytest.mark.parametrize(
    ("temperature", "best"),
    [
        pytest.param(1.0, 0.8808, id="as it is"),
        pytest.param(2.0, 0.7311, id="doubted"),
        pytest.param(0.5, 0.982, id="trusted"),
    ],
)
def test_a_temperature_changes_how_sure_slots_are_but_not_what_they_say(temperature: float, best: float) -> None:
    probabilities = slot_probabilities(np.array([[2, 0], [0, 2]], np.float32), temperature)
    assert probabilities.max(axis=1) == pytest.approx([best, best], abs=1e-4)
    assert probabilities.argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("probability", "slope", "offset", "expected"),
    [
        pytest.param(0.7, 1.0, 0.0, 0.7, id="as it is"),
        pytest.param(0.5, 3.0, 0.0, 0.5, id="the middle stays without an offset"),
        pytest.param(0.9, 0.5, 0.0, 0.75, id="doubted"),
        pytest.param(0.5, 1.0, -1.0986, 0.25, id="moved down"),
        pytest.param(1.0, 1.0, 0.0, 1.0, id="certain"),
        pytest.param(0.0, 1.0, 0.0, 0.0, id="impossible"),
    ],
)
def test_the_confidence_follows_the_probability(
    probability: float, slope: float, offset: float, expected: float
) -> None:
    assert plate_confidence(probability, slope, offset) == pytest.approx(expected, abs=1e-4)


def test_more_probable_texts_are_never_less_sure() -> None:
    confidences = [plate_confidence(share, 0.6, -0.5) for share in np.linspace(0, 1, 50)]
    assert confidences == sorted(confidences)
    assert 0 <= confidences[0] < confidences[-1] <= 1
