"""A run's weights and those that it began with, averaged: often better than either on what neither has seen.

Wortsman et al., "Robust fine-tuning of zero-shot models" (2022): what was learned last is kept, what was known before
is not forgotten.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from platewatch_training.runs.config import RunError, TrainingConfig, read_config
from platewatch_training.runs.trainer import CONFIG, averaged_weights, chosen_checkpoint, load_checkpoint


def blend(run: Path, folder: Path, kind: type[TrainingConfig], own_share: float) -> None:
    """Write a copy of the run whose averaged weights are its own with that share, the rest those it began with.

    Raises:
        RunError: the run began from nothing or from another network, can't be read, or the folder exists.
    """
    config = read_config(run / CONFIG, kind)
    if config.start_from is None:
        raise RunError(f"The run {str(run)!r} began from nothing, so there is nothing to blend it with.")
    if folder.exists():
        raise RunError(f"{str(folder)!r} exists already. Name a new folder.")
    checkpoint = chosen_checkpoint(run)
    content, start = load_checkpoint(checkpoint), load_checkpoint(config.start_from)
    begun = averaged_weights(start)
    own = averaged_weights(content)
    strange = [name for name, value in own.items() if name not in begun or begun[name].shape != value.shape]
    if strange or content.get("regions") != start.get("regions"):
        raise RunError(f"{str(config.start_from)!r} is of another network than the run {str(run)!r} that it began.")
    blended = {
        f"module.{name}": begun[name].lerp(value, own_share) if value.is_floating_point() else value
        for name, value in own.items()
    }
    shutil.copytree(run, folder)
    torch.save({**content, "average": {**content["average"], **blended}}, folder / checkpoint.name)
