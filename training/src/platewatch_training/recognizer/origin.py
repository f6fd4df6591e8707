"""The data that the recognizer learned from, with their licences."""

from __future__ import annotations

from collections import Counter
from typing import Final

from platewatch.vision.inference.model_card import DataSource
from platewatch_training.datasets.licenses import license_of
from platewatch_training.recognizer.batches import real_crops
from platewatch_training.recognizer.config import RunConfig
from platewatch_training.runs.kept import joined
from platewatch_training.runs.origin import further_sources, lineage

RENDERED_LICENSE: Final = "MIT, drawn by platewatch's own renderer with the typefaces named there"


def data_sources(config: RunConfig, step: int) -> tuple[DataSource, ...]:
    """The data that this run and its parents learned from, with their licences.

    Raises:
        RunError: real crops of the configuration, or the run that it began with, are not on disk.
        DatasetError: a folder of real crops has no known licence.
    """
    rendered = 0
    folders: dict[str, int] = {}
    further: list[DataSource] = []
    for one, steps in lineage(config, step):
        own_share = 0.0 if one.own is None else one.own.share
        rendered += round(steps * one.batch * (1 - one.real_share - own_share))
        folders |= Counter(crop.source.split("/", maxsplit=1)[0] for crop in real_crops(one))
        further += further_sources(one)
    return joined(
        [
            DataSource(name="rendered plates", license=RENDERED_LICENSE, images=rendered),
            *(DataSource(name=name, license=license_of(name), images=count) for name, count in sorted(folders.items())),
            *further,
        ]
    )
