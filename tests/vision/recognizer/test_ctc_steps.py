from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest
from numpy.typing import NDArray

from platewatch.vision.recognizer.ctc_steps import peaks, text_probabilities
from platewatch.vision.recognizer.slot_codec import NOTHING

SLOTS = 3
CLASSES = 4


def _text_of(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(label for label, _ in groupby(path) if label != NOTHING)


def _padded(text: tuple[int, ...]) -> list[int]:
    return [*text, *([NOTHING] * (SLOTS - len(text)))]


def _by_every_path(steps: NDArray[np.float32], text: tuple[int, ...]) -> float:
    paths = product(range(CLASSES), repeat=len(steps))
    return sum(float(steps[np.arange(len(steps)), path].prod()) for path in paths if _text_of(path) == text)


@pytest.mark.parametrize("seed", range(6))
def test_a_text_is_as_probable_as_all_paths_that_lead_to_it(seed: int) -> None:
    steps = np.random.default_rng(seed).dirichlet(np.full(CLASSES, 0.6), 5).astype(np.float32)
    texts = [(), (1,), (1, 1), (1, 2), (2, 1, 2), (3, 3, 3), (1, 2, 3)]

    found = text_probabilities(steps, np.asarray([_padded(text) for text in texts]))

    assert found.tolist() == pytest.approx([_by_every_path(steps, text) for text in texts], abs=1e-6)


def test_sure_stretches_of_nothing_still_part_equal_characters() -> None:
    nothing = np.asarray([0.9999, 0.0001, 0, 0], np.float32)
    one = np.asarray([0.1, 0.9, 0, 0], np.float32)
    steps = np.stack([nothing] * 20 + [one] + [nothing] * 7 + [one] + [nothing] * 30)

    single, double = text_probabilities(steps, np.asarray([_padded((1,)), _padded((1, 1))])).tolist()

    assert double == pytest.approx(0.81, abs=0.01)
    assert single == pytest.approx(0.18, abs=0.01)


def test_peaks_are_the_most_confident_steps_of_each_character() -> None:
    steps = np.full((9, CLASSES), 0.0, np.float32)
    steps[:, NOTHING] = 1
    for place, label, share in ((1, 2, 0.6), (2, 2, 0.9), (4, 2, 0.7), (5, 3, 0.8)):
        steps[place] = 0
        steps[place, [NOTHING, label]] = (1 - share, share)

    found = peaks(steps, SLOTS)

    assert found.argmax(axis=1).tolist() == [2, 2, 3]
    assert found.max(axis=1).tolist() == pytest.approx([0.9, 0.7, 0.8])
    assert peaks(steps, 2).argmax(axis=1).tolist() == [2, 2]
    assert peaks(steps, 5)[3:, NOTHING].tolist() == [1, 1]


def test_steps_of_nothing_have_no_peaks() -> None:
    steps = np.eye(CLASSES, dtype=np.float32)[[NOTHING] * 4]
    assert (peaks(steps, SLOTS)[:, NOTHING] == 1).all()
    assert text_probabilities(steps, np.asarray([_padded(()), _padded((1,))])).tolist() == [1.0, 0.0]
