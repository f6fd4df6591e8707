"""Options of a training run of the detector, read from a YAML file; a copy is kept in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from platewatch.vision.detector.maps import STRIDES
from platewatch_training.runs.config import TrainingConfig, read_config

Side = Annotated[int, Field(ge=2 * STRIDES[-1], le=1024, multiple_of=STRIDES[-1])]
_CANVASES: Final = ((448, 320), (384, 384), (320, 448))


class RunConfig(TrainingConfig):
    """One training run of the detector; everything that decides what comes out of it.

    Its photos are the rows of split `train` of `datasets`/train/ and `datasets`/vehicles/.
    """

    channels: tuple[int, int, int, int, int] = (16, 32, 48, 96, 144)
    blocks: tuple[int, int, int, int] = (0, 2, 2, 1)
    width: int = Field(default=48, ge=6, le=512, description="channels of neck and head")
    batch: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=2e-3, gt=0)
    gradient_limit: float = Field(default=10.0, gt=0)
    canvases: tuple[tuple[Side, Side], ...] = Field(
        default=_CANVASES, min_length=1, description="width and height; each batch has one of them"
    )
    composite_share: float = Field(default=0.4, ge=0, le=1, description="of composites among the pictures")
    close_ups: float = Field(default=0.5, ge=0, le=1, description="of batches that show plates in close-ups")
    corners_share: float = Field(default=4.0, ge=0, description="of the corners in the loss")
    longest_side: int = Field(default=800, ge=64, le=4096, description="to which larger photos are scaled down")
    two_rows: float = Field(default=2.0, gt=0, description="how many times more often two-row plates are drawn")
    mined: Path | None = Field(default=None, description="the folder that `detector-mine` wrote")


def load_config(path: Path) -> RunConfig:
    """The configuration of a file; raises RunError."""
    return read_config(path, RunConfig)
