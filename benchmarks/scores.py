"""Scores of readings: pure functions over texts, boxes and confidences.

Texts are compared after upper-casing and dropping everything but A-Z and 0-9; the province characters of Chinese
plates count in `exact_with_province` only. Shares are 0..1, and None where there is nothing to share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from platewatch.datasets.region_labels import same_region
from platewatch.plates.text import PROVINCES
from platewatch.vision.geometry import iou
from platewatch.vision.types import BoxXyxy

RECALL_IOUS: Final = (0.3, 0.5, 0.7)
COVERAGE_PERCENTS: Final = (50, 80, 95)
_ABOUT_THE_PLATE_IOU: Final = 0.1
_FALSE_BELOW_IOU: Final = 0.3
_CALIBRATION_BINS: Final = 10
_LETTERS_AND_DIGITS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_FOLDING: Final = str.maketrans("OI", "01")


@dataclass(frozen=True, slots=True)
class LabeledPlate:
    """One plate that is known to be there. `text` is None where nobody could read it, the box None for crops.

    `region` is the country as the label names it, None where it says none.
    """

    text: str | None
    box_xyxy: BoxXyxy | None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class PredictedPlate:
    """One plate that the reader says is there."""

    text: str
    confidence: float
    box_xyxy: BoxXyxy
    region: str | None = None


@dataclass(frozen=True, slots=True)
class ReadPlate:
    """The known text of one plate beside what was read; `text` is empty where nothing was.

    `is_region_right` is None where the region is not known.
    """

    truth: str
    text: str
    confidence: float
    is_region_right: bool | None = None

    @property
    def is_exact(self) -> bool:
        """Whether every letter and digit is right."""
        return letters_and_digits(self.truth) == letters_and_digits(self.text)


@dataclass(frozen=True, slots=True)
class TextScores:
    """Scores of the readings of plates with a known text; a plate that was not found counts as read wrong.

    `precision_at_coverage` is by per cent of the plates kept; None where fewer were read at all.
    `exact_with_province` is None where no truth has a province character, `region` where no label names one; a reading
    without a region counts as wrong there.
    """

    plates: int
    exact: float | None
    folded: float | None
    exact_with_province: float | None
    character_error_rate: float | None
    precision_at_coverage: Mapping[int, float | None]
    calibration_error: float | None
    region: float | None


@dataclass(frozen=True, slots=True)
class FindingScores:
    """Scores of the detections. `recall` is by the IoU that a prediction must reach."""

    images: int
    plates: int
    recall: Mapping[float, float | None]
    false_per_image: float | None


def letters_and_digits(text: str) -> str:
    """The characters of a text that are compared."""
    return "".join(sign for sign in text.upper() if sign in _LETTERS_AND_DIGITS)


def with_province(text: str) -> str:
    """The same with the province characters of Chinese plates kept."""
    return "".join(sign for sign in text.upper() if sign in _LETTERS_AND_DIGITS or sign in PROVINCES)


def folded(text: str) -> str:
    """The compared characters of a text, with O as 0 and I as 1."""
    return letters_and_digits(text).translate(_FOLDING)


def edit_distance(one: str, other: str) -> int:
    """The edit distance (Levenshtein) of two texts."""
    distances = list(range(len(other) + 1))
    for row, sign in enumerate(one, start=1):
        diagonal, distances[0] = distances[0], row
        for column, other_sign in enumerate(other, start=1):
            replaced = diagonal + (sign != other_sign)
            diagonal = distances[column]
            distances[column] = min(replaced, diagonal + 1, distances[column - 1] + 1)
    return distances[-1]


def text_scores(plates: Sequence[ReadPlate]) -> TextScores:
    """All scores of these plates' texts."""
    return TextScores(
        plates=len(plates),
        exact=_share([plate.is_exact for plate in plates]),
        folded=_share([folded(plate.truth) == folded(plate.text) for plate in plates]),
        exact_with_province=_exact_with_province(plates),
        character_error_rate=character_error_rate(plates),
        precision_at_coverage={percent: precision_at_coverage(plates, percent) for percent in COVERAGE_PERCENTS},
        calibration_error=calibration_error(plates),
        region=_share([plate.is_region_right for plate in plates if plate.is_region_right is not None]),
    )


