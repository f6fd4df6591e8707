from __future__ import annotations

import random

import pytest

from platewatch.notify.gaps import Gap, Gaps


def gaps_after(*ids: int, highest: int = 0) -> Gaps:
    gaps = Gaps(highest, life_s=30)
    for event_id in ids:
        gaps.advance(event_id, 0.0)
    return gaps


def ranges(gaps: Gaps) -> list[tuple[int, int]]:
    return [(gap.first, gap.last) for gap in gaps]


@pytest.mark.parametrize(
    ("ids", "expected", "settled_id"),
    [
        pytest.param((), [], 0, id="nothing read"),
        pytest.param((1, 2, 3), [], 3, id="no gap"),
        pytest.param((2,), [(1, 1)], 0, id="the first is missing"),
        pytest.param((1, 5), [(2, 4)], 1, id="three are missing"),
        pytest.param((1, 3, 6), [(2, 2), (4, 5)], 1, id="two gaps"),
        pytest.param((10**12,), [(1, 10**12 - 1)], 0, id="a jump"),
    ],
)
def test_skipped_ids_are_awaited(ids: tuple[int, ...], expected: list[tuple[int, int]], settled_id: int) -> None:
    gaps = gaps_after(*ids)
    assert ranges(gaps) == expected
    assert gaps.settled_id == settled_id


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        pytest.param(2, [(3, 6)], id="its first"),
        pytest.param(6, [(2, 5)], id="its last"),
        pytest.param(4, [(2, 3), (5, 6)], id="its middle"),
        pytest.param(7, [(2, 6)], id="not awaited"),
    ],
)
def test_a_filled_gap_shrinks_or_splits(filled: int, expected: list[tuple[int, int]]) -> None:
    gaps = gaps_after(1, 7)
    gaps.fill(filled)
    assert ranges(gaps) == expected
    assert filled not in gaps


def test_any_order_of_filling_ends_with_nothing_awaited() -> None:
    dice = random.Random(7)
    for _ in range(50):
        ids = sorted(dice.sample(range(1, 60), 20))
        gaps = gaps_after(*ids)
        missing = [event_id for event_id in range(1, ids[-1]) if event_id not in ids]
        assert all(event_id in gaps for event_id in missing)
        dice.shuffle(missing)
        for event_id in missing:
            gaps.fill(event_id)
        assert ranges(gaps) == []
        assert gaps.settled_id == ids[-1]


def test_old_gaps_are_given_up_one_by_one() -> None:
    gaps = Gaps(0, life_s=30)
    gaps.advance(2, 0.0)
    gaps.advance(4, 20.0)
    gaps.fill(99)
    gaps.forget_old(29.9)
    assert ranges(gaps) == [(1, 1), (3, 3)]
    gaps.forget_old(30.0)
    assert ranges(gaps) == [(3, 3)]
    assert gaps.settled_id == 2
    gaps.forget_old(50.0)
    assert gaps.settled_id == 4


def test_what_is_left_of_a_filled_gap_keeps_its_age() -> None:
    gaps = Gaps(0, life_s=30)
    gaps.advance(4, 5.0)
    gaps.fill(2)
    assert list(gaps) == [Gap(1, 1, 5.0), Gap(3, 3, 5.0)]


@pytest.mark.parametrize(
    ("ids", "spans"),
    [
        pytest.param((1, 2), [], id="no gap"),
        pytest.param((2, 4, 6), [(1, 5)], id="neighbors are one query"),
        pytest.param((2, 12), [(1, 1), (3, 11)], id="too far apart"),
        pytest.param((2, 11), [(1, 10)], id="exactly the size"),
        pytest.param((1, 100), [(2, 99)], id="one that is larger"),
    ],
)
def test_gaps_are_looked_for_in_few_queries(ids: tuple[int, ...], spans: list[tuple[int, int]]) -> None:
    assert gaps_after(*ids).spans(size=10) == spans
