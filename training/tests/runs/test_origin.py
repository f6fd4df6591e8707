from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platewatch_training.runs.config import RunError, TrainingConfig
from platewatch_training.runs.origin import commit_before, lineage, training_run
from platewatch_training.runs.trainer import CHECKPOINT, CONFIG


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


def test_a_run_has_the_runs_before_it_in_its_lineage(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("steps: 70")
    second = TrainingConfig(start_from=tmp_path / CHECKPOINT, batch=3)
    assert [(one.batch, steps) for one, steps in lineage(second, 5)] == [(3, 5), (96, 70)]
    (tmp_path / CHECKPOINT).write_text("")
    os.utime(tmp_path / CHECKPOINT, (0, datetime(2026, 2, 3, 12, tzinfo=UTC).timestamp()))
    told = training_run("detector train", tmp_path, second, 5, "abc")
    assert (told.commit, told.samples, str(told.finished)) == ("abc", 5 * 3 + 70 * 96, "2026-02-03")
    assert told.command.startswith(f"platewatch-train detector train {tmp_path.name} ")
