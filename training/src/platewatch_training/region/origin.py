"""The data that the region network learned from, with their licences."""

from __future__ import annotations

from collections import Counter

from platewatch.vision.inference.model_card import DataSource
from platewatch_training.datasets.licenses import license_of
from platewatch_training.recognizer.origin import RENDERED_LICENSE
from platewatch_training.region.batches import real_crops
from platewatch_training.region.config import RegionConfig
from platewatch_training.runs.kept import joined
from platewatch_training.runs.origin import further_sources, lineage


def data_sources(config: RegionConfig, step: int) -> tuple[DataSource, ...]:
    """The data that this run and its parents learned from, with their licences.

    Raises:
        RunError: real crops of the configuration, or the run that it began with, are not on disk.
        DatasetError: a folder of real crops has no known licence.
    """
    rendered = 0
    folders: dict[str, int] = {}
    further: list[DataSource] = []
    for one, steps in lineage(config, step):
        rendered += round(steps * one.batch * (1 - one.real_share) / one.uses)
        folders |= Counter(crop.source.split("/", maxsplit=1)[0] for crop in real_crops(one))
        further += further_sources(one)
    return joined(
        [
            DataSource(name="rendered plates", license=RENDERED_LICENSE, images=rendered),
            *(DataSource(name=name, license=license_of(name), images=count) for name, count in sorted(folders.items())),
            *further,
        ]
    )