def character_error_rate(plates: Sequence[ReadPlate]) -> float | None:
    """Edit distances over lengths of the known texts, both summed; above 1 where much too much was read."""
    pairs = [(letters_and_digits(plate.truth), letters_and_digits(plate.text)) for plate in plates]
    length = sum(len(truth) for truth, _ in pairs)
    return sum(edit_distance(truth, text) for truth, text in pairs) / length if length else None


def precision_at_coverage(plates: Sequence[ReadPlate], percent: int) -> float | None:
    """The share that is exact among the readings at or above the confidence that keeps `percent` of all plates.

    Readings that are equally sure are kept together. None where fewer than `percent` were read.
    """
    needed = -(-len(plates) * percent // 100)
    read = sorted((plate for plate in plates if plate.text), key=lambda plate: -plate.confidence)
    if not 0 < needed <= len(read):
        return None
    threshold = read[needed - 1].confidence
    return _share([plate.is_exact for plate in read if plate.confidence >= threshold])


def calibration_error(plates: Sequence[ReadPlate]) -> float | None:
    """Expected calibration error of the readings: how far confidence and share of exact ones lie apart, in ten bins."""
    bins: list[list[ReadPlate]] = [[] for _ in range(_CALIBRATION_BINS)]
    for plate in plates:
        if plate.text:
            bins[min(int(plate.confidence * _CALIBRATION_BINS), _CALIBRATION_BINS - 1)].append(plate)
    count = sum(len(one) for one in bins)
    gaps = [abs(sum(plate.confidence for plate in one) - sum(plate.is_exact for plate in one)) for one in bins]
    return sum(gaps) / count if count else None


def reading_of(plate: LabeledPlate, predictions: Sequence[PredictedPlate]) -> ReadPlate | None:
    """The reading of the most confident prediction for this plate; None where the plate's text is not known."""
    if plate.text is None:
        return None
    about = [prediction for prediction in predictions if _overlap(plate, prediction) >= _ABOUT_THE_PLATE_IOU]
    if not about:
        return compared(plate, None)
    return compared(plate, max(about, key=lambda prediction: prediction.confidence))


def compared(plate: LabeledPlate, read: PredictedPlate | None) -> ReadPlate:
    """A plate with a text beside what was read of it, None for nothing."""
    region = None if plate.region is None else same_region(plate.region, read.region if read else None)
    return ReadPlate(plate.text or "", read.text if read else "", read.confidence if read else 0.0, region)


def count_found(plates: Sequence[LabeledPlate], predictions: Sequence[PredictedPlate], min_iou: float) -> int:
    """The number of plates found: each prediction, by falling confidence, takes the plate that it fits best."""
    waiting = list(plates)
    for prediction in sorted(predictions, key=lambda prediction: -prediction.confidence):
        best = max(waiting, key=lambda plate: _overlap(plate, prediction), default=None)
        if best is not None and _overlap(best, prediction) >= min_iou:
            waiting.remove(best)
    return len(plates) - len(waiting)


def false_plates(plates: Sequence[LabeledPlate], predictions: Sequence[PredictedPlate]) -> list[PredictedPlate]:
    """The predictions that fit none of the known plates."""
    return [one for one in predictions if all(_overlap(plate, one) < _FALSE_BELOW_IOU for plate in plates)]


def finding_scores(images: Sequence[tuple[Sequence[LabeledPlate], Sequence[PredictedPlate]]]) -> FindingScores:
    """Detection scores over all images, each given as its known and its predicted plates."""
    plates = sum(len(known) for known, _ in images)
    found = {limit: sum(count_found(known, predicted, limit) for known, predicted in images) for limit in RECALL_IOUS}
    wrong = sum(len(false_plates(known, predicted)) for known, predicted in images)
    return FindingScores(
        images=len(images),
        plates=plates,
        recall={limit: count / plates if plates else None for limit, count in found.items()},
        false_per_image=wrong / len(images) if images else None,
    )


def _exact_with_province(plates: Sequence[ReadPlate]) -> float | None:
    if all(with_province(plate.truth) == letters_and_digits(plate.truth) for plate in plates):
        return None
    return _share([with_province(plate.truth) == with_province(plate.text) for plate in plates])


def _overlap(plate: LabeledPlate, prediction: PredictedPlate) -> float:
    return iou(plate.box_xyxy, prediction.box_xyxy) if plate.box_xyxy else 0.0


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
