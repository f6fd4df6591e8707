"""The data that the detector learned from, with their licences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from platewatch.vision.inference.model_card import DataSource
from platewatch_training.datasets.licenses import license_of
from platewatch_training.datasets.photos import training_sources
from platewatch_training.detector.config import RunConfig
from platewatch_training.recognizer.origin import RENDERED_LICENSE
from platewatch_training.runs.config import RunError
from platewatch_training.runs.kept import joined
from platewatch_training.runs.origin import further_sources, lineage


def data_sources(config: RunConfig, step: int) -> tuple[DataSource, ...]:
    """The data that this run and its parents learned from, with their licences.

    Raises:
        RunError: a configuration names no photos, or the run that it began with is not on disk.
        DatasetError: the photos are not on disk, or a folder of them has no known licence.
    """
    composites = 0
    folders: dict[str, int] = {}
    further: list[DataSource] = []
    for one, steps in lineage(config, step):
        further += further_sources(one)
        own_share = 0.0 if one.own is None else one.own.share
        drawn_share = 1.0 if one.datasets is None else one.composite_share
        composites += round(steps * one.batch * (1 - own_share) * drawn_share)
        if one.datasets is None:
            if one.own is None:
                raise RunError("The run names no `datasets`, so that nobody can say what it learned from.")
            continue
        folders |= _count(training_sources(one.datasets, "train")) | _count(training_sources(one.datasets, "vehicles"))
    return joined(
        [
            DataSource(name="rendered plates in photos of the sets below", license=RENDERED_LICENSE, images=composites),
            *(DataSource(name=name, license=license_of(name), images=count) for name, count in sorted(folders.items())),
            *further,
        ]
    )


def _count(sources: Iterable[str]) -> Counter[str]:
    return Counter(source.split("/", maxsplit=1)[0] for source in sources)
