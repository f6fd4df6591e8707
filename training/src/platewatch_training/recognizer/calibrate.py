"""Calibration of a network's confidences, fitted on crops that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.vision.recognizer.slot_codec import Logits
from platewatch_training.recognizer.evaluate import Outcome
from platewatch_training.runs.logistic import fit_logistic, logits

_TEMPERATURES: Final = (0.2, 5.0)
_GOLDEN: Final = (math.sqrt(5) - 1) / 2
_NARROWED: Final = 40
_FLATTEST: Final = 0.05
_BINS: Final = 10


def fit_temperature(slot_logits: Logits, targets: NDArray[np.int64]) -> float:
    """The temperature with which the right classes are most likely.

    Args:
        slot_logits: float32 (N, slots, classes), before softmax.
        targets: int64 (N, slots), the right class of each slot.
    """

    def cost(log_temperature: float) -> float:
        scaled = slot_logits.astype(np.float64) / math.exp(log_temperature)
        top = scaled.max(axis=-1, keepdims=True)
        total = np.log(np.exp(scaled - top).sum(axis=-1)) + top[..., 0]
        right = np.take_along_axis(scaled, targets[..., None], axis=-1)[..., 0]
        return float((total - right).mean())

    low, high = (math.log(value) for value in _TEMPERATURES)
    for _ in range(_NARROWED):
        span = _GOLDEN * (high - low)
        if cost(high - span) < cost(low + span):
            high = low + span
        else:
            low = high - span
    return math.exp((low + high) / 2)


def fit_line(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Slope and offset on the logit of the confidence that say best which readings are exact; empty ones don't count.

    Logistic regression, drawn a little towards slope 1 and offset 0.
    """
    read = [outcome for outcome in outcomes if outcome.text]
    confidences = logits(np.asarray([outcome.confidence for outcome in read], np.float64))
    columns = np.stack([confidences, np.ones(len(read))], axis=1)
    exact = np.array([outcome.exact for outcome in read], np.float64)
    slope, offset = fit_logistic(columns, exact, np.array([1.0, 0.0])).tolist()
    return max(_FLATTEST, slope), offset


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """The expected calibration error of the readings, in ten bins of confidence, in per cent.

    Empty readings don't count: nothing has no confidence.
    """
    read = [outcome for outcome in outcomes if outcome.text]
    if not read:
        return 0.0
    confidences = np.array([outcome.confidence for outcome in read])
    exact = np.array([outcome.exact for outcome in read], np.float64)
    bins = np.minimum((confidences * _BINS).astype(int), _BINS - 1)
    apart = sum(abs(float((confidences - exact)[bins == one].sum())) for one in range(_BINS))
    return 100 * apart / len(read)
