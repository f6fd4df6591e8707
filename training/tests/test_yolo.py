"""The verbs of Ultralytics' YOLO, with a module in its place that notes what it is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner, Result

from platewatch_training.cli import app
from platewatch_training.runs.config import RunError

Asked = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What a false Ultralytics was asked: the verb, the weights' name, the options."""
    noted: Asked = []

    class YOLO:
        def __init__(self, weights: str) -> None:
            self.weights = Path(weights)

        def val(self, **told: Any) -> SimpleNamespace:
            noted.append(("val", self.weights.name, told))
            share = 0.8 if self.weights.name == "best.pt" else 0.5
            return SimpleNamespace(box=SimpleNamespace(map50=share, map=share / 2))

        def train(self, **told: Any) -> None:
            noted.append(("train", self.weights.name, told))
            if not told.get("resume"):
                folder = Path(told["project"], told["name"], "weights")
                folder.mkdir(parents=True)
                (folder / "best.pt").touch()
                (folder / "last.pt").touch()

        def export(self, **told: Any) -> str:
            noted.append(("export", self.weights.name, told))
            return str(self.weights.with_suffix(".onnx"))

    false = ModuleType("ultralytics")
    false.YOLO = YOLO  # type: ignore[attr-defined]
    false.__spec__ = SimpleNamespace()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "ultralytics", false)
    return noted


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Ten photos with a plate each, of which the corners are known, and weights."""
    folder = tmp_path / "own"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(1)
    corners = "[[10, 10], [50, 10], [50, 30], [10, 30]]"
    lines = []
    for number in range(10):
        cv2.imwrite(str(folder / "images" / f"{number}.png"), rng.integers(0, 255, (60, 100, 3), dtype=np.uint8))
        lines.append(f'{{"image": "{number}.png", "width": 100, "height": 60, "plates": [{{"corners": {corners}}}]}}')
    (folder / "labels.jsonl").write_text("\n".join(lines))
    (tmp_path / "yolo11n.pt").touch()
    return ["yolo", "train", str(tmp_path / "run"), "--data", str(folder), "--weights", str(tmp_path / "yolo11n.pt")]


def invoke(words: list[str], given: str | None = None) -> Result:
    return CliRunner().invoke(app, words, input=given)


def test_the_licence_is_reported_and_asked_about_before_anything_runs(asked: Asked, words: list[str]) -> None:
    refused = invoke(words, "n\n")
    assert refused.exit_code == 1
    assert "AGPL-3.0" in refused.stderr
    assert not asked
    assert invoke(words, "y\n").exit_code == 0
    assert asked


def test_photos_become_yolo_labels_and_the_held_back_part_is_measured(asked: Asked, words: list[str]) -> None:
    done = invoke([*words, "--accept-agpl", "--epochs", "7", "--patience", "3", "--image-side", "320"])
    assert done.exit_code == 0, done.output
    assert "before: mAP 50.0 % at IoU 0.5, 25.0 %" in done.stdout
    assert "after:  mAP 80.0 % at IoU 0.5, 40.0 %" in done.stdout
    assert [(verb, weights) for verb, weights, _ in asked] == [
        ("val", "yolo11n.pt"),
        ("train", "yolo11n.pt"),
        ("val", "best.pt"),
    ]
    told = asked[1][2]
    assert (told["epochs"], told["patience"], told["imgsz"]) == (7, 3, 320)
    data = yaml.safe_load(Path(told["data"]).read_text())
    root = Path(data["path"])
    assert root.is_absolute()
    listed = {part: (root / data[part]).read_text().splitlines() for part in ("train", "val")}
    assert [len(lines) for lines in listed.values()] == [8, 2]
    label = (root / listed["val"][0].replace("images", "labels")).with_suffix(".txt")
    assert [float(value) for value in label.read_text().split()] == pytest.approx([0, 0.3, 1 / 3, 0.4, 1 / 3])


def test_a_stopped_run_goes_on(asked: Asked, words: list[str]) -> None:
    invoke([*words, "--accept-agpl"])
    invoke([*words, "--accept-agpl"])
    assert asked[4][:2] == ("train", "last.pt")
    assert asked[4][2] == {"resume": True}


def test_a_run_is_evaluated_and_exported(asked: Asked, words: list[str]) -> None:
    invoke([*words, "--accept-agpl"])
    assert "80.0 %" in invoke(["yolo", "evaluate", words[2], "--accept-agpl"]).stdout
    assert "PLATEWATCH_DETECTOR=yolo" in invoke(["yolo", "export", words[2], "--accept-agpl"]).stdout
    assert asked[-1][:2] == ("export", "best.pt")
    assert asked[-1][2]["format"] == "onnx"


@pytest.mark.parametrize("verb", ["evaluate", "export"])
def test_a_run_without_weights_is_named(asked: Asked, tmp_path: Path, verb: str) -> None:
    done = invoke(["yolo", verb, str(tmp_path / "gone"), "--accept-agpl"])
    assert isinstance(done.exception, RunError)
    assert "Train it first" in str(done.exception)


def test_weights_that_are_not_there_are_never_downloaded(asked: Asked, words: list[str]) -> None:
    done = invoke([*words[:-1], "yolov8n.pt", "--accept-agpl"])
    assert isinstance(done.exception, RunError)
    assert "none is downloaded" in str(done.exception)
    assert not asked
    assert not Path(words[2]).exists()


def _missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("importlib.util.find_spec", lambda _: None)


def _broken(patch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("operator torchvision::nms does not exist")

    patch.setattr("importlib.util.find_spec", lambda _: object())
    patch.setattr("importlib.import_module", fail)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(_missing, "not installed.*AGPL-3.0.*ultralytics", id="missing"),
        pytest.param(_broken, "nms does not exist.*torchvision that was built for this PyTorch", id="no torchvision"),
    ],
)
def test_what_is_missing_is_reported(
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[pytest.MonkeyPatch], None],
    message: str,
) -> None:
    with monkeypatch.context() as patch:
        spoil(patch)
        done = invoke([*words, "--accept-agpl"])
    assert isinstance(done.exception, RunError)
    with pytest.raises(RunError, match=message):
        raise done.exception
