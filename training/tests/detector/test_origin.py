from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from platewatch_training.datasets.labels import DatasetError
from platewatch_training.datasets.licenses import license_of
from platewatch_training.detector.config import RunConfig
from platewatch_training.detector.origin import data_sources
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import CHECKPOINT


def test_data_are_those_of_the_run_and_of_the_one_that_it_began_with(
    tmp_path: Path, tiny: RunConfig, make_run: Callable[..., Path]
) -> None:
    first = make_run(tmp_path / "first", steps=3, composite_share=0.5)
    sources = {source.name: source for source in data_sources(tiny, 5)}
    assert list(sources) == ["rendered plates in photos of the sets below", "id_scan", "kaggle433", "openimages"]
    assert sources["kaggle433"].images == 3
    assert sources["openimages"].license == license_of("openimages")
    assert sources["rendered plates in photos of the sets below"].images == 5 * 2 * 0.4
    second = tiny.model_copy(update={"start_from": first / CHECKPOINT})
    assert data_sources(second, 5)[0].images == 5 * 2 * 0.4 + 3 * 2 * 0.5


def test_photos_of_unknown_licence_are_refused(
    tmp_path: Path, tiny: RunConfig, make_set: Callable[[Path, list[dict[str, Any]]], Path]
) -> None:
    make_set(tmp_path / "train" / "found_somewhere", [{}])
    make_set(tmp_path / "vehicles" / "openimages", [{}])
    with pytest.raises(DatasetError, match="'found_somewhere'"):
        data_sources(tiny.model_copy(update={"datasets": tmp_path}), 5)


def test_a_run_that_names_no_photos_tells_nothing(tiny: RunConfig) -> None:
    with pytest.raises(RunError, match="names no `datasets`"):
        data_sources(tiny.model_copy(update={"datasets": None}), 5)
