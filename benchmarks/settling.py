"""The time of settling look-alikes for a crop: `python -m benchmarks.settling`; the crops are made up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.report import Grid, Measured, figure, publish
from platewatch.plates.grammars import known_regions
from platewatch.vision.recognizer.beam import settle
from platewatch.vision.recognizer.slot_codec import ALPHABET, NOTHING, SLOTS, SlotCodec

NAME: Final = "settling"
CONFIDENCES: Final = (0.999, 0.95, 0.8, 0.5)
"""The mean probability of each slot's right class."""
_PLATES: Final = ("AB123CD", "BAB1234", "7ABC123", "LB07SEO", "京A12345", "KA01AB1234", "ABC1D23", "1234BCD")
_SPREAD: Final = 0.05
_STEPS: Final = 156
_MICROSECONDS: Final = 1e6

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SettlingSpeed:
    """Microseconds for a crop whose slots are that sure."""

    confidence: float
    median_us: float
    slowest_us: float


def settling(
    *,
    crops: Annotated[int, typer.Option(min=8, help="How many crops are made up for each row.")] = 500,
    seed: Annotated[int, typer.Option(help="What chance begins with.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
) -> None:
    """Measure how long look-alikes of one crop take, from slots that are sure to such that are not."""
    how = circumstances("benchmarks.settling")
    rows = tuple(measure(confidence, crops, np.random.default_rng(seed)) for confidence in CONFIDENCES)
    grids = [
        Grid(
            "Settling look-alikes (microseconds a crop)",
            ("confidence of a slot", "median", "slowest of 100"),
            tuple((f"{row.confidence:g}", figure(row.median_us, 0), figure(row.slowest_us, 0)) for row in rows),
        )
    ]
    publish(Measured(NAME, how, [f"{crops} made-up crops a row, seed {seed}"], grids, rows), output, None)


def measure(confidence: float, crops: int, rng: Generator) -> SettlingSpeed:
    """The time of that many crops, without that of the grammars' first use."""
    codec = SlotCodec(ALPHABET, tuple(sorted(known_regions())))
    answers = []
    for index in range(crops):
        slots = slots_of(_PLATES[index % len(_PLATES)], confidence, codec, rng)
        answers.append((slots, spread(confidence, len(codec.regions), rng), steps_of(slots, confidence, rng)))
    times_us = []
    for is_warm in (False, True):
        for slots, regions, steps in answers:
            start = time.perf_counter()
            settle(slots, regions, codec, steps)
            if is_warm:
                times_us.append((time.perf_counter() - start) * _MICROSECONDS)
    return SettlingSpeed(confidence, float(np.median(times_us)), float(np.percentile(times_us, 99)))


def slots_of(text: str, confidence: float, codec: SlotCodec, rng: Generator) -> Probabilities:
    """float32 (slots, classes): those of the text have `confidence`, a few others by chance what is left."""
    left = rng.dirichlet(np.full(codec.classes, _SPREAD), SLOTS) * (1 - confidence)
    left[np.arange(SLOTS), codec.encode(text)] += confidence
    return left.astype(np.float32)


def steps_of(slots: Probabilities, confidence: float, rng: Generator) -> Probabilities:
    """float32 (steps, classes): what the slots say, each at a place of its own, and nothing between them."""
    found = rng.dirichlet(np.full(slots.shape[1], _SPREAD), _STEPS) * (1 - confidence) / 10
    found[:, NOTHING] += 1 - (1 - confidence) / 10
    found[_STEPS // 2 : _STEPS // 2 + 4 * len(slots) : 4] = slots
    return found.astype(np.float32)


def spread(confidence: float, regions: int, rng: Generator) -> Probabilities:
    """float32 (regions,): one of them has `confidence`, a few others by chance what is left."""
    shares = rng.dirichlet(np.full(regions, _SPREAD)) * (1 - confidence)
    shares[int(rng.integers(regions))] += confidence
    return shares.astype(np.float32)


if __name__ == "__main__":
    typer.run(settling)
