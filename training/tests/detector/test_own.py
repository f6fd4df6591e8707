"""Fine-tuning the detector on a user's own photos, from the command to the model's card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from platewatch.vision.inference.model_card import load_card
from platewatch_training.cli import app
from platewatch_training.detector.batches import PictureSource, load_material
from platewatch_training.detector.config import RunConfig
from platewatch_training.detector.evaluate import FalsePlate, Findings, Plate
from platewatch_training.detector.loop import Trainer, held_back_photos, learned_photos
from platewatch_training.detector.report import THRESHOLD, worst_tiles
from platewatch_training.runs import shipped
from platewatch_training.runs.config import OwnData, RunError
from platewatch_training.runs.held_back import read_looks
from platewatch_training.runs.shipped import fine_tuning
from platewatch_training.runs.trainer import CHECKPOINT

pytestmark = pytest.mark.usefixtures("fonts")

BOX = (10.0, 10.0, 50.0, 30.0)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, make_set: Callable[[Path, list[dict[str, Any]]], Path]) -> Path:
    rows = [{"width": 160, "height": 120, "split": "train" if number else "dev"} for number in range(4)]
    return make_set(tmp_path_factory.mktemp("photos") / "own", [*rows, {"width": 160, "height": 120, "plates": None}])


@pytest.fixture(scope="module")
def start(run: Path) -> Path:
    return run / CHECKPOINT


@pytest.fixture
def words(tmp_path: Path, tiny: RunConfig, own: Path, start: Path) -> list[str]:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny.model_dump(mode="json", exclude={"start_from", "own", "datasets"})))
    return ["--data", str(own), "--config", str(path), "--start-from", str(start)]


def test_the_command_trains_reports_and_exports_without_other_photos(tmp_path: Path, words: list[str]) -> None:
    run = tmp_path / "run"
    done = CliRunner().invoke(app, ["detector", "train", str(run), *words])
    assert done.exit_code == 0, done.output
    assert "before" in done.stdout
    assert [look.step for look in read_looks(run)] == [0, 20]
    page = (run / "report.html").read_text()
    assert "<td>held back</td><td>1</td><td>1</td>" in page
    again = CliRunner().invoke(app, ["detector", "report", str(run), "--output", str(tmp_path / "out")])
    assert again.exit_code == 0, again.output
    exported = CliRunner().invoke(app, ["detector", "export", str(run), str(tmp_path / "mine"), "--commit", "abc"])
    assert exported.exit_code == 0, exported.output
    card = load_card(tmp_path / "mine").card
    assert {score.data for score in card.scores} == {"held back"}
    assert "own data 'own'" in [source.name for source in card.data]


def test_other_photos_are_mixed_in(tmp_path: Path, tiny: RunConfig, own: Path, datasets: Path) -> None:
    config = tiny.model_copy(update={"own": OwnData(folder=own, share=1.0)})
    learned = learned_photos(config, tmp_path)
    assert [photo.source for photo in learned] == ["own/1.png", "own/2.png", "own/3.png"]
    assert [photo.source for photo in held_back_photos(config, tmp_path)] == ["own/0.png"]
    material = load_material(config, learned)
    assert [len(part) for part in (material.photos, material.own, material.backdrops)] == [3, 3, 3 + 1 + 2 + 3]
    alone = load_material(config.model_copy(update={"datasets": None}), learned)
    assert [len(part) for part in (alone.photos, alone.own, alone.backdrops)] == [0, 3, 3]
    for drawn_from in (material, alone):
        assert PictureSource(drawn_from, config, seed=1).next((96, 96)).picture_bgr.shape == (96, 96, 3)


def test_until_there_are_weights_a_checkpoint_must_be_named(
    tmp_path: Path, own: Path, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "CHECKPOINTS", tmp_path)
    done = CliRunner().invoke(app, ["detector", "train", str(tmp_path / "run"), "--data", str(own)])
    assert isinstance(done.exception, RunError)
    assert "has no checkpoint of the detector yet" in str(done.exception)
    assert "--start-from" in str(done.exception)
    (tmp_path / "detector.pt").write_bytes(start.read_bytes())
    taken = fine_tuning(RunConfig, "detector", OwnData(folder=own)).start_from
    assert taken == tmp_path / "detector.pt"


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path, own: Path, start: Path) -> None:
    config = fine_tuning(RunConfig, "detector", OwnData(folder=own), start)
    with pytest.raises(RunError, match="another network"):
        Trainer(config, tmp_path)


def test_without_any_photos_nothing_is_reported(run: Path, tmp_path: Path) -> None:
    for words in (["detector", "report", str(run), "--output", str(tmp_path)], ["detector", "export", str(run), "out"]):
        done = CliRunner().invoke(app, words)
        assert isinstance(done.exception, RunError)
        assert "--datasets" in str(done.exception)


@pytest.mark.parametrize(
    ("scores", "false", "precision"),
    [
        pytest.param([], [], 100.0, id="nothing"),
        pytest.param([], [0.9], 100.0, id="no plates"),
        pytest.param([0.9, 0.8], [], 100.0, id="all found"),
        pytest.param([0.9, 0.0], [], 50.0, id="half of them"),
        pytest.param([0.0], [0.9], 0.0, id="only a false one"),
        pytest.param([0.5], [0.9], 50.0, id="a surer false one"),
        pytest.param([0.9, 0.5], [0.7], 100 * (1 + 2 / 3) / 2, id="one between"),
        pytest.param([0.5], [0.1], 100.0, id="a less sure false one"),
        pytest.param([0.6, 0.5], [0.9], 100 * 2 / 3, id="drops count from where they end"),
    ],
)
def test_average_precision(scores: list[float], false: list[float], precision: float) -> None:
    plates = tuple(Plate(40.0, score, score, None, BOX, 0) for score in scores)
    found = Findings("x", 1, plates, tuple(FalsePlate(score, BOX, 0) for score in false))
    assert found.average_precision() == pytest.approx(precision)
    assert found.average_precision(70) == pytest.approx(precision)


def test_the_worst_are_missed_plates_and_sure_false_ones(own: Path, tiny: RunConfig, tmp_path: Path) -> None:
    photos = learned_photos(tiny.model_copy(update={"own": OwnData(folder=own)}), tmp_path)
    plates = [Plate(width, score, 0.0, None, BOX, 0) for width, score in ((40.0, 0.1), (90.0, 0.0), (20.0, 0.9))]
    false = [FalsePlate(THRESHOLD, BOX, 1), FalsePlate(0.9, BOX, 1), FalsePlate(0.1, BOX, 1)]
    tiles = worst_tiles([(Findings("x", 2, tuple(plates), tuple(false)), photos)])
    assert [(tile.truth, tile.read, tile.confidence) for tile in tiles] == [
        ("plate", "", 0.0),
        ("plate", "", 0.1),
        ("", "plate", 0.9),
        ("", "plate", THRESHOLD),
    ]
    assert [tile.source for tile in tiles] == ["x: own/1.png"] * 2 + ["x: own/2.png"] * 2
