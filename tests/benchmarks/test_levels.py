from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.datasets import LabeledPhoto
from benchmarks.levels import LEVELS, Judged, Level, judge, levels, split_at, table
from benchmarks.scores import LabeledPlate, PredictedPlate
from platewatch.vision.types import BoxXyxy
from tests.servers import SAMPLES

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(levels)

HERE: BoxXyxy = (0, 0, 100, 20)
THERE: BoxXyxy = (300, 300, 400, 320)
NOWHERE: BoxXyxy = (600, 600, 700, 620)


@pytest.mark.parametrize(
    ("text", "box", "expected"),
    [
        pytest.param("AB-12", HERE, [Judged(0.4, is_right=True, is_plate=True)], id="right"),
        pytest.param("AB13", HERE, [Judged(0.4, is_right=False, is_plate=True)], id="wrong"),
        pytest.param("AB12", NOWHERE, [Judged(0.4, is_right=False, is_plate=False)], id="no plate there"),
        pytest.param("AB12", THERE, [], id="plate whose text nobody knows"),
    ],
)
def test_readings_are_judged_by_labels(text: str, box: BoxXyxy, expected: list[Judged]) -> None:
    photo = LabeledPhoto(Path("a.jpg"), False, (LabeledPlate("AB 12", HERE), LabeledPlate(None, THERE)))
    assert judge(photo, [PredictedPlate(text, 0.4, box)]) == expected


def test_level_splits_readings() -> None:
    judged = [Judged(confidence, is_right, is_plate=True) for confidence, is_right in
              ((0.2, False), (0.4, True), (0.5, False), (0.5, True), (0.9, True))]  # fmt: skip
    assert split_at(0.5, judged) == Level(0.5, above=3, right_above=2, below=2, right_below=1)
    rows = {row[0]: row[1:] for row in table("all", judged).rows}
    assert len(rows) == len(LEVELS)
    assert rows["0.5"] == ("3", "66.7", "2", "50.0", "33.3")
    assert rows["0.2"] == ("5", "60.0", "0", "-", "0.0")


def test_one_command_counts_and_keeps_readings(tmp_path: Path) -> None:
    photos = tmp_path / "datasets" / "evaluation" / "photos"
    photos.mkdir(parents=True)
    (line,) = (SAMPLES / "labels.jsonl").read_text().splitlines()[:1]
    shutil.copy(SAMPLES / json.loads(line)["image"], photos)
    (photos / "labels.jsonl").write_text(line + "\n")
    done = CliRunner().invoke(app, ["--datasets", str(tmp_path / "datasets"), "--output", str(tmp_path / "results")])
    assert done.exit_code == 0, done.output
    (kept,) = (tmp_path / "results").glob("levels-*.json")
    judged = json.loads(kept.read_text())["results"]["photos"]
    assert [one["is_right"] for one in judged] == [True]
