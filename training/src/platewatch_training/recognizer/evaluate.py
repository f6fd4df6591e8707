"""How well a network reads real crops that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import nn

from platewatch.vision.recognize import SlotCodec, to_batch, to_input
from platewatch_training.datasets.labels import LabelledCrop, labelled_crops

_BATCH: Final = 128
_FOLDED: Final = str.maketrans("OI", "01")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One crop with what was read."""

    crop: LabelledCrop
    text: str
    confidence: float

    @property
    def exact(self) -> bool:
        """Every A-Z and 0-9 is right; province characters don't count."""
        return ascii_only(self.text) == ascii_only(self.crop.text)

    @property
    def folded(self) -> bool:
        """The same where O is 0 and I is 1."""
        return ascii_only(self.text).translate(_FOLDED) == ascii_only(self.crop.text).translate(_FOLDED)


@dataclass(frozen=True, slots=True)
class SetScore:
    """Per cent of one set."""

    name: str
    plates: int
    exact: float
    folded: float


def read_crops(network: nn.Module, codec: SlotCodec, crops: Iterable[LabelledCrop]) -> list[Outcome]:
    """The outcome of each crop, read by a network with the slot head."""
    outcomes: list[Outcome] = []
    waiting: list[LabelledCrop] = []
    network.eval()
    for crop in crops:
        waiting.append(crop)
        if len(waiting) == _BATCH:
            outcomes += _read(network, codec, waiting)
            waiting = []
    return outcomes + (_read(network, codec, waiting) if waiting else [])


def score(name: str, outcomes: Sequence[Outcome]) -> SetScore:
    """The shares of exact and folded readings, in per cent; zeros for no outcome."""
    count = len(outcomes)
    exact = 100 * sum(outcome.exact for outcome in outcomes) / max(1, count)
    folded = 100 * sum(outcome.folded for outcome in outcomes) / max(1, count)
    return SetScore(name, count, exact, folded)


def crop_sets(datasets: Path) -> dict[str, list[LabelledCrop]]:
    """The crops of each set with texts: all of `evaluation/`, the dev rows of `train/`."""
    sets: dict[str, list[LabelledCrop]] = {}
    for folder in sorted((datasets / "evaluation").iterdir()):
        sets[folder.name] = list(labelled_crops(folder))
    for folder in sorted((datasets / "train").iterdir()):
        sets[folder.name] = list(labelled_crops(folder, "dev"))
    return {name: crops for name, crops in sets.items() if crops}


def ascii_only(text: str) -> str:
    return "".join(character for character in text if character.isascii())


def _read(network: nn.Module, codec: SlotCodec, crops: Sequence[LabelledCrop]) -> list[Outcome]:
    device = next(network.parameters()).device
    inputs = torch.from_numpy(to_batch([to_input(crop.crop_bgr) for crop in crops])).to(device)
    with torch.inference_mode():
        text, _ = network(inputs)
    outcomes = []
    for crop, logits in zip(crops, text.float().cpu().numpy(), strict=True):
        characters = codec.decode(logits).characters
        confidence = 1.0
        for character in characters:
            confidence *= character.confidence
        outcomes.append(Outcome(crop, "".join(one.text for one in characters), confidence))
    return outcomes
