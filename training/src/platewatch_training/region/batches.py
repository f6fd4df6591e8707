"""Rendered and real crops with their regions as tensors, made by worker processes while the network trains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from platewatch.vision.recognizer.region_network import to_strips
from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.labels import LabelledCrop, labelled_crops
from platewatch_training.recognizer.batches import RealSource, regions_within
from platewatch_training.region.config import RegionConfig
from platewatch_training.region.network import PIXELS
from platewatch_training.runs.config import RunError
from platewatch_training.runs.workers import drawn_ahead
from platewatch_training.synthesis.designs import state_names
from platewatch_training.synthesis.layouts import Layout, load_layouts
from platewatch_training.synthesis.samples import Drawing, Sample, SampleSource

_TAKES: Final = 4
_KEPT: Final = 500
_STATES_OFTENER: Final = 8
_EVENED: Final = 0.5
"""The power that brings regions with many plates and such with few closer together."""


@dataclass(frozen=True, slots=True)
class RegionBatch:
    """`inputs` float32 (N, 3, H, W); `regions` bool (N, regions), True for those that the plate may be from."""

    inputs: Tensor
    regions: Tensor


class RegionBatches(IterableDataset[tuple[Tensor, Tensor]]):
    """Batches without end; each worker has a seed of its own, and none repeats what was drawn before a resumption."""

    def __init__(self, regions: Sequence[str], config: RegionConfig, *, first_step: int = 0) -> None:
        self._regions = tuple(regions)
        self._config = config
        self._first_step = first_step

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        number = worker.id if worker else 0
        seed, real_seed = (
            np.random.SeedSequence([self._config.seed, self._first_step, number]).generate_state(2).tolist()
        )
        config = self._config
        rng = np.random.default_rng(seed + 1)
        rendered = Reused(RenderedSource(config, seed=seed), config, seed=seed + 2)
        real = RealSource(with_states_often(real_crops(config)), seed=real_seed)
        while True:
            chances = rng.random(config.batch)
            yield self._batch([real.next() if one < config.real_share else rendered.next() for one in chances])

    def _batch(self, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
        size = (self._config.input_width, self._config.input_height)
        inputs = PIXELS.planes(np.stack([to_strips(sample.crop_bgr, *size) for sample in samples]))
        regions = [regions_within(sample.region, self._regions) for sample in samples]
        return torch.from_numpy(inputs), torch.tensor(regions)


class RenderedSource:
    """Plates that name their state and others, with and without flaws, in the shares of the configuration."""

    def __init__(self, config: RegionConfig, *, seed: int) -> None:
        layouts = load_layouts()
        states = evened([one for one in layouts if state_names(one.region)])
        others = evened([one for one in layouts if not state_names(one.region)])
        self._config = config
        self._rng = np.random.default_rng(seed)
        self._sources = {
            (of_states, flaws): SampleSource(
                states if of_states else others,
                seed=seed + 2 * of_states + flaws,
                flaws=flaws,
                drawing=Drawing(config.free_designs, config.covered, config.narrowest_px, _TAKES)
                if of_states
                else Drawing(takes=_TAKES),
            )
            for of_states in (False, True)
            for flaws in (False, True)
        }

    def next(self) -> Sample:
        """The next sample of a plate; what is no plate is left out."""
        of_states = bool(self._rng.random() < self._config.states_share)
        flaws = bool(self._rng.random() >= self._config.clean_share)
        while True:
            sample = self._sources[of_states, flaws].next()
            if sample.region is not None:
                return sample


class Reused:
    """Each sample of a source several times, cut and lit otherwise each time: rendering takes as long as learning."""

    def __init__(self, source: RenderedSource, config: RegionConfig, *, seed: int) -> None:
        self._source = source
        self._uses = config.uses
        self._rng = np.random.default_rng(seed)
        self._kept: list[tuple[Sample, int]] = []

    def next(self) -> Sample:
        """The next sample."""
        if self._uses == 1:
            return self._source.next()
        while len(self._kept) < _KEPT:
            self._kept.append((self._source.next(), self._uses))
        at = int(self._rng.integers(len(self._kept)))
        sample, left = self._kept[at]
        if left > 1:
            self._kept[at] = (sample, left - 1)
        else:
            self._kept[at] = self._kept[-1]
            self._kept.pop()
        return replace(sample, crop_bgr=_again(sample.crop_bgr, self._rng))


def _again(crop_bgr: ImageBgr, rng: Generator) -> ImageBgr:
    """The crop moved and stretched a little, in other light."""
    height, width = crop_bgr.shape[:2]
    scale = rng.uniform(0.93, 1.08, 2)
    lean = rng.normal(0, 0.02)
    move = rng.normal(0, 0.02, 2) * (width, height) + (1 - scale) * (width / 2, height / 2)
    way = np.asarray([[scale[0], lean, move[0]], [lean * rng.normal(0, 0.5), scale[1], move[1]]], np.float32)
    moved = cv2.warpAffine(crop_bgr, way, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gain, lift = rng.uniform(0.8, 1.2), rng.normal(0, 10)
    lit = cv2.convertScaleAbs(moved, alpha=float(gain), beta=float(max(0.0, lift)))
    return np.asarray(lit, np.uint8)


def evened(layouts: Sequence[Layout]) -> list[Layout]:
    """The layouts with weights that bring rare and frequent regions closer together."""
    totals: defaultdict[str, float] = defaultdict(float)
    for layout in layouts:
        totals[layout.region] += layout.weight
    return [
        layout.model_copy(update={"weight": layout.weight * totals[layout.region] ** (_EVENED - 1)})
        for layout in layouts
    ]


def real_crops(config: RegionConfig) -> list[LabelledCrop]:
    """The rows of split `train` of every folder of `train/` that name a region, none if no real crops are wanted.

    Raises:
        RunError: real crops are wanted, but no folder is named or it has none.
    """
    if config.real_share == 0:
        return []
    if config.datasets is None:
        raise RunError("`real_share` needs `datasets`, the folder with train/ in it.")
    folders = sorted((config.datasets / "train").iterdir())
    crops = [crop for folder in folders for crop in labelled_crops(folder, "train") if crop.region]
    if not crops:
        raise RunError(f"No labels under {str(config.datasets / 'train')!r} name a region.")
    return crops


def with_states_often(crops: Sequence[LabelledCrop]) -> list[LabelledCrop]:
    """The crops, those of a known state several times: they are few, and what the network has to learn from most."""
    return [crop for crop in crops for _ in range(_STATES_OFTENER if state_names(crop.region or "") else 1)]


def loader(batches: RegionBatches, workers: int) -> Iterator[RegionBatch]:
    """The batches, drawn ahead by so many processes (none: in this one)."""
    for inputs, regions in drawn_ahead(batches, workers):
        yield RegionBatch(inputs, regions)
