"""The joint confidence of a detector's score and a recognizer's: fitted and measured on photos unseen by both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from platewatch.vision.denoise import without_impulses
from platewatch.vision.detector.plate_detector import PlateDetector
from platewatch.vision.geometry import iou
from platewatch.vision.inference.model_card import Joint
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.judging import judge
from platewatch.vision.recognizer.calibration import joint_confidence
from platewatch.vision.recognizer.slot_recognizer import SlotRecognizer
from platewatch.vision.rectify import rectify
from platewatch_training.datasets.photos import LabelledPhoto
from platewatch_training.detector.evaluate import MIN_SCORE
from platewatch_training.runs.logistic import fit_logistic, logits

_PLATE_FROM: Final = 0.5
_FALSE_BELOW: Final = 0.3
_NEUTRAL: Final = (0.5, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The scores at one place. `plate` is the number of the labelled plate there, None for no plate.

    `exact` is None where nobody knows the text. `photo` and `plate` count over all photos.
    """

    found: float
    read: float
    plate: int | None
    exact: bool | None
    photo: int


@dataclass(frozen=True, slots=True)
class Proposals:
    """All that was proposed, with how many photos, plates, and plates of known text there were."""

    all: tuple[Proposal, ...]
    photos: int
    plates: int
    texts: int


@dataclass(frozen=True, slots=True)
class Trade:
    """Per cent of plates found and of texts read exactly where `false` plates an image come through."""

    measure: str
    threshold: float
    false: float
    recall: float
    exact: float


def propose(detector_folder: Path, recognizer_folder: Path, sets: Mapping[str, Sequence[LabelledPhoto]]) -> Proposals:
    """Everything the detector proposes on these photos, and what the recognizer makes of it.

    Raises:
        ModelError: a model can't be used.
    """
    options = BackendOptions(model=detector_folder, recognizer_model=recognizer_folder, min_score=MIN_SCORE)
    detector, recognizer = PlateDetector(options), SlotRecognizer(options)
    found: list[Proposal] = []
    plates = texts = 0
    photos = [photo for photos in sets.values() for photo in photos]
    for number, photo in enumerate(photos):
        image_bgr = without_impulses(photo.image_bgr)
        crops = [rectify(image_bgr, one, recognizer.traits.margin) for one in detector.detect(image_bgr)]
        labelled = photo.plates or ()
        for crop, transcript in zip(crops, recognizer.recognize(crops), strict=True):
            reading = judge(crop, transcript)
            if not reading.text:
                continue
            overlaps = [iou(crop.detection.box_xyxy, _box(plate.box_xyxy.tolist())) for plate in labelled]
            best = int(np.argmax(overlaps)) if overlaps else 0
            share = overlaps[best] if overlaps else 0.0
            if _FALSE_BELOW <= share < _PLATE_FROM:
                continue
            is_plate = share >= _PLATE_FROM
            truth = labelled[best].text if is_plate else None
            exact = (None if truth is None else _plain(reading.text) == _plain(truth)) if is_plate else False
            place = plates + best if is_plate else None
            found.append(Proposal(crop.detection.confidence, reading.confidence, place, exact, number))
        plates += len(labelled)
        texts += sum(plate.text is not None for plate in labelled)
    return Proposals(tuple(found), len(photos), plates, texts)


def fit_joint(proposals: Proposals) -> Joint:
    """The weights with which both say best what is a plate that was read exactly."""
    known = [one for one in proposals.all if one.exact is not None]
    scores = [logits(np.asarray([getattr(one, name) for one in known], np.float64)) for name in ("found", "read")]
    columns = np.stack([*scores, np.ones(len(known))], axis=1)
    exact = np.asarray([one.exact for one in known], np.float64)
    found, read, offset = fit_logistic(columns, exact, np.asarray(_NEUTRAL)).tolist()
    return Joint(found=round(max(found, 0.0), 4), read=round(max(read, 0.05), 4), offset=round(offset, 4))


def trades(proposals: Proposals, joint: Joint, false_per_photo: float) -> list[Trade]:
    """Of the detector's score, the recognizer's confidence and both, at so many false plates an image."""
    measures: dict[str, Callable[[Proposal], float]] = {
        "detector": lambda one: one.found,
        "recognizer": lambda one: one.read,
        "both": lambda one: joint_confidence(one.found, one.read, joint),
    }
    return [_trade(proposals, name, measure, false_per_photo) for name, measure in measures.items()]


def at_threshold(proposals: Proposals, joint: Joint, threshold: float) -> Trade:
    """The figures of the joint confidence from this threshold on."""
    return _from(proposals, "both", lambda one: joint_confidence(one.found, one.read, joint), threshold)


def _trade(proposals: Proposals, name: str, measure: Callable[[Proposal], float], false_per_photo: float) -> Trade:
    wrong = sorted((measure(one) for one in proposals.all if one.plate is None), reverse=True)
    allowed = int(false_per_photo * proposals.photos)
    threshold = wrong[allowed] + 1e-9 if allowed < len(wrong) else 0.0
    return _from(proposals, name, measure, threshold)


def _from(proposals: Proposals, name: str, measure: Callable[[Proposal], float], threshold: float) -> Trade:
    kept = [one for one in proposals.all if measure(one) >= threshold]
    best: dict[int, Proposal] = {}
    for one in sorted(kept, key=measure):
        if one.plate is not None:
            best[one.plate] = one
    false = sum(one.plate is None for one in kept)
    return Trade(
        measure=name,
        threshold=threshold,
        false=false / max(1, proposals.photos),
        recall=100 * len(best) / max(1, proposals.plates),
        exact=100 * sum(one.exact is True for one in best.values()) / max(1, proposals.texts),
    )


def _box(sides: list[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = sides
    return left, top, right, bottom


def _plain(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())
