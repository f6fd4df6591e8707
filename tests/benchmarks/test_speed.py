from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.children import StartUp
from benchmarks.errors import DatasetError
from benchmarks.library import Throughput, stage_speed
from benchmarks.over_http import READ_PATH, RECORD_PATH, HttpSpeed
from benchmarks.speed import Plan, SpeedResult, choose_photos, describe, speed, tables
from platewatch.vision.pipeline import StageTimes
from tests.servers import SAMPLES

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(speed)


def result() -> SpeedResult:
    """A result in which every figure is another one."""
    library = Throughput(readers=1, threads=2, images=10, seconds=2.0)
    over_http = {READ_PATH: Throughput(1, 2, 10, 2.5), RECORD_PATH: Throughput(1, 2, 10, 4.0)}
    return SpeedResult(
        images=1,
        stages=(stage_speed(1, [StageTimes(1, 20, 3, 40, 5)]), stage_speed(2, [StageTimes(1, 10, 2, 20, 4)])),
        throughput=(Throughput(1, 1, 10, 8.0), Throughput(2, 1, 10, 4.0)),
        starts=(StartUp(1.0, 200.0), StartUp(9.0, 210.0), StartUp(2.0, 190.0)),
        http=HttpSpeed(4, library, library, over_http, 3.5, 700.0),
    )


def test_the_tables_hold_every_measurement() -> None:
    stages, rates, http, starts = tables(result())
    assert stages.rows[1] == ("detect", "20.0", "20.0", "10.0", "10.0")
    assert stages.rows[-1] == ("all", "69.0", "69.0", "37.0", "37.0")
    assert rates.rows == (("1", "1", "1.25"), ("2", "1", "2.50"))
    assert [row[1:] for row in http.rows] == [("5.00", "100.0"), ("4.00", "80.0"), ("2.50", "50.0")]
    assert [row[1:] for row in starts.rows] == [("2.00", "210"), ("3.50", "700")]


def test_every_row_is_as_long_as_its_columns() -> None:
    for grid in tables(result()):
        assert {len(row) for row in grid.rows} == {len(grid.columns)}, grid.title


@pytest.mark.parametrize(
    ("samples", "source"),
    [
        pytest.param(True, "1 photos, all of `samples/`, each read 5 times", id="samples"),
        pytest.param(False, "1 photos, chosen by chance with seed 3 from", id="labelled photos"),
    ],
)
def test_the_photos_are_recognized_by_their_source(samples: bool, source: str) -> None:
    plan = Plan((Path("one.jpg"),), repeat=5, starts=1, clients=4, detector="rapidocr", recognizer="rapidocr")
    (note,) = describe(plan, 3, samples=samples)
    assert note.startswith(source)


def test_without_a_folder_the_samples_are_read() -> None:
    photos = choose_photos(None, 40, seed=1)
    assert {photo.name for photo in photos} == {path.name for path in SAMPLES.glob("*.jpg")}


def test_a_missing_folder_is_not_replaced_by_the_samples(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="--datasets"):
        choose_photos(tmp_path / "nowhere", 40, seed=1)


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """One set with one photo."""
    folder = tmp_path / "datasets" / "evaluation" / "photos"
    (folder / "images").mkdir(parents=True)
    shutil.copy(SAMPLES / "malta.jpg", folder / "images")
    (folder / "labels.jsonl").write_text('{"image": "images/malta.jpg", "plates": []}\n')
    return folder.parents[1]


def test_one_command_measures_keeps_and_publishes_everything(datasets: Path, tmp_path: Path) -> None:
    page, results = tmp_path / "page.md", tmp_path / "results"
    page.write_text("<!-- speed:begin -->\nold\n<!-- speed:end -->\n")
    options = ["--datasets", str(datasets), "--repeat", "1", "--starts", "1", "--clients", "2"]
    done = CliRunner().invoke(app, [*options, "--output", str(results), "--write", str(page)])
    assert done.exit_code == 0, done.output
    text = page.read_text()
    assert "\nold\n" not in text
    for part in ("| detect |", "Whole images a second", "`POST /api/v1/sightings`, 2 clients", "`platewatch read`"):
        assert part in text
    (kept,) = results.glob("speed-*.json")
    measured = json.loads(kept.read_text())["results"]
    assert [one["threads"] for one in measured["stages"]] == [1, 2]
    assert [(one["readers"], one["threads"]) for one in measured["throughput"]] == [(1, 1), (1, 2), (2, 1)]
    assert len(measured["starts"]) == 1


def test_what_can_not_be_measured_is_said_in_one_line() -> None:
    done = CliRunner().invoke(app, ["--datasets", "nowhere"])
    assert done.exit_code == 2
    assert "There are no labelled photos in 'nowhere'" in done.stderr
