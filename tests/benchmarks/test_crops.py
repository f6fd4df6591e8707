from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.crops import CropSpeed, choose_crops, crops, table
from tests.servers import SAMPLES
from tests.vision.slot_models import write_slot_model

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(crops)


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """The samples as a set."""
    photos = tmp_path / "datasets" / "evaluation" / "photos"
    photos.mkdir(parents=True)
    lines = (SAMPLES / "labels.jsonl").read_text().splitlines()
    for line in lines:
        shutil.copy(SAMPLES / json.loads(line)["image"], photos)
    (photos / "labels.jsonl").write_text("".join(line + "\n" for line in lines))
    return tmp_path / "datasets"


def test_the_plates_are_cut_and_chosen_by_seed(datasets: Path) -> None:
    first, again, other = ([crop.image_bgr.shape for crop in choose_crops(datasets, 9, seed)] for seed in (1, 1, 2))
    assert len(first) == 9
    assert first == again != other


def test_each_recognizer_has_a_row() -> None:
    speeds = [CropSpeed("a", threads, batch, threads + batch) for threads in (1, 2) for batch in (1, 8)]
    assert table(["a"], speeds).rows == (("a", "2.0", "9.0", "3.0", "10.0"),)


def test_one_command_measures_and_keeps(datasets: Path, tmp_path: Path) -> None:
    model = write_slot_model(tmp_path / "model")
    options = ["--datasets", str(datasets), "--recognizer", "platewatch", "--recognizer-model", str(model)]
    done = CliRunner().invoke(app, [*options, "--count", "8", "--output", str(tmp_path / "results")])
    assert done.exit_code == 0, done.output
    (kept,) = (tmp_path / "results").glob("crops-*.json")
    results = json.loads(kept.read_text())["results"]
    assert [(one["threads"], one["batch"]) for one in results] == [(1, 1), (1, 8), (2, 1), (2, 8)]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--datasets", str(tmp_path), "--recognizer", "rapidocr"])
    assert done.exit_code == 2
