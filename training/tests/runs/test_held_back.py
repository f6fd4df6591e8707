from __future__ import annotations

from pathlib import Path

import pytest

from platewatch_training.runs.config import RunError
from platewatch_training.runs.held_back import HELD_BACK, HeldBack, Look, best_of, read_looks


def looks(*values: float) -> list[Look]:
    return [Look(10 * number, {"exact": value}) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "best", "over"),
    [
        pytest.param([], None, False, id="none"),
        pytest.param([5], 0, False, id="one"),
        pytest.param([5, 6, 7], 20, False, id="rising"),
        pytest.param([5, 7, 6], 10, False, id="one worse"),
        pytest.param([5, 7, 6, 7], 10, True, id="as good is not better"),
        pytest.param([5, 4, 3], 0, True, id="never better"),
        pytest.param([5, 4, 6, 5], 20, False, id="better in time"),
    ],
)
def test_a_run_is_over_when_patience_is(tmp_path: Path, values: list[float], best: int | None, over: bool) -> None:
    held_back = HeldBack(tmp_path, patience=2)
    noted = [held_back.note(look) for look in looks(*values)]
    found = held_back.best
    assert (None if found is None else found.step) == best
    assert held_back.over == over
    assert noted == [best_of(looks(*values[: end + 1])) == one for end, one in enumerate(looks(*values))]


def test_a_later_figure_decides_between_equal_first_ones() -> None:
    found = best_of([Look(0, {"exact": 50, "characters": 80}), Look(10, {"exact": 50, "characters": 90})])
    assert found is not None
    assert found.step == 10


def test_looks_outlive_the_process_but_not_the_checkpoint(tmp_path: Path) -> None:
    first = HeldBack(tmp_path, patience=2)
    for look in looks(100 / 3, 5, 6):
        first.note(look)
    again = HeldBack(tmp_path, patience=2)
    assert again.looks == first.looks
    assert again.looked_at(20)
    again.forget_after(10)
    assert [look.step for look in read_looks(tmp_path)] == [0, 10]
    assert not again.looked_at(20)


@pytest.mark.parametrize("line", ["no json", "[1]", '{"exact": 1}', '{"step": 1, "exact": "much"}'])
def test_damaged_looks_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / HELD_BACK).write_text(line)
    with pytest.raises(RunError, match=r"held-back\.jsonl"):
        HeldBack(tmp_path, patience=2)
