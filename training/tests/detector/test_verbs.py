"""The verbs of `platewatch-train` about the detector."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
import torch
import yaml
from typer.testing import CliRunner

from platewatch.vision.inference.model_card import load_card
from platewatch_training.cli import app
from platewatch_training.detector.config import RunConfig
from platewatch_training.detector.loop import load_run
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import CHECKPOINT

pytestmark = pytest.mark.usefixtures("fonts")


@pytest.fixture
def config(tmp_path: Path, tiny: RunConfig) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(tiny.model_dump(mode="json")))
    return path


def told(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_run_is_trained_and_goes_on_without_naming_its_configuration(
    tmp_path: Path, config: Path, datasets: Path
) -> None:
    run = tmp_path / "run"
    config.write_text(config.read_text().replace(f"datasets: {datasets}", "datasets: null"))
    told("detector", "train", str(run), "--config", str(config), "--datasets", str(datasets), "--minutes", "0.00001")
    first = (run / CHECKPOINT).read_bytes()
    told("detector", "train", str(run))
    assert (run / CHECKPOINT).read_bytes() != first


def test_scenes_are_drawn(tmp_path: Path, config: Path) -> None:
    assert "3 scenes" in told("detector", "scenes", str(tmp_path / "a.png"), "--config", str(config), "--count", "3")
    picture = cv2.imread(str(tmp_path / "a.png"))
    assert picture is not None
    assert picture.shape == (96, 4 * 128, 3)


def test_a_run_is_measured_by_set_and_by_width(run: Path, datasets: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "errors.png"
    words = ["--datasets", str(datasets), "--threshold", "0.3", "--sheet", str(sheet)]
    shown = told("detector", "evaluate", str(run), *words)
    for part in ("street", "kaggle433", "all", "24-47 px", "from 0.3"):
        assert part in shown
    assert sheet.is_file()
    assert "kaggle433" not in told("detector", "evaluate", str(run), *words[:2], "--set", "street")


def test_errors_are_mined_for_the_next_run(run: Path, datasets: Path, tmp_path: Path, config: Path) -> None:
    mined = tmp_path / "mined"
    shown = told(
        "detector", "mine", str(run), str(mined), "--datasets", str(datasets), "--wrong", "0.02", "--most", "5"
    )
    assert "errors" in shown
    assert (mined / "unsure.jsonl").is_file()
    config.write_text(config.read_text().replace("mined: null", f"mined: {mined}"))
    told("detector", "train", str(tmp_path / "next"), "--config", str(config), "--minutes", "0.00001")


def test_a_run_is_averaged_with_what_it_began_with(run: Path, tmp_path: Path, make_run: Callable[..., Path]) -> None:
    later = make_run(tmp_path / "later", start_from=run / CHECKPOINT, steps=2)
    told("detector", "blend", str(later), str(tmp_path / "mean"), "--own-share", "0.25")
    begun, own, mean = (load_run(one)[0].state_dict()["stem.0.weight"] for one in (run, later, tmp_path / "mean"))
    assert torch.allclose(mean, 0.75 * begun + 0.25 * own, atol=1e-6)
    assert not torch.equal(begun, own)


def test_export_writes_two_folders_and_tells_the_better(run: Path, datasets: Path, tmp_path: Path) -> None:
    words = ["--datasets", str(datasets), "--name", "mine", "--commit", "abc"]
    shown = told("detector", "export", str(run), str(tmp_path / "mine"), *words)
    assert [load_card(tmp_path / name).card.name for name in ("mine", "mine-int8")] == ["mine", "mine-int8"]
    assert "Better trade" in shown
    assert "ms a photo" in shown
    assert "street" in told("detector", "evaluate", str(tmp_path / "mine-int8"), "--datasets", str(datasets))


@pytest.mark.parametrize(
    "words",
    [
        ["detector", "train", "nowhere"],
        ["detector", "evaluate", "nowhere", "--datasets", "DATASETS"],
        ["detector", "mine", "nowhere", "out", "--datasets", "DATASETS"],
        ["detector", "export", "nowhere", "out", "--datasets", "DATASETS"],
    ],
    ids=lambda words: words[0],
)
def test_a_run_that_is_not_there_is_named(
    words: list[str], datasets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [str(datasets) if word == "DATASETS" else word for word in words])
    assert isinstance(done.exception, RunError)
    assert "nowhere" in str(done.exception)
    assert not list(tmp_path.iterdir())
