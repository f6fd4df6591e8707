from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.backends.ctc import decode_greedy


def steps(*labels_and_scores: tuple[int, float]) -> np.ndarray:
    rows = np.zeros((len(labels_and_scores), 4), dtype=np.float32)
    for row, (label, score) in zip(rows, labels_and_scores, strict=True):
        row[:] = (1 - score) / 3
        row[label] = score
    return rows


@pytest.mark.parametrize(
    ("probabilities", "text"),
    [
        pytest.param(steps(), "", id="no steps"),
        pytest.param(steps((0, 0.9), (0, 0.9)), "", id="blanks alone"),
        pytest.param(steps((1, 0.9), (2, 0.9), (3, 0.9)), "ABC", id="one step each"),
        pytest.param(steps((1, 0.9), (1, 0.9), (1, 0.9)), "A", id="repeats are one"),
        pytest.param(steps((1, 0.9), (0, 0.9), (1, 0.9)), "AA", id="a blank parts equals"),
        pytest.param(steps((1, 0.9), (2, 0.9), (1, 0.9)), "ABA", id="another character parts equals"),
    ],
)
def test_texts(probabilities: np.ndarray, text: str) -> None:
    assert "".join(character.text for character in decode_greedy(probabilities, "ABC")) == text


def test_a_character_is_as_sure_as_its_most_confident_step() -> None:
    decoded = decode_greedy(steps((1, 0.6), (1, 0.9), (1, 0.7), (0, 0.99), (2, 0.5)), "ABC")
    assert [character.text for character in decoded] == ["A", "B"]
    assert [character.confidence for character in decoded] == pytest.approx([0.9, 0.5])
