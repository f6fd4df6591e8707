from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from platewatch_training.runs.blend import blend
from platewatch_training.runs.config import RunError, TrainingConfig
from platewatch_training.runs.held_back import BEST
from platewatch_training.runs.trainer import CHECKPOINT, CONFIG, averaged_weights, load_checkpoint


def checkpoint(path: Path, value: float, size: int = 3, **more: Any) -> Path:
    weights = {"module.a": torch.full((size,), value), "module.count": torch.tensor(7), "n_averaged": torch.tensor(4)}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"step": 5, "average": weights, **more}, path)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose weights are 3 and that began with those of 1."""
    start = checkpoint(tmp_path / "start.pt", 1.0)
    folder = checkpoint(tmp_path / "run" / CHECKPOINT, 3.0).parent
    (folder / CONFIG).write_text(yaml.safe_dump({"start_from": str(start)}))
    return folder


@pytest.mark.parametrize(("share", "blended"), [(0.0, 1.0), (0.25, 1.5), (1.0, 3.0)])
def test_weights_lie_between_those_of_the_run_and_its_beginning(run: Path, share: float, blended: float) -> None:
    blend(run, run.parent / "new", TrainingConfig, share)
    content = load_checkpoint(run.parent / "new" / CHECKPOINT)
    weights = averaged_weights(content)
    assert weights["a"].tolist() == [blended] * 3
    assert int(weights["count"]) == 7
    assert content["step"] == 5
    assert (run.parent / "new" / CONFIG).read_text() == (run / CONFIG).read_text()
    assert averaged_weights(load_checkpoint(run / CHECKPOINT))["a"].tolist() == [3.0] * 3


def test_where_something_was_held_back_the_best_weights_are_blended(run: Path) -> None:
    checkpoint(run / BEST, 5.0)
    blend(run, run.parent / "new", TrainingConfig, 0.5)
    assert averaged_weights(load_checkpoint(run.parent / "new" / BEST))["a"].tolist() == [3.0] * 3


def test_a_run_that_began_from_nothing_is_refused(run: Path) -> None:
    (run / CONFIG).write_text("seed: 1")
    with pytest.raises(RunError, match="began from nothing"):
        blend(run, run.parent / "new", TrainingConfig, 0.5)


@pytest.mark.parametrize("more", [{"size": 4}, {"regions": ["de"]}], ids=["other weights", "other regions"])
def test_a_beginning_of_another_network_is_refused(run: Path, more: dict[str, Any]) -> None:
    checkpoint(run.parent / "start.pt", 1.0, **more)
    with pytest.raises(RunError, match="another network"):
        blend(run, run.parent / "new", TrainingConfig, 0.5)


def test_a_folder_that_exists_is_left_alone(run: Path) -> None:
    with pytest.raises(RunError, match="exists already"):
        blend(run, run, TrainingConfig, 0.5)
