"""A set of labelled images through the reader, and what came of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.datasets import LabeledPhoto, PhotoSet
from benchmarks.scores import (
    FindingScores,
    LabeledPlate,
    PredictedPlate,
    ReadPlate,
    TextScores,
    compared,
    false_plates,
    finding_scores,
    reading_of,
    text_scores,
)
from platewatch.errors import ImageError
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.image import EncodedImage, open_image
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.rectify import rectify
from platewatch.vision.types import BoxXyxy, Crop, Detection, ImageReadings

_MS_DIGITS = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """One image with what was predicted; `error` says why it could not be read."""

    photo: LabeledPhoto
    predictions: tuple[PredictedPlate, ...]
    duration_ms: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class WrongReading:
    """A plate whose text is not right; `read` is empty where nothing was read."""

    image: str
    truth: str
    read: str
    confidence: float


@dataclass(frozen=True, slots=True)
class FalsePlate:
    """A prediction where no plate is labelled. Look at it before believing it: labels have gaps."""

    image: str
    text: str
    confidence: float
    box_xyxy: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SetResult:
    """Everything measured on one set. `text` is end to end for photos; `finding` is None for crops."""

    name: str
    crops: bool
    images: int
    available: int
    text: TextScores
    finding: FindingScores | None
    mean_ms: float | None
    median_ms: float | None
    wrong: tuple[WrongReading, ...]
    false: tuple[FalsePlate, ...]
    unreadable: tuple[str, ...]


def measure_set(reader: PlateReader, photo_set: PhotoSet, advance: Callable[[], None]) -> SetResult:
    """The scores of the set; `advance` is called after each image."""
    outcomes = []
    for photo in photo_set.photos:
        outcomes.append(read_photo(reader, photo))
        advance()
    return score_set(photo_set, outcomes)


def read_photo(reader: PlateReader, photo: LabeledPhoto) -> Outcome:
    """The readings of one image; a crop goes to the recognizer as it is, without a detector."""
    try:
        image = open_image(photo.path.read_bytes(), reader.limits)
        result = read_crop(reader, image, photo.cut_xyxy) if photo.is_crop else reader.read_image(image)
    except (ImageError, OSError) as error:
        return Outcome(photo, (), 0.0, str(error))
    predictions = tuple(
        PredictedPlate(reading.text, reading.confidence, reading.box_xyxy, reading.region)
        for reading in result.readings
    )
    return Outcome(photo, predictions, result.duration_ms)


def read_crop(reader: PlateReader, image: EncodedImage, cut_xyxy: BoxXyxy | None = None) -> ImageReadings:
    """The one reading of a plate that is the whole image, or this box of it; the time is that of the recognizer.

    Raises:
        ImageError: The pixels are damaged.
    """
    crop = crop_of(image, cut_xyxy)
    start = time.perf_counter()
    reading = reader.read_crop(crop)
    duration_ms = (time.perf_counter() - start) * 1000
    return ImageReadings((reading,), image.width, image.height, duration_ms)


def crop_of(image: EncodedImage, cut_xyxy: BoxXyxy | None = None) -> Crop:
    """The plate that is the whole image, or this box of it; raises ImageError if the pixels are damaged."""
    left, top, right, bottom = cut_xyxy or (0.0, 0.0, float(image.width), float(image.height))
    inside = (max(0.0, left), max(0.0, top), min(float(image.width), right), min(float(image.height), bottom))
    whole = Detection(corners_from_box(inside), 1.0)
    return rectify(image.decode(), whole)


def score_set(photo_set: PhotoSet, outcomes: Sequence[Outcome]) -> SetResult:
    """The scores of these outcomes, with the misses by name."""
    crops = photo_set.is_crops
    named = [(outcome.photo.name, plate) for outcome in outcomes for plate in _read_plates(outcome)]
    durations_ms = [outcome.duration_ms for outcome in outcomes if outcome.error is None]
    return SetResult(
        name=photo_set.name,
        crops=crops,
        images=len(outcomes),
        available=photo_set.available,
        text=text_scores([plate for _, plate in named]),
        finding=None if crops else finding_scores([(one.photo.plates, one.predictions) for one in outcomes]),
        mean_ms=round(statistics.mean(durations_ms), _MS_DIGITS) if durations_ms else None,
        median_ms=round(statistics.median(durations_ms), _MS_DIGITS) if durations_ms else None,
        wrong=tuple(
            WrongReading(name, plate.truth, plate.text, round(plate.confidence, 4))
            for name, plate in named
            if not plate.is_exact
        ),
        false=() if crops else tuple(false for outcome in outcomes for false in _false(outcome)),
        unreadable=tuple(f"{one.photo.name}: {one.error}" for one in outcomes if one.error is not None),
    )


def _read_plates(outcome: Outcome) -> list[ReadPlate]:
    if outcome.photo.is_crop:
        return [_crop_reading(plate, outcome.predictions) for plate in outcome.photo.plates if plate.text]
    readings = [reading_of(plate, outcome.predictions) for plate in outcome.photo.plates]
    return [reading for reading in readings if reading is not None]


def _crop_reading(plate: LabeledPlate, predictions: Sequence[PredictedPlate]) -> ReadPlate:
    return compared(plate, next(iter(predictions), None))


def _false(outcome: Outcome) -> list[FalsePlate]:
    return [
        FalsePlate(outcome.photo.name, plate.text, round(plate.confidence, 4), plate.box_xyxy)
        for plate in false_plates(outcome.photo.plates, outcome.predictions)
    ]
