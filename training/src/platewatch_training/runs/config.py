"""Options of every training run, read from a YAML file; a copy is kept in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from platewatch.datasets.label_format import LabelFormat
from platewatch.errors import PlatewatchError


class RunError(PlatewatchError):
    """A training run that can't start or go on; the message says why."""


class OwnData(BaseModel):
    """A user's own labelled photos, on which a run is fine-tuned; the other samples keep what was learned before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    format: LabelFormat | None = Field(default=None, description="of the labels; without it, it is seen")
    skip_bad: bool = Field(default=False, description="true: labels that can't be understood are left out")
    share: float = Field(default=0.5, gt=0, le=1, description="of own samples among all")
    held_back: float = Field(default=0.2, gt=0, lt=1, description="of the images, where the labels have no split")
    check_every: int = Field(default=50, ge=1, description="steps between two looks at what is held back")
    patience: int = Field(default=6, ge=1, description="looks without a better result, after which the run ends")


class TrainingConfig(BaseModel):
    """One training run; networks and data add what decides about them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    start_from: Path | None = Field(default=None, description="a checkpoint whose fitting weights are the beginning")
    steps: int = Field(default=8000, ge=1)
    batch: int = Field(default=96, ge=1)
    learning_rate: float = Field(default=1.5e-3, gt=0)
    warm_up_steps: int = Field(default=300, ge=0)
    weight_decay: float = Field(default=0.02, ge=0)
    gradient_limit: float = Field(default=2.0, gt=0, description="of the norm of all gradients together")
    average_decay: float = Field(default=0.999, ge=0, lt=1, description="of the weights' moving average")
    datasets: Path | None = Field(default=None, description="the folder with train/ and vehicles/")
    workers: int = Field(default=1, ge=0, le=64)
    threads: int = Field(default=2, ge=1, le=256)
    save_every: int = Field(default=500, ge=1)
    own: OwnData | None = None


Config = TypeVar("Config", bound=TrainingConfig)


def read_config(path: Path, kind: type[Config]) -> Config:
    """The configuration of a file.

    Raises:
        RunError: it is missing, no YAML, or has a field that can't be used.
    """
    try:
        return kind.model_validate(yaml.safe_load(path.read_text()) or {})
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise RunError(f"The configuration {str(path)!r} can't be used: {error}") from error
