"""The weights of the looks, the recognizer's guess and the text, and the threshold for reporting a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from platewatch.vision.inference.model_card import RegionWeights
from platewatch.vision.recognizer.regions import joined_regions, region_evidence
from platewatch.vision.types import Transcript
from platewatch_training.recognizer.batches import regions_within

_STEPS: Final = 300
_RATE: Final = 0.03
_WORST: Final = -8.0
"""No crop counts as less probable than that: some labels and some renders are wrong."""
_RIGHT: Final = 0.97
"""The share of the reported states that is to be right where the threshold is fitted."""
_LOWEST: Final = 0.3
_HIGHEST: Final = 0.95


@dataclass(frozen=True, slots=True)
class WeighedCrop:
    """One crop: what the region network names, what the recognizer read and guessed, and where the plate is from."""

    by_name: Mapping[str, float]
    transcript: Transcript
    region: str


def fit_weights(crops: Sequence[WeighedCrop], regions: tuple[str, ...]) -> RegionWeights:
    """The weights with which the right regions are most likely; crops without a text or a known region don't count."""
    read = [crop for crop in crops if crop.transcript.characters and any(regions_within(crop.region, regions))]
    evidence = [region_evidence(crop.by_name, regions, dict(crop.transcript.guessed_regions)) for crop in read]
    looks, states, guess, named = (
        torch.from_numpy(np.stack([getattr(one, name) for one in evidence]))
        for name in ("looks", "states", "guess", "named")
    )
    texts = torch.from_numpy(np.stack([_of_text(crop.transcript.text, regions) for crop in read]))
    is_named = torch.from_numpy(evidence[0].is_named)
    within = torch.tensor([regions_within(crop.region, regions) for crop in read])
    # Softplus keeps them from becoming negative; they begin near one.
    raw = torch.full((5,), 0.5, requires_grad=True)
    elsewhere = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([raw, elsewhere], lr=_RATE)
    for _ in range(_STEPS):
        power = torch.nn.functional.softplus(raw)
        among = (power[0] * looks + power[1] * states).masked_fill(~is_named, -torch.inf).log_softmax(-1)
        joined = power[2] * guess + power[3] * named + torch.where(is_named, among, elsewhere) + power[4] * texts
        chances = joined.log_softmax(-1).masked_fill(~within, -torch.inf).logsumexp(-1)
        loss = -chances.clamp(min=_WORST).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    names = ("looks", "states", "guess", "named", "text")
    fitted = dict(zip(names, torch.nn.functional.softplus(raw).tolist(), strict=True))
    return RegionWeights(
        **{name: round(value, 3) for name, value in (fitted | {"elsewhere": elsewhere.item()}).items()}
    )


def fit_threshold(crops: Sequence[WeighedCrop], regions: tuple[str, ...], weights: RegionWeights) -> float:
    """The probability from which on `_RIGHT` of the reported states are right, of crops whose state is known."""
    found: list[tuple[float, bool]] = []
    for crop in crops:
        if "-" not in crop.region or not crop.transcript.characters:
            continue
        joined = join(crop, regions, weights)
        best = int(joined.argmax())
        if "-" in regions[best]:
            found.append((float(joined[best]), regions[best] == crop.region))
    found.sort(reverse=True)
    right = count = 0
    threshold = _HIGHEST
    # A threshold reports all crops of one probability or none of them.
    for probability, tied in groupby(found, key=lambda one: one[0]):
        outcomes = [is_right for _, is_right in tied]
        right, count = right + sum(outcomes), count + len(outcomes)
        if right >= _RIGHT * count:
            threshold = probability
    return round(min(_HIGHEST, max(_LOWEST, threshold)), 3)


def join(crop: WeighedCrop, regions: tuple[str, ...], weights: RegionWeights) -> NDArray[np.float32]:
    """float32 (regions,): what looks, guess and text say together, as the server joins them."""
    return joined_regions(crop.by_name, regions, dict(crop.transcript.guessed_regions), crop.transcript.text, weights)


def _of_text(text: str, regions: tuple[str, ...]) -> NDArray[np.float64]:
    """float64 (regions,): the logarithm of what the text alone says of each."""
    alone = joined_regions({}, regions, {}, text, RegionWeights(looks=0, states=0, guess=0, named=0, text=1))
    return np.log(np.maximum(alone, 1e-9)).astype(np.float64)
