"""Scores of a region network: the right states and countries of real crops that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from platewatch.datasets.region_labels import same_region
from platewatch.vision.recognizer.region_network import to_strips
from platewatch.vision.recognizer.regions import ELSEWHERE, likely_region
from platewatch.vision.recognizer.slot_codec import softmax
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.recognizer.evaluate import crop_sets
from platewatch_training.region.network import PIXELS, RegionNetwork
from platewatch_training.synthesis.designs import state_names

_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class RegionScore:
    """Per cent of one set: the most likely region is the labelled state (None where labels name none), and country."""

    name: str
    plates: int
    state: float | None
    country: float


class Naming(nn.Module):
    """The network with the regions that it names alone: of all others it says how probable they are together.

    It learns all regions, so that it knows what has no name; but by its edges no plate of France differs from others.
    """

    def __init__(self, network: RegionNetwork, regions: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        named = [index for index, region in enumerate(regions) if state_names(region)]
        others = [index for index in range(len(regions)) if index not in named]
        self.regions = (*(regions[index] for index in named), ELSEWHERE)
        self.register_buffer("named", torch.tensor(named))
        self.register_buffer("others", torch.tensor(others))

    def forward(self, inputs: Tensor) -> Tensor:
        reported = self.network(inputs)
        return torch.cat([reported[:, self.named], reported[:, self.others].logsumexp(1, keepdim=True)], dim=1)


def region_probabilities(network: RegionNetwork, crops: Sequence[LabelledCrop]) -> NDArray[np.float32]:
    """float32 (N, regions): what the network says of each crop."""
    found = []
    network.eval()
    size = (network.input_width, network.input_height)
    for at in range(0, len(crops), _BATCH):
        inputs = np.stack([to_strips(crop.crop_bgr, *size) for crop in crops[at : at + _BATCH]])
        with torch.inference_mode():
            logits = network(torch.from_numpy(PIXELS.planes(inputs)))
        found.append(softmax(logits.float().numpy()))
    return np.concatenate(found)


def region_sets(datasets: Path) -> dict[str, list[LabelledCrop]]:
    """The crops with a known region of each set of `evaluation/`, and of the dev rows of `train/`."""
    sets = {name: [crop for crop in crops if crop.region] for name, crops in crop_sets(datasets).items()}
    return {name: crops for name, crops in sets.items() if crops}


def score_regions(name: str, crops: Sequence[LabelledCrop], reported: Iterable[str | None]) -> RegionScore:
    """The shares of right states and countries; a reported country counts as no state."""
    pairs = [(crop.region or "", region) for crop, region in zip(crops, reported, strict=True)]
    of_states = [labelled == region for labelled, region in pairs if "-" in labelled]
    return RegionScore(
        name,
        len(pairs),
        100 * sum(of_states) / len(of_states) if of_states else None,
        100 * sum(same_region(labelled.partition("-")[0], region) for labelled, region in pairs) / max(1, len(pairs)),
    )


def measure_network(network: RegionNetwork, regions: tuple[str, ...], datasets: Path) -> list[RegionScore]:
    """The scores of each set by the network alone, without texts."""
    scores = []
    for name, crops in region_sets(datasets).items():
        likely = [likely_region(one, regions) for one in region_probabilities(network, crops)]
        scores.append(score_regions(name, crops, [one.code if one else None for one in likely]))
    return scores
