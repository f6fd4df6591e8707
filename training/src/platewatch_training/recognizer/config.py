"""Options of a training run of the recognizer, read from a YAML file; a copy is kept in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from platewatch.vision.recognizer.slot_codec import INPUT_WIDTH
from platewatch_training.recognizer.network import STRIDE, Head
from platewatch_training.runs.config import TrainingConfig, read_config

Depth = Annotated[int, Field(ge=1, le=8)]


class RunConfig(TrainingConfig):
    """One training run of the recognizer; everything that decides what comes out of it.

    Its real crops are the rows of split `train` of `datasets`/train/.
    """

    head: Head = "both"
    channels: tuple[int, int, int, int] = (24, 48, 80, 112)
    depths: tuple[Depth, Depth, Depth] = Field(default=(1, 1, 1), description="residual blocks of each stage")
    width: int = Field(default=160, ge=16, le=1024)
    input_width: int = Field(default=INPUT_WIDTH, ge=64, le=640, multiple_of=STRIDE, description="of a crop, in pixels")
    region_share: float = Field(default=0.2, ge=0, description="of the region in the loss")
    real_share: float = Field(default=0.0, ge=0, le=1, description="of real crops among the samples")
    drawn_typefaces: bool = Field(default=True, description="false: all plates in a typeface of a font package")
    flaws: bool = Field(default=True, description="false: clean plates, sharp and evenly lit photos")
    two_rows: float = Field(default=1.0, gt=0, description="how many times more often two-row plates are rendered")

    @model_validator(mode="after")
    def _shares_leave_no_less_than_nothing(self) -> Self:
        if self.own is not None and self.own.share + self.real_share > 1:
            raise ValueError("`own.share` and `real_share` are more than 1 together")
        return self


def load_config(path: Path) -> RunConfig:
    """The configuration of a file; raises RunError."""
    return read_config(path, RunConfig)
