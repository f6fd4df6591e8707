from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.calibration import plate_confidence, slot_probabilities, text_probability
from platewatch.vision.types import Character, Transcript


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
    ("rows", "confidences", "joint"),
    [
        pytest.param([[0.1, 0.9], [0.8, 0.2]], [0.9], 0.72, id="a character, then nothing"),
        pytest.param([[0.1, 0.9], [0.3, 0.7]], [0.9, 0.7], 0.63, id="characters alone"),
        pytest.param([[0.6, 0.4], [0.8, 0.2]], [], 0.48, id="nothing at all"),
    ],
)
def test_a_text_is_as_probable_as_its_characters_and_the_empty_rest(
    rows: list[list[float]], confidences: list[float], joint: float
) -> None:
    transcript = Transcript(tuple(Character("A", confidence) for confidence in confidences))
    assert text_probability(np.array(rows, np.float32), transcript) == pytest.approx(joint)


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
