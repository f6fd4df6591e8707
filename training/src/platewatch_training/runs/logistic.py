"""Logistic regression on a few columns, drawn a little towards weights that are known to be sensible."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_STEEPEST: Final = 25
# Weighs as much as this many rows against leaving the weights as they are: a few errors don't tell a line.
_PRIOR: Final = 2.0
_STEPS: Final = 50
_MIN_PROBABILITY: Final = 1e-9


def fit_logistic(
    columns: NDArray[np.float64], truth: NDArray[np.float64], neutral: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The weights of the columns that say best what is true: Newton's method, halved steps where one is too long.

    Args:
        columns: (N, K).
        truth: (N,), 0 or 1.
        neutral: (K,), the weights that few rows don't move far.
    """

    def cost(weights: NDArray[np.float64]) -> float:
        predicted = columns @ weights
        return float(
            (np.logaddexp(0, predicted) - truth * predicted).sum() + _PRIOR / 2 * ((weights - neutral) ** 2).sum()
        )

    weights = neutral
    for _ in range(_STEPS):
        predicted = 1 / (1 + np.exp(-np.clip(columns @ weights, -_STEEPEST, _STEEPEST)))
        slope = columns.T @ (predicted - truth) + _PRIOR * (weights - neutral)
        bend = (columns * (predicted * (1 - predicted))[:, None]).T @ columns + _PRIOR * np.eye(len(neutral))
        step = np.linalg.solve(bend, slope)
        while cost(weights - step) > cost(weights) and np.abs(step).max() > _MIN_PROBABILITY:
            step = step / 2
        weights = weights - step
    return weights


def logits(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Finite also for 0 and 1."""
    sure = np.clip(probabilities, _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    return np.asarray(np.log(sure / (1 - sure)), np.float64)
