"""Scores of a network on real crops that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from platewatch.vision.recognizer.beam import settle
from platewatch.vision.recognizer.ctc_steps import peaks
from platewatch.vision.recognizer.slot_codec import SLOTS, SlotCodec, softmax, to_input
from platewatch.vision.types import Transcript
from platewatch_training.datasets.labels import LabelledCrop, labelled_crops
from platewatch_training.recognizer.network import PIXELS, Answer, RecognizerNetwork

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


def read_crops(network: RecognizerNetwork, codec: SlotCodec, crops: Iterable[LabelledCrop]) -> list[Outcome]:
    """The outcome of each crop, without grammars."""
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


def character_error_rate(outcomes: Sequence[Outcome]) -> float:
    """Characters that are wrong, missing or too many, in per cent of those on the plates."""
    texts = [(ascii_only(outcome.crop.text), ascii_only(outcome.text)) for outcome in outcomes]
    wrong = sum(truth != read for pair in texts for truth, read in align(*pair))
    return 100 * wrong / max(1, sum(len(truth) for truth, _ in texts))


def align(truth: str, read: str) -> list[tuple[str, str]]:
    """The characters of both side by side with fewest differences; an empty string where one has none."""
    costs = np.zeros((len(truth) + 1, len(read) + 1), int)
    costs[:, 0], costs[0, :] = np.arange(len(truth) + 1), np.arange(len(read) + 1)
    for i, expected in enumerate(truth, 1):
        for j, found in enumerate(read, 1):
            swap = costs[i - 1, j - 1] + (expected != found)
            costs[i, j] = min(swap, costs[i - 1, j] + 1, costs[i, j - 1] + 1)
    pairs = []
    i, j = len(truth), len(read)
    while i or j:
        if i and j and costs[i, j] == costs[i - 1, j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], read[j]))
        elif i and costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
            pairs.append((truth[i], ""))
        else:
            j -= 1
            pairs.append(("", read[j]))
    return pairs[::-1]


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


def _read(network: RecognizerNetwork, codec: SlotCodec, crops: Sequence[LabelledCrop]) -> list[Outcome]:
    device = next(network.parameters()).device
    inputs = PIXELS.planes(np.stack([to_input(crop.crop_bgr, network.input_width) for crop in crops]))
    with torch.inference_mode():
        answer = network(torch.from_numpy(inputs).to(device))
    transcripts = read_answer(answer, codec)
    return [Outcome(crop, one.text, one.confidence or 0.0) for crop, one in zip(crops, transcripts, strict=True)]


def read_answer(answer: Answer, codec: SlotCodec) -> list[Transcript]:
    """The network's text without grammars; without slots, the peaks of the steps are taken."""
    of_slots, of_steps = (
        None if logits is None else softmax(logits.float().cpu().numpy()) for logits in (answer.slots, answer.steps)
    )
    if of_slots is None and of_steps is not None:
        return [settle(peaks(steps, SLOTS), None, codec) for steps in of_steps]
    if of_slots is None:
        return []
    heads = zip(of_slots, [None] * len(of_slots) if of_steps is None else of_steps, strict=True)
    return [settle(slots, None, codec, steps) for slots, steps in heads]
