"""Rendered samples as tensors, made by worker processes while the network trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from platewatch.vision.recognize import SlotCodec, to_batch, to_input
from platewatch_training.synthesis.layouts import Layout, load_layouts
from platewatch_training.synthesis.samples import SampleSource

IGNORED_REGION = -100


@dataclass(frozen=True, slots=True)
class Batch:
    """`inputs` float32 (N, 3, H, W); `slots` int64 (N, slots); `regions` int64 (N,), -100 where it is unknown."""

    inputs: Tensor
    slots: Tensor
    regions: Tensor


class RenderedBatches(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Batches without end; each worker has a seed of its own, and none repeats what was drawn before a resumption."""

    def __init__(self, codec: SlotCodec, *, size: int, seed: int, first_step: int = 0) -> None:
        self._codec = codec
        self._size = size
        self._seed = seed
        self._first_step = first_step

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        worker = get_worker_info()
        number = worker.id if worker else 0
        seed = int(np.random.SeedSequence([self._seed, self._first_step, number]).generate_state(1)[0])
        source = SampleSource(load_layouts(), seed=seed)
        while True:
            yield self._batch(source)

    def _batch(self, source: SampleSource) -> tuple[Tensor, Tensor, Tensor]:
        samples = [source.next() for _ in range(self._size)]
        inputs = to_batch([to_input(sample.crop_bgr) for sample in samples])
        slots = np.stack([self._codec.encode(sample.text) for sample in samples])
        regions = [
            self._codec.regions.index(sample.region) if sample.region is not None else IGNORED_REGION
            for sample in samples
        ]
        return torch.from_numpy(inputs), torch.from_numpy(slots), torch.tensor(regions)


def loader(batches: RenderedBatches, workers: int) -> Iterator[Batch]:
    """The batches, drawn ahead by so many processes (none: in this one)."""
    torch_loader = DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None)
    for inputs, slots, regions in torch_loader:
        yield Batch(inputs, slots, regions)


def all_regions(layouts: Sequence[Layout]) -> tuple[str, ...]:
    """Every region that the layouts can draw, sorted."""
    found = {layout.region for layout in layouts}
    for layout in layouts:
        found |= set(layout.regions.values())
    return tuple(sorted(found))
