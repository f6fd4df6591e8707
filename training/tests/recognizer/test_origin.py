from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platewatch_training.datasets.labels import DatasetError
from platewatch_training.datasets.licenses import license_of
from platewatch_training.recognizer.config import RunConfig, RunError
from platewatch_training.recognizer.loop import CHECKPOINT
from platewatch_training.recognizer.origin import commit_before, data_sources, training_run


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a commit of 2026-01-01 and one of 2026-01-03."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run([*git, "init", "-q"], check=True)
    for day in (1, 3):
        when = f"2026-01-0{day}T12:00:00+0000"
        subprocess.run(
            [*git, "commit", "-q", "--allow-empty", "-m", f"day {day}"],
            check=True,
            env={**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when},
        )
    return folder


def written(path: Path, day: int) -> Path:
    path.write_text("x")
    moment = datetime(2026, 1, day, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path


@pytest.mark.parametrize(("day", "subject"), [(2, "day 1"), (4, "day 3")])
def test_the_commit_is_the_last_before_the_run_began(tmp_path: Path, checkout: Path, day: int, subject: str) -> None:
    found = commit_before(written(tmp_path / "config.yaml", day), checkout)
    shown = subprocess.run(
        ["git", "-C", str(checkout), "show", "-s", "--format=%s", found], check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == subject


def test_without_a_commit_one_must_be_named(tmp_path: Path, checkout: Path) -> None:
    config = written(tmp_path / "config.yaml", 1)
    for folder in (checkout, tmp_path / "nowhere"):
        with pytest.raises(RunError, match="--commit"):
            commit_before(config, folder)


def test_a_run_tells_its_samples_and_when_it_ended(
    tmp_path: Path, tiny: RunConfig, make_run: Callable[..., Path]
) -> None:
    run = make_run(tmp_path / "run", steps=2)
    os.utime(run / CHECKPOINT, (0, datetime(2026, 2, 3, 12, tzinfo=UTC).timestamp()))
    told = training_run(run, tiny, 30, "abc")
    assert (told.commit, told.samples, str(told.finished)) == ("abc", 30 * tiny.batch, "2026-02-03")
    assert "platewatch-train recognizer run" in told.command


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
