from __future__ import annotations

from pathlib import Path

import pytest
import torch

from platewatch.vision.inference.model_card import DataSource
from platewatch_training.runs.config import RunError, TrainingConfig
from platewatch_training.runs.kept import KeptOrigin, joined, keep, kept_origin
from platewatch_training.runs.origin import further_sources, samples_of
from platewatch_training.runs.trainer import averaged_weights, load_checkpoint

RENDERED = DataSource(name="rendered plates", license="MIT", images=70)
PHOTOS = DataSource(name="kaggle433", license="CC0", images=9)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    weights = {"module.a": torch.ones(3), "n_averaged": torch.tensor(4)}
    state = {"step": 5, "regions": ["de"], "network": {}, "average": weights, "optimizer": {}, "schedule": {}}
    torch.save(state, tmp_path / "run.pt")
    keep(tmp_path / "run.pt", tmp_path / "kept" / "recognizer.pt", KeptOrigin(samples=100, data=(RENDERED, PHOTOS)))
    return tmp_path / "kept" / "recognizer.pt"


def test_averaged_weights_are_kept_with_what_they_learned_from(kept: Path) -> None:
    content = load_checkpoint(kept)
    assert sorted(content) == ["average", "regions", "step"]
    assert averaged_weights(content)["a"].tolist() == [1, 1, 1]
    assert kept_origin(kept) == KeptOrigin(samples=100, data=(RENDERED, PHOTOS))


def test_a_run_that_begins_with_it_counts_its_samples_and_data(kept: Path) -> None:
    config = TrainingConfig(start_from=kept, batch=3)
    assert samples_of(config, 5) == 100 + 15
    assert list(further_sources(config)) == [RENDERED, PHOTOS]


def test_what_came_without_an_origin_is_told_so(kept: Path) -> None:
    kept.with_suffix(".yaml").unlink()
    (source,) = further_sources(TrainingConfig(start_from=kept))
    assert source == DataSource(name="the checkpoint 'recognizer.pt'", license="not stated: it came without its run")
    assert samples_of(TrainingConfig(start_from=kept, batch=3), 5) == 15


def test_an_origin_that_nobody_can_read_is_refused(kept: Path) -> None:
    kept.with_suffix(".yaml").write_text("samples: many")
    with pytest.raises(RunError, match=r"recognizer\.yaml"):
        kept_origin(kept)


def test_sources_are_reported_once() -> None:
    more = PHOTOS.model_copy(update={"images": 12})
    found = joined([RENDERED, PHOTOS, RENDERED, more, DataSource(name="x", license="y")])
    assert [(one.name, one.images) for one in found] == [("rendered plates", 140), ("kaggle433", 12), ("x", None)]
