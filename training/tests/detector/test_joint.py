from __future__ import annotations

import math

import numpy as np
import pytest

from platewatch.vision.recognizer.calibration import joint_confidence
from platewatch_training.detector.joint import Proposal, Proposals, at_threshold, fit_joint, trades

RNG = np.random.default_rng(3)


def drawn(count: int) -> Proposals:
    """Plates read exactly by chance of 2 x detector + 1 x recognizer - 0.5, as logits; the others are no plates."""
    found, read = RNG.normal(size=count), RNG.normal(size=count)
    exact = RNG.random(count) < 1 / (1 + np.exp(-(2 * found + read - 0.5)))
    sure = [[1 / (1 + math.exp(-one)) for one in column] for column in (found, read)]
    rows = [
        Proposal(first, second, number if right else None, bool(right), number)
        for number, (first, second, right) in enumerate(zip(*sure, exact.tolist(), strict=True))
    ]
    return Proposals(tuple(rows), photos=count, plates=int(exact.sum()), texts=int(exact.sum()))


def test_the_weights_are_those_that_made_the_readings() -> None:
    joint = fit_joint(drawn(20_000))
    assert (joint.found, joint.read, joint.offset) == pytest.approx((2, 1, -0.5), abs=0.15)


def test_both_find_more_than_each_alone_at_the_same_false_ones() -> None:
    proposals = drawn(5_000)
    joint = fit_joint(proposals)
    detector, recognizer, both = trades(proposals, joint, 0.05)
    assert [one.measure for one in (detector, recognizer, both)] == ["detector", "recognizer", "both"]
    assert both.recall > max(detector.recall, recognizer.recall)
    assert all(one.false <= 0.05 for one in (detector, recognizer, both))


def test_a_threshold_leaves_what_both_are_so_sure_of() -> None:
    proposals = drawn(2_000)
    joint = fit_joint(proposals)
    everything, some = at_threshold(proposals, joint, 0.0), at_threshold(proposals, joint, 0.5)
    assert (everything.recall, everything.exact) == (100, 100)
    assert some.recall < 100
    assert some.false < everything.false


def test_a_plate_of_unknown_text_says_nothing_of_the_weights() -> None:
    known = drawn(500)
    unknown = tuple(Proposal(0.01, 0.99, 1000 + number, None, 0) for number in range(500))
    assert fit_joint(Proposals((*known.all, *unknown), 1, 1, 1)) == fit_joint(known)


def test_of_two_proposals_for_one_plate_the_surer_counts() -> None:
    rows = (Proposal(0.9, 0.9, 0, True, 0), Proposal(0.2, 0.2, 0, False, 0))
    proposals = Proposals(rows, photos=1, plates=1, texts=1)
    assert at_threshold(proposals, fit_joint(proposals), 0.0).exact == 100


@pytest.mark.parametrize(("found", "read"), [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
def test_certainties_stay_between_0_and_1(found: float, read: float) -> None:
    assert 0 <= joint_confidence(found, read, fit_joint(drawn(500))) <= 1
