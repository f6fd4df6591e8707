from __future__ import annotations

import numpy as np
import pytest

from platewatch_training.runs.logistic import fit_logistic, logits


def test_known_weights_are_found_again() -> None:
    rng = np.random.default_rng(1)
    columns = np.stack([rng.normal(size=20_000), rng.normal(size=20_000), np.ones(20_000)], axis=1)
    weights = np.array([1.5, -0.7, 0.4])
    truth = (rng.random(20_000) < 1 / (1 + np.exp(-columns @ weights))).astype(np.float64)
    assert fit_logistic(columns, truth, np.zeros(3)) == pytest.approx(weights, abs=0.1)


def test_without_rows_the_weights_stay_as_they_are() -> None:
    assert fit_logistic(np.empty((0, 2)), np.empty(0), np.array([1.0, 0.0])) == pytest.approx([1, 0])


def test_rows_that_one_line_parts_give_finite_weights() -> None:
    columns = np.stack([np.linspace(-5, 5, 50), np.ones(50)], axis=1)
    weights = fit_logistic(columns, (columns[:, 0] > 0).astype(np.float64), np.array([1.0, 0.0]))
    assert np.isfinite(weights).all()
    assert weights[0] > 1


def test_logits_of_certainties_are_finite() -> None:
    assert np.isfinite(logits(np.array([0.0, 1.0]))).all()
    assert logits(np.array([0.5])) == pytest.approx([0])
