"""Texts from the steps of connectionist temporal classification (CTC, Graves et al. 2006), for the recognizer's beam.

A step is a place in the crop; its class is a character or "nothing". A text is what is left of the steps' classes once
repetitions are one and "nothing" is dropped.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.vision.recognizer.slot_codec import NOTHING

# A run of steps that give "nothing" more than this is taken as one such step: most are, and it saves most time.
_CONFIDENTLY_NOTHING: Final = 0.999


def peaks(step_probabilities: NDArray[np.float32], slots: int) -> NDArray[np.float32]:
    """The classes of each character that the most likely path has, as slots: float32 (slots, classes).

    Characters beyond the last slot are dropped; slots without a character are sure of "nothing".

    Args:
        step_probabilities: float32 (steps, classes), each row's sum is 1.
        slots: how many there are.
    """
    best = step_probabilities.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = np.append(starts[1:], len(best))
    found = np.zeros((slots, step_probabilities.shape[1]), np.float32)
    found[:, NOTHING] = 1.0
    filled = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        label = best[start]
        if label != NOTHING and filled < slots:
            found[filled] = step_probabilities[start + int(step_probabilities[start:end, label].argmax())]
            filled += 1
    return found


def text_probabilities(step_probabilities: NDArray[np.float32], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """The probability of each text over all paths that lead to it (the forward algorithm): float64 (texts,).

    Args:
        step_probabilities: float32 (steps, classes), each row's sum is 1.
        classes: int64 (texts, slots), as `SlotCodec.encode` gives them: characters, then "nothing".
    """
    steps = _without_repeated_nothing(np.asarray(step_probabilities, np.float64))
    texts, slots = classes.shape
    states = np.full((texts, 2 * slots + 1), NOTHING)  # nothing, character, nothing, character, ..., nothing
    states[:, 1::2] = classes
    skips = np.zeros(states.shape)  # a character may follow another one at once if it is a different one
    skips[:, 2:] = (states[:, 2:] != NOTHING) & (states[:, 2:] != states[:, :-2])
    reached = np.zeros(states.shape)
    reached[:, :2] = steps[0][states[:, :2]]
    for step in steps[1:]:
        arrived = reached.copy()
        arrived[:, 1:] += reached[:, :-1]
        arrived[:, 2:] += reached[:, :-2] * skips[:, 2:]
        reached = arrived * step[states]
    rows = np.arange(texts)
    last = 2 * (classes != NOTHING).sum(axis=1)
    return np.asarray(reached[rows, last] + np.where(last > 0, reached[rows, last - 1], 0.0), np.float64)


def _without_repeated_nothing(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    sure = steps[:, NOTHING] > _CONFIDENTLY_NOTHING
    repeated = np.append(False, sure[1:] & sure[:-1])
    return np.asarray(steps[~repeated], np.float64)
