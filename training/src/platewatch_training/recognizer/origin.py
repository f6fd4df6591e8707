"""Where a run's weights come from: code, samples, data and their licences."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from platewatch.vision.zoo import DataSource, TrainingRun
from platewatch_training.datasets.licenses import license_of
from platewatch_training.recognizer.batches import real_crops
from platewatch_training.recognizer.config import RunConfig, RunError, load_config
from platewatch_training.recognizer.loop import CHECKPOINT, CONFIG

_RENDERED_LICENSE: Final = "MIT, drawn by platewatch's own renderer with the typefaces named there"


def training_run(run: Path, config: RunConfig, step: int, commit: str | None = None) -> TrainingRun:
    """How the run came about; it ended when its checkpoint was written.

    Raises:
        RunError: no commit was given, and Git knows none from when the run began.
    """
    return TrainingRun(
        commit=commit or commit_before(run / CONFIG),
        finished=datetime.fromtimestamp((run / CHECKPOINT).stat().st_mtime, UTC).date(),
        command=f"platewatch-train recognizer {run.name} --config {run.name}/{CONFIG}",
        samples=sum(steps * one.batch for one, steps in _lineage(config, step)),
    )


def data_sources(config: RunConfig, step: int) -> tuple[DataSource, ...]:
    """What the run, and those whose weights it began with, learned from, and under which licence each may be used.

    Raises:
        RunError: real crops of the configuration, or the run that it began with, are not on disk.
        DatasetError: a folder of real crops has no known licence.
    """
    rendered = 0
    folders: dict[str, int] = {}
    for one, steps in _lineage(config, step):
        rendered += round(steps * one.batch * (1 - one.real_share))
        folders |= Counter(crop.source.split("/", maxsplit=1)[0] for crop in real_crops(one))
    return (
        DataSource(name="rendered plates", license=_RENDERED_LICENSE, images=rendered),
        *(DataSource(name=name, license=license_of(name), images=count) for name, count in sorted(folders.items())),
    )


def _lineage(config: RunConfig, step: int) -> Iterator[tuple[RunConfig, int]]:
    """The configuration and steps of the run, of the one that it started from, and so on."""
    yield config, step
    while config.start_from is not None:
        config = load_config(config.start_from.parent / CONFIG)
        yield config, config.steps


def commit_before(written: Path, checkout: Path = Path(__file__).parent) -> str:
    """The short hash of the last commit of the checkout before the file was written.

    Raises:
        RunError: it is no Git checkout, or it had no commit then.
    """
    moment = datetime.fromtimestamp(written.stat().st_mtime, UTC).isoformat()
    asked = ["git", "-C", str(checkout), "log", "-1", "--format=%h", f"--before={moment}"]
    try:
        found = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        found = ""
    if not found:
        raise RunError(f"Git knows no commit from before {moment}. Name the one that trained with --commit.")
    return found
