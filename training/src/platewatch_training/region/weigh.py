"""How much the looks, the recognizer's guess and the text count together, and from when on a state is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from platewatch.vision.regions import joined_regions
from platewatch.vision.types import Transcript
from platewatch.vision.zoo import RegionWeights
from platewatch_training.recognizer.batches import regions_within

_STEPS: Final = 300
_RATE: Final = 0.03
_RIGHT: Final = 0.97
"""So many of the told states are to be right where the threshold is fitted."""
_LOWEST: Final = 0.3
_HIGHEST: Final = 0.95


@dataclass(frozen=True, slots=True)
class Told:
    """One crop: what the region network says, what the recognizer read and guessed, and where the plate is from."""

    by_looks: NDArray[np.float32]
    said: Transcript
    region: str


def fit_weights(crops: Sequence[Told], regions: tuple[str, ...]) -> RegionWeights:
    """The weights with which the right regions are likeliest; crops without a text don't count."""
    read = [crop for crop in crops if crop.said.characters]
    parts = torch.from_numpy(np.stack([_parts(crop, regions) for crop in read]))
    within = torch.tensor([regions_within(crop.region, regions) for crop in read])
    # Softplus keeps them from becoming negative; they begin near one.
    raw = torch.full((3,), 0.5, requires_grad=True)
    optimizer = torch.optim.Adam([raw], lr=_RATE)
    for _ in range(_STEPS):
        joined = (parts * torch.nn.functional.softplus(raw)[None, :, None]).sum(1)
        chances = joined.log_softmax(-1).masked_fill(~within, -torch.inf).logsumexp(-1)
        loss = -chances.clamp(min=-12.0).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    looks, guess, text = torch.nn.functional.softplus(raw).tolist()
    return RegionWeights(looks=round(looks, 3), guess=round(guess, 3), text=round(text, 3))


def fit_threshold(crops: Sequence[Told], regions: tuple[str, ...], weights: RegionWeights) -> float:
    """From which probability on `_RIGHT` of the states that are told are right, of crops whose state is known."""
    found: list[tuple[float, bool]] = []
    for crop in crops:
        if "-" not in crop.region or not crop.said.characters:
            continue
        joined = join(crop, regions, weights)
        best = int(joined.argmax())
        if "-" in regions[best]:
            found.append((float(joined[best]), regions[best] == crop.region))
    found.sort(reverse=True)
    right = 0
    threshold = _HIGHEST
    for count, (probability, is_right) in enumerate(found, 1):
        right += is_right
        if right >= _RIGHT * count:
            threshold = probability
    return round(min(_HIGHEST, max(_LOWEST, threshold)), 3)


def join(crop: Told, regions: tuple[str, ...], weights: RegionWeights) -> NDArray[np.float32]:
    """float32 (regions,): what looks, guess and text say together, as the server joins them."""
    return joined_regions(crop.by_looks, regions, dict(crop.said.guessed_regions), crop.said.text, weights)


def _parts(crop: Told, regions: tuple[str, ...]) -> NDArray[np.float32]:
    """float32 (3, regions): the logarithms of each of the three alone."""
    alone = (RegionWeights(looks=1, guess=0, text=0), RegionWeights(looks=0, guess=1, text=0))
    nothing = np.full(len(regions), 1 / len(regions), np.float32)
    text = joined_regions(nothing, regions, {}, crop.said.text, RegionWeights(looks=0, guess=0, text=1))
    return np.log(np.maximum(np.stack([*(join(crop, regions, one) for one in alone), text]), 1e-9))
