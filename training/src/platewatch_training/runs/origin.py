"""The origin of a run's weights: its code, and the runs that it began with."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from platewatch.vision.inference.model_card import DataSource, TrainingRun
from platewatch_training.runs.config import Config, RunError, TrainingConfig, read_config
from platewatch_training.runs.kept import KeptOrigin, keep, kept_origin
from platewatch_training.runs.trainer import CHECKPOINT, CONFIG, chosen_checkpoint


def training_run(verb: str, run: Path, config: TrainingConfig, step: int, commit: str | None = None) -> TrainingRun:
    """The training run of that verb; it ended when its checkpoint was written.

    Raises:
        RunError: no commit was given, and Git knows none from when the run began.
    """
    return TrainingRun(
        commit=commit or commit_before(run / CONFIG),
        finished=datetime.fromtimestamp((run / CHECKPOINT).stat().st_mtime, UTC).date(),
        command=f"platewatch-train {verb} {run.name} --config {run.name}/{CONFIG}",
        samples=samples_of(config, step),
    )


def keep_run(run: Path, path: Path, config: TrainingConfig, step: int, data: tuple[DataSource, ...]) -> KeptOrigin:
    """Write the averaged weights of a run to `path`, and beside them what they learned from, which it gives back.

    Raises:
        RunError: the run, or one that it began with, can't be read.
    """
    origin = KeptOrigin(samples=samples_of(config, step), data=data)
    keep(chosen_checkpoint(run), path, origin)
    return origin


def samples_of(config: TrainingConfig, step: int) -> int:
    """The number of samples that the run and its parents saw."""
    runs = list(lineage(config, step))
    first = runs[-1][0].start_from
    kept = None if first is None else kept_origin(first)
    return sum(steps * one.batch for one, steps in runs) + (0 if kept is None else kept.samples)


def lineage(config: Config, step: int) -> Iterator[tuple[Config, int]]:
    """The configuration and steps of the run, of the one that it started from, and so on, down to a bare checkpoint.

    Raises:
        RunError: the run that it began with is not on disk.
    """
    yield config, step
    while config.start_from is not None and not _is_bare(config.start_from):
        config = read_config(config.start_from.parent / CONFIG, type(config))
        yield config, config.steps


def further_sources(config: TrainingConfig) -> Iterator[DataSource]:
    """Data beside a network's own kinds: a user's own data, and a checkpoint that came without its run."""
    if config.own is not None:
        yield DataSource(
            name=f"own data {config.own.folder.name!r}", license="not stated: ask the person who trained it"
        )
    if config.start_from is not None and _is_bare(config.start_from):
        kept = kept_origin(config.start_from)
        name = f"the checkpoint {config.start_from.name!r}"
        yield from kept.data if kept else [DataSource(name=name, license="not stated: it came without its run")]


def _is_bare(checkpoint: Path) -> bool:
    return checkpoint.is_file() and not (checkpoint.parent / CONFIG).exists()


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
