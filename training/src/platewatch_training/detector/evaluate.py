"""Scores of the detector on photos that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from platewatch.vision.denoise import without_impulses
from platewatch.vision.detector.maps import (
    LONGEST_SIDE,
    canvas_size,
    decode,
    letterbox,
    suppress,
    to_detections,
)
from platewatch.vision.geometry import iou
from platewatch.vision.types import BoxXyxy, Detection, ImageBgr
from platewatch_training.datasets.photos import LabelledPhoto, LabelledPlate
from platewatch_training.detector.network import PIXELS, DetectorNetwork

Find = Callable[[ImageBgr], list[Detection]]
"""Finds plates in a photo, also unsure ones."""

MIN_SCORE: Final = 0.02
"""Detections below this score are ignored."""
WIDTHS: Final = (0.0, 14.0, 24.0, 48.0, 96.0, 192.0, 641.0)
"""Borders between classes of plates' widths, in pixels once the photo is 640 pixels long."""
_MAX_IOU: Final = 0.5
_FALSE_BELOW: Final = 0.3


@dataclass(frozen=True, slots=True)
class Plate:
    """A labelled plate and how sure the detector was of it.

    `score_50` and `score_70` are the highest scores of detections that overlap it by that much, 0 for none; `width` is
    in pixels once the photo is 640 pixels long; `corner_error` is the mean distance of corners in widths of the
    plate, None where they are not known or the plate was not found.
    """

    width: float
    score_50: float
    score_70: float
    corner_error: float | None
    box_xyxy: BoxXyxy
    photo: int


@dataclass(frozen=True, slots=True)
class FalsePlate:
    """A detection that is no labelled plate."""

    score: float
    box_xyxy: BoxXyxy
    photo: int


@dataclass(frozen=True, slots=True)
class Findings:
    """The detections in a set of photos."""

    name: str
    photos: int
    plates: tuple[Plate, ...]
    false: tuple[FalsePlate, ...]

    def recall(self, threshold: float, overlap: int = 50) -> float:
        """Per cent of plates that were found; 100 if there are none."""
        scores = [plate.score_70 if overlap > _MAX_IOU * 100 else plate.score_50 for plate in self.plates]
        return 100.0 * sum(score >= threshold for score in scores) / len(scores) if scores else 100.0

    def false_per_photo(self, threshold: float) -> float:
        """The number of false detections a photo."""
        return sum(one.score >= threshold for one in self.false) / max(1, self.photos)

    def average_precision(self, overlap: int = 50) -> float:
        """The mean of the precision over the recall, in per cent; each drop of precision counts from where it ends.

        As PASCAL VOC has it since 2010. 100 if there are no plates.
        """
        if not self.plates:
            return 100.0
        right = [plate.score_70 if overlap > _MAX_IOU * 100 else plate.score_50 for plate in self.plates]
        found = sorted(((score, True) for score in right if score > 0), reverse=True)
        ranked = sorted([*found, *((one.score, False) for one in self.false)], reverse=True)
        hits = np.cumsum([hit for _, hit in ranked])
        precision = hits / np.arange(1, len(ranked) + 1)
        highest = np.maximum.accumulate(precision[::-1])[::-1]
        return 100.0 * float(sum(highest[[hit for _, hit in ranked]])) / len(self.plates) if ranked else 0.0

    def corner_error(self) -> float | None:
        """The mean of the plates whose corners are known, in per cent of their width."""
        known = [plate.corner_error for plate in self.plates if plate.corner_error is not None]
        return 100.0 * sum(known) / len(known) if known else None

    def threshold_for(self, false_per_photo: float) -> float:
        """The lowest threshold with at most so many false ones a photo."""
        allowed = int(false_per_photo * self.photos + 1e-9)
        scores = sorted((one.score for one in self.false), reverse=True)
        return float(np.nextafter(scores[allowed], 2.0)) if allowed < len(scores) else MIN_SCORE

    def of_width(self, least: float, most: float = WIDTHS[-1]) -> Findings:
        """The plates from `least` to below `most` pixels, all false ones."""
        plates = tuple(plate for plate in self.plates if least <= plate.width < most)
        return Findings(self.name, self.photos, plates, self.false)


def finder(network: DetectorNetwork, longest_side: int = LONGEST_SIDE) -> Find:
    """A detector with this network, as the server runs it."""
    network.eval()
    device = next(network.parameters()).device

    def find(image_bgr: ImageBgr) -> list[Detection]:
        height, width = image_bgr.shape[:2]
        canvas, lies = letterbox(image_bgr, *canvas_size(width, height, longest_side))
        with torch.inference_mode():
            maps = network(torch.from_numpy(PIXELS.planes(canvas[np.newaxis])).to(device))
        candidates = decode([one[0].float().cpu().numpy() for one in maps], MIN_SCORE)
        return to_detections(suppress(candidates, _MAX_IOU).in_image(lies), width, height)

    return find


def evaluate(name: str, photos: Iterable[LabelledPhoto], find: Find) -> Findings:
    """The detections in these photos; photos without labels are skipped."""
    plates: list[Plate] = []
    false: list[FalsePlate] = []
    count = 0
    for number, photo in enumerate(photos):
        if photo.plates is None:
            continue
        count += 1
        found = find(without_impulses(photo.image_bgr))
        scale = LONGEST_SIDE / max(photo.image_bgr.shape[:2])
        plates += [_plate(plate, found, scale, number) for plate in photo.plates]
        truths = [_as_box(plate.box_xyxy) for plate in photo.plates]
        false += [
            FalsePlate(one.confidence, one.box_xyxy, number)
            for one in found
            if all(iou(one.box_xyxy, truth) < _FALSE_BELOW for truth in truths)
        ]
    return Findings(name, count, tuple(plates), tuple(false))


def together(name: str, findings: Sequence[Findings]) -> Findings:
    """All of them as one set; numbers of photos mean nothing in it."""
    plates = tuple(plate for one in findings for plate in one.plates)
    false = tuple(wrong for one in findings for wrong in one.false)
    return Findings(name, sum(one.photos for one in findings), plates, false)


def _plate(plate: LabelledPlate, found: Sequence[Detection], scale: float, number: int) -> Plate:
    truth = _as_box(plate.box_xyxy)
    overlaps = [iou(truth, one.box_xyxy) for one in found]
    score_50, score_70 = (
        max((one.confidence for one, share in zip(found, overlaps, strict=True) if share >= least), default=0.0)
        for least in (0.5, 0.7)
    )
    error = None
    if plate.corners is not None and score_50 > 0:
        best = found[int(np.argmax(overlaps))]
        error = _corner_error(plate.corners, np.asarray(best.corners, np.float32))
    return Plate((truth[2] - truth[0]) * scale, score_50, score_70, error, truth, number)


def _corner_error(truth: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    width = float(np.linalg.norm(truth[1] - truth[0]))
    return float(np.linalg.norm(truth - found, axis=1).mean()) / max(width, 1.0)


def _as_box(box_xyxy: NDArray[np.float32]) -> BoxXyxy:
    left, top, right, bottom = (float(side) for side in box_xyxy)
    return left, top, right, bottom
