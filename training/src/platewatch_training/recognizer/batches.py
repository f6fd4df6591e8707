"""Rendered and real samples as tensors, made by worker processes while the network trains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from platewatch.vision.recognizer.slot_codec import SLOTS, SlotCodec, to_input
from platewatch_training.datasets.labels import LabelledCrop, labelled_crops
from platewatch_training.recognizer.config import RunConfig
from platewatch_training.recognizer.network import PIXELS
from platewatch_training.runs.config import RunError
from platewatch_training.runs.workers import drawn_ahead
from platewatch_training.synthesis.camera import retake
from platewatch_training.synthesis.layouts import Layout, load_layouts
from platewatch_training.synthesis.samples import Sample, SampleSource


@dataclass(frozen=True, slots=True)
class Batch:
    """`inputs` float32 (N, 3, H, W); `slots` int64 (N, slots); `regions` bool (N, regions).

    Of a crop's regions those are True that its plate may be from: one, all of a country, or none where it is unknown.
    """

    inputs: Tensor
    slots: Tensor
    regions: Tensor


class SampleBatches(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Batches without end; each worker has a seed of its own, and none repeats what was drawn before a resumption."""

    def __init__(
        self, codec: SlotCodec, config: RunConfig, *, first_step: int = 0, own: Sequence[LabelledCrop] = ()
    ) -> None:
        """`own` are the crops of a user's own data, of which the configuration says how many there shall be."""
        self._codec = codec
        self._config = config
        self._first_step = first_step
        self._own = own

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        worker = get_worker_info()
        number = worker.id if worker else 0
        seed, real_seed, own_seed = (
            np.random.SeedSequence([self._config.seed, self._first_step, number]).generate_state(3).tolist()
        )
        config = self._config
        rendered = SampleSource(
            load_layouts(),
            seed=seed,
            two_rows=config.two_rows,
            drawn_typefaces=config.drawn_typefaces,
            flaws=config.flaws,
        )
        real = RealSource(real_crops(config), seed=real_seed)
        own = RealSource(self._own, seed=own_seed)
        own_share = 0.0 if config.own is None else config.own.share
        rng = np.random.default_rng(seed + 1)
        while True:
            drawn = rng.random(config.batch)
            yield self._batch(
                [
                    own.next()
                    if chance < own_share
                    else real.next()
                    if chance < own_share + config.real_share
                    else rendered.next()
                    for chance in drawn
                ]
            )

    def _batch(self, samples: Sequence[Sample]) -> tuple[Tensor, Tensor, Tensor]:
        inputs = PIXELS.planes(np.stack([to_input(sample.crop_bgr, self._config.input_width) for sample in samples]))
        slots = np.stack([self._codec.encode(sample.text) for sample in samples])
        regions = [regions_within(sample.region, self._codec.regions) for sample in samples]
        return torch.from_numpy(inputs), torch.from_numpy(slots), torch.tensor(regions)


class RealSource:
    """Real crops in any order, each augmented as a new photo; a large folder does not drown the small ones."""

    def __init__(self, crops: Sequence[LabelledCrop], *, seed: int) -> None:
        self._crops = crops
        self._rng = np.random.default_rng(seed)
        folders = [crop.source.partition("/")[0] for crop in crops]
        sizes = Counter(folders)
        weights = np.asarray([sizes[folder] ** -0.5 for folder in folders])
        self._chances = weights / weights.sum() if crops else weights

    def next(self) -> Sample:
        """The next sample."""
        crop = self._crops[int(self._rng.choice(len(self._crops), p=self._chances))]
        return Sample(retake(crop.crop_bgr, self._rng), crop.text, crop.region, crop.source)


def regions_within(region: str | None, regions: Sequence[str]) -> list[bool]:
    """The regions that are this one or, for a country, its states."""
    return [region is not None and (one == region or one.startswith(f"{region}-")) for one in regions]


def real_crops(config: RunConfig) -> list[LabelledCrop]:
    """The rows of split `train` of every folder of `train/`, none if no real crops are wanted.

    Raises:
        RunError: real crops are wanted, but no folder is named or it has none.
    """
    if config.real_share == 0:
        return []
    if config.datasets is None:
        raise RunError("`real_share` needs `datasets`, the folder with train/ in it.")
    folders = sorted((config.datasets / "train").iterdir())
    crops = [crop for folder in folders for crop in labelled_crops(folder, "train") if len(crop.text) <= SLOTS]
    if not crops:
        raise RunError(f"There are no labelled crops under {str(config.datasets / 'train')!r}.")
    return crops


def loader(batches: SampleBatches, workers: int) -> Iterator[Batch]:
    """The batches, drawn ahead by so many processes (none: in this one)."""
    for inputs, slots, regions in drawn_ahead(batches, workers):
        yield Batch(inputs, slots, regions)


def all_regions(layouts: Sequence[Layout]) -> tuple[str, ...]:
    """Every region that the layouts can draw, sorted."""
    found = {layout.region for layout in layouts}
    for layout in layouts:
        found |= set(layout.regions.values())
    return tuple(sorted(found))
