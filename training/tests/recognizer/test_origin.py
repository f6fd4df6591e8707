from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platewatch_training.datasets.labels import DatasetError
from platewatch_training.datasets.licenses import license_of
from platewatch_training.recognizer.config import RunConfig
from platewatch_training.recognizer.origin import data_sources
from platewatch_training.runs.config import RunError
from platewatch_training.runs.origin import training_run
from platewatch_training.runs.trainer import CHECKPOINT


def test_a_run_tells_its_samples_and_when_it_ended(
    tmp_path: Path, tiny: RunConfig, make_run: Callable[..., Path]
) -> None:
    run = make_run(tmp_path / "run", steps=2)
    os.utime(run / CHECKPOINT, (0, datetime(2026, 2, 3, 12, tzinfo=UTC).timestamp()))
    told = training_run("recognizer train", run, tiny, 30, "abc")
    assert (told.commit, told.samples, str(told.finished)) == ("abc", 30 * tiny.batch, "2026-02-03")
    assert "platewatch-train recognizer train run" in told.command


def test_data_are_those_of_the_run_and_of_the_one_that_it_began_with(
    tmp_path: Path, tiny: RunConfig, make_run: Callable[..., Path], datasets: Path
) -> None:
    assert [source.name for source in data_sources(tiny, 5)] == ["rendered plates"]
    first = make_run(tmp_path / "first", steps=2, real_share=0.25, datasets=datasets)
    second = tiny.model_copy(update={"start_from": first / CHECKPOINT})
    rendered, real = data_sources(second, 5)
    assert rendered.images == 5 * 4 + 2 * 3
    assert (real.name, real.license, real.images) == ("cn_yhmh", license_of("cn_yhmh"), 3)
    with pytest.raises(RunError, match="gone"):
        data_sources(tiny.model_copy(update={"start_from": tmp_path / "gone" / CHECKPOINT}), 5)


def test_data_without_a_known_licence_are_refused() -> None:
    assert license_of("kaggle433").startswith("CC0")
    with pytest.raises(DatasetError, match="'found_somewhere'"):
        license_of("found_somewhere")
