"""Checkpoints that are kept without their run's folder: averaged weights, and beside them what they learned from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from platewatch.vision.inference.model_card import DataSource
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import load_checkpoint

_STATE = ("network", "optimizer", "schedule")
"""Entries of a checkpoint that only the run itself resumes from."""


class KeptOrigin(BaseModel):
    """The origin of a kept checkpoint: `samples` in all runs that led to it, and the data of all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    samples: Annotated[int, Field(ge=0)]
    data: tuple[DataSource, ...]


def keep(checkpoint: Path, path: Path, origin: KeptOrigin) -> None:
    """Write the averaged weights of a run's checkpoint to `path`, and their origin beside it.

    Raises:
        RunError: the checkpoint can't be read.
    """
    content = load_checkpoint(checkpoint)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({name: value for name, value in content.items() if name not in _STATE}, path)
    text = yaml.safe_dump(origin.model_dump(mode="json", exclude_none=True), sort_keys=False, width=120)
    _beside(path).write_text(text, encoding="utf-8")


def kept_origin(checkpoint: Path) -> KeptOrigin | None:
    """The origin beside a kept checkpoint; None if there is none.

    Raises:
        RunError: it can't be used.
    """
    path = _beside(checkpoint)
    if not path.is_file():
        return None
    try:
        return KeptOrigin.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise RunError(f"The origin of a checkpoint, {str(path)!r}, can't be used: {error}") from error


def joined(sources: Iterable[DataSource]) -> tuple[DataSource, ...]:
    """Each source once: of rendered pictures the sum, of a folder of photos all that any run had."""
    found: dict[str, DataSource] = {}
    for source in sources:
        known = found.get(source.name)
        if known is None:
            found[source.name] = source
            continue
        both = [one.images for one in (known, source) if one.images is not None]
        images = sum(both) if source.name.startswith("rendered") else max(both, default=None)
        found[source.name] = known.model_copy(update={"images": images})
    return tuple(found.values())


def _beside(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(".yaml")
