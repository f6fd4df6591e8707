from __future__ import annotations

import json
from pathlib import Path

import pytest

from platewatch_training.reports.page import Change, changes, curve, curves, look_curves
from platewatch_training.runs.config import RunError
from platewatch_training.runs.held_back import Look


@pytest.mark.parametrize(
    ("points", "drawn"),
    [
        pytest.param([(10, 4.0)], "0.0,0.0", id="one point"),
        pytest.param([(0, 4.0), (10, 2.0), (20, 0.0)], "0.0,0.0 320.0,80.0 640.0,160.0", id="falling"),
        pytest.param([(0, -1.0), (10, 1.0)], "0.0,160.0 640.0,0.0", id="below 0"),
        pytest.param([(0, 0.0), (10, 0.0)], "0.0,0.0 640.0,0.0", id="flat"),
    ],
)
def test_curves_fill_their_picture(points: list[tuple[int, float]], drawn: str) -> None:
    assert curve("loss", points).points == drawn


def test_steps_that_were_run_twice_count_once(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    lines = [{"step": 20, "loss": 3.0}, {"step": 40, "loss": 2.0}, {"step": 40, "loss": 1.5}, {"step": 60, "loss": 1.0}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (loss,) = curves(path)
    assert (loss.first_step, loss.last_step, loss.highest, loss.last) == (20, 60, 3.0, 1.0)
    assert len(loss.points.split()) == 3


@pytest.mark.parametrize("content", [None, "no json"], ids=["missing", "damaged"])
def test_metrics_that_can_not_be_read_are_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "metrics.jsonl").write_text(content)
    with pytest.raises(RunError, match=r"metrics\.jsonl"):
        curves(tmp_path / "metrics.jsonl")


def test_every_figure_but_the_step_has_a_curve(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 20, "loss": 3.0, "box": 1.0, "rate": 9.0}\n')
    assert [one.title for one in curves(tmp_path / "metrics.jsonl")] == ["loss", "box", "rate"]


def test_what_was_held_back_has_curves_and_a_change(tmp_path: Path) -> None:
    looks = [Look(0, {"exact": 50.0}), Look(5, {"exact": 80.0}), Look(10, {"exact": 70.0})]
    assert list(changes(looks)) == [Change("exact", 50.0, 80.0, 70.0)]
    (drawn,) = look_curves(looks)
    assert (drawn.title, drawn.first_step, drawn.last_step, drawn.last) == ("held back: exact", 0, 10, 70.0)
    assert not list(changes([]))
    assert not look_curves([])
