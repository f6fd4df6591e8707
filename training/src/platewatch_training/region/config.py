"""Options of a training run of the region network, read from a YAML file; a copy is kept in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from platewatch_training.region.network import STRIDE
from platewatch_training.runs.config import TrainingConfig, read_config

Depth = Annotated[int, Field(ge=1, le=8)]


class RegionConfig(TrainingConfig):
    """One training run of the region network.

    Its real crops are the rows of split `train` of `datasets`/train/ whose labels name a region.
    """

    channels: tuple[int, int, int, int] = (24, 48, 80, 112)
    depths: tuple[Depth, Depth, Depth] = Field(default=(2, 2, 2), description="residual blocks of each stage")
    frozen: int = Field(default=0, ge=0, le=30, description="layers of the backbone that stay as `start_from` has them")
    replayed: int = Field(
        default=3, ge=0, le=15, description="earlier samples that each is learned with, if all is frozen"
    )
    width: int = Field(default=192, ge=16, le=1024)
    input_width: int = Field(default=256, ge=64, le=640, multiple_of=STRIDE, description="of the strips, in pixels")
    input_height: int = Field(default=64, ge=32, le=320, multiple_of=2 * STRIDE, description="of both strips")
    real_share: float = Field(default=0.0, ge=0, le=1, description="of real crops among the samples")
    states_share: float = Field(default=0.6, ge=0, le=1, description="of plates that name their state, among rendered")
    clean_share: float = Field(default=0.3, ge=0, le=1, description="of rendered plates without wear and camera flaws")
    free_designs: float = Field(
        default=0.55, ge=0, le=1, description="of plates that name a state: in no layout's design"
    )
    covered: float = Field(
        default=0.2, ge=0, le=1, description="of plates that name a state: with a frame over the edge"
    )
    uses: int = Field(default=1, ge=1, le=20, description="of each rendered crop, cut and lit otherwise each time")
    narrowest_px: float = Field(default=80, ge=0, le=300, description="width of rendered plates that name a state")

    @model_validator(mode="after")
    def _learns_from_known_data(self) -> Self:
        if self.own is not None:
            raise ValueError("the region network can't be fine-tuned on own data yet: leave `own` out")
        return self


def load_config(path: Path) -> RegionConfig:
    """The configuration of a file; raises RunError."""
    return read_config(path, RegionConfig)
