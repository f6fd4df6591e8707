"""Scores of a model folder, measured through the same code that serves it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.inference.session import Provider
from platewatch.vision.recognizer.slot_recognizer import SlotRecognizer
from platewatch.vision.types import Crop, Detection, ImageBgr
from platewatch_training.datasets.labels import LabelledCrop
from platewatch_training.recognizer.calibrate import calibration_error
from platewatch_training.recognizer.evaluate import Outcome, score
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.samples import Sample, SampleSource

RENDERED: Final = "rendered"
HELD_OUT_SEED: Final = 920_000_001
"""Of the rendered samples that nothing is ever fitted on."""
_TIMED: Final = 50
_WARM_UPS: Final = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """One set: shares and the error of the confidence in per cent; the region is known of rendered crops alone.

    `as_read` is the exact share without the grammars that settle look-alikes.
    """

    name: str
    plates: int
    exact: float
    as_read: float
    folded: float
    calibration_error: float
    region: float | None = None


def render_samples(seed: int, count: int) -> list[Sample]:
    """`count` samples of all layouts, drawn with that seed."""
    source = SampleSource(load_layouts(), seed=seed)
    return [source.next() for _ in range(count)]


def as_labelled(samples: Sequence[Sample]) -> list[LabelledCrop]:
    """The samples as crops with texts."""
    return [LabelledCrop(sample.crop_bgr, sample.text, sample.layout) for sample in samples]


def read_folder(
    folder: Path, crops: Sequence[LabelledCrop], *, grammars: bool = True
) -> tuple[list[Outcome], list[str | None]]:
    """The readings of the model in that folder, and the region of each crop."""
    recognizer = _recognizer(folder, grammars=grammars)
    transcripts = recognizer.recognize([_as_crop(crop.crop_bgr) for crop in crops])
    outcomes = [Outcome(crop, one.text, one.confidence or 0.0) for crop, one in zip(crops, transcripts, strict=True)]
    return outcomes, [one.region for one in transcripts]


def measure(folder: Path, held_out: Sequence[Sample], sets: Mapping[str, Sequence[LabelledCrop]]) -> list[Measured]:
    """The figures of rendered samples that nothing was fitted on, then of each set of real crops."""
    rendered = as_labelled(held_out)
    regions = read_folder(folder, rendered)[1]
    known = [(sample.region, reported) for sample, reported in zip(held_out, regions, strict=True) if sample.region]
    right = 100 * sum(region == reported for region, reported in known) / max(1, len(known))
    return [
        _measure(folder, RENDERED, rendered, right),
        *(_measure(folder, name, crops) for name, crops in sets.items()),
    ]


def middle_ms(folder: Path, crops: Sequence[LabelledCrop], batch: int = 1) -> float:
    """The middle time of a crop on one thread, read `batch` at a time, in milliseconds."""
    recognizer = _recognizer(folder)
    chosen = [_as_crop(crop.crop_bgr) for crop in crops[:batch]]
    for _ in range(_WARM_UPS):
        recognizer.recognize(chosen)
    times_s = []
    for _ in range(_TIMED):
        began = time.perf_counter()
        recognizer.recognize(chosen)
        times_s.append(time.perf_counter() - began)
    return 1000 * statistics.median(times_s) / len(chosen)


def _recognizer(folder: Path, *, grammars: bool = True) -> SlotRecognizer:
    options = BackendOptions(provider=Provider.CPU, threads=1, recognizer_model=folder, grammars=grammars)
    return SlotRecognizer(options)


def _measure(folder: Path, name: str, crops: Sequence[LabelledCrop], region: float | None = None) -> Measured:
    outcomes, _ = read_folder(folder, crops)
    found, as_read = score(name, outcomes), score(name, read_folder(folder, crops, grammars=False)[0])
    return Measured(
        name=name,
        plates=found.plates,
        exact=found.exact,
        as_read=as_read.exact,
        folded=found.folded,
        calibration_error=calibration_error(outcomes),
        region=region,
    )


def _as_crop(crop_bgr: ImageBgr) -> Crop:
    height, width = crop_bgr.shape[:2]
    return Crop(crop_bgr, Detection(corners_from_box((0.0, 0.0, float(width), float(height))), 1.0))
