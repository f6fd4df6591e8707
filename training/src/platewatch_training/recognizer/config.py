"""What a training run of the recognizer is told; a YAML file in, a copy in the run's folder out."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from platewatch.errors import PlatewatchError
from platewatch_training.recognizer.network import Head


class RunError(PlatewatchError):
    """A training run that can't start or go on; the message says why."""


class RunConfig(BaseModel):
    """One training run; everything that decides what comes out of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    head: Head = "slots"
    channels: tuple[int, int, int, int] = (24, 48, 80, 112)
    width: int = Field(default=160, ge=16, le=1024)
    start_from: Path | None = Field(default=None, description="a checkpoint whose fitting weights are the beginning")
    steps: int = Field(default=8000, ge=1)
    batch: int = Field(default=96, ge=1)
    learning_rate: float = Field(default=1.5e-3, gt=0)
    warm_up_steps: int = Field(default=300, ge=0)
    weight_decay: float = Field(default=0.02, ge=0)
    average_decay: float = Field(default=0.999, ge=0, lt=1, description="of the weights' moving average")
    region_share: float = Field(default=0.2, ge=0, description="of the region in the loss")
    real_share: float = Field(default=0.0, ge=0, le=1, description="of real crops among the samples")
    datasets: Path | None = Field(
        default=None, description="folder whose train/ rows of split `train` are the real crops"
    )
    workers: int = Field(default=1, ge=0, le=64)
    threads: int = Field(default=2, ge=1, le=256)
    save_every: int = Field(default=500, ge=1)
    evaluate_every: int = Field(default=1000, ge=1)


def load_config(path: Path) -> RunConfig:
    """The configuration of a file.

    Raises:
        RunError: it is missing, no YAML, or has a field that can't be used.
    """
    try:
        return RunConfig.model_validate(yaml.safe_load(path.read_text()) or {})
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise RunError(f"The configuration {str(path)!r} can't be used: {error}") from error
