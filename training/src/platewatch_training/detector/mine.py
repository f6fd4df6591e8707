"""Hard negatives: what a trained detector takes for plates where there are none, for the next round."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from platewatch.errors import FieldError
from platewatch.vision.denoise import without_impulses
from platewatch.vision.geometry import overlap_of_smaller
from platewatch.vision.types import BoxXyxy, Detection, ImageBgr
from platewatch_training.datasets.photos import LabelledPhoto, training_photos
from platewatch_training.detector.batches import NEGATIVES, UNSURE, where_plates_are
from platewatch_training.detector.evaluate import Find
from platewatch_training.detector.sheets import tile, write_sheet
from platewatch_training.synthesis.scenes import grown

SHEET: Final = "negatives.png"
_SHOWN: Final = 160
_LONGEST_SIDE: Final = 800
_APART: Final = 0.1
"""Detections that overlap a labelled plate by no more than this are about something else."""
_CROP_GROWN: Final = 0.25
_UNSURE_GROWN: Final = 0.3
_WIDEST_CROP: Final = 240


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores that decide what a detection beside all labelled plates is.

    From `sure` on it is taken for a plate that nobody labelled. Below, it is an error from `wrong` on, unless it is on
    a vehicle of a photo without labels: there it may be a plate from `possible` on.
    """

    sure: float = 0.5
    wrong: float = 0.08
    possible: float = 0.04


@dataclass(frozen=True, slots=True)
class Negative:
    """One error: a crop with a little round it, and where it is from."""

    score: float
    box_xyxy: BoxXyxy
    photo: LabelledPhoto


@dataclass(frozen=True, slots=True)
class Mined:
    """The number of errors kept, and of places and photos left out of training."""

    negatives: int
    unsure: int
    photos: int


def mine(datasets: Path, find: Find, folder: Path, thresholds: Thresholds | None = None, most: int = 2000) -> Mined:
    """Write the most confident errors as crops with a sheet to look at, and for each photo where plates may be.

    Raises:
        DatasetError: the photos can't be read.
        FieldError: the folder can't be written to.
    """
    thresholds = thresholds or Thresholds()
    negatives: list[Negative] = []
    rows: list[dict[str, object]] = []
    places = 0
    for photo in _photos(datasets):
        wrong, unsure = sort_out(photo, find(without_impulses(photo.image_bgr)), thresholds)
        negatives += wrong
        places += len(unsure)
        if unsure:
            rows.append({"source": photo.source, "boxes": [_shares(box, photo.image_bgr) for box in unsure]})
    negatives.sort(key=lambda one: -one.score)
    _write(folder, negatives[:most], rows)
    return Mined(len(negatives[:most]), places, len(rows))


def sort_out(
    photo: LabelledPhoto, found: list[Detection], thresholds: Thresholds
) -> tuple[list[Negative], list[BoxXyxy]]:
    """The errors among the detections, and the places where a plate may be."""
    known = [_as_box(plate.box_xyxy) for plate in photo.plates or ()]
    on_vehicles = [_as_box(where_plates_are(one)) for one in photo.vehicles] if photo.plates is None else []
    negatives: list[Negative] = []
    unsure: list[BoxXyxy] = []
    for one in found:
        box = one.box_xyxy
        if any(overlap_of_smaller(box, plate) > _APART for plate in known):
            continue
        on_vehicle = any(overlap_of_smaller(box, place) > _APART for place in on_vehicles)
        if one.confidence >= thresholds.sure or (on_vehicle and one.confidence >= thresholds.possible):
            unsure.append(_as_box(grown(np.asarray(box, np.float32), _UNSURE_GROWN)))
        elif one.confidence >= thresholds.wrong:
            negatives.append(Negative(one.confidence, box, photo))
    return negatives, unsure


def _photos(datasets: Path) -> Iterator[LabelledPhoto]:
    yield from training_photos(datasets, "train", _LONGEST_SIDE)
    yield from training_photos(datasets, "vehicles", _LONGEST_SIDE)


def _write(folder: Path, negatives: list[Negative], rows: list[dict[str, object]]) -> None:
    crops = folder / NEGATIVES
    try:
        crops.mkdir(parents=True, exist_ok=True)
        for old in crops.glob("*.png"):
            old.unlink()
        (folder / UNSURE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    except OSError as error:
        raise FieldError("folder", f"Nothing can be written to {str(folder)!r}: {error}") from error
    for number, one in enumerate(negatives):
        cv2.imwrite(str(crops / f"{number:05}.png"), _crop(one))
    tiles = [
        tile(one.photo.image_bgr, one.box_xyxy, f"{number:05} {one.score:.2f}") for number, one in enumerate(negatives)
    ]
    write_sheet(folder / SHEET, tiles[:_SHOWN])


def _crop(one: Negative) -> ImageBgr:
    height, width = one.photo.image_bgr.shape[:2]
    x0, y0, x1, y1 = grown(np.asarray(one.box_xyxy, np.float32), _CROP_GROWN).round().astype(int).tolist()
    crop = one.photo.image_bgr[max(0, y0) : min(height, y1 + 1), max(0, x0) : min(width, x1 + 1)]
    scale = min(1.0, _WIDEST_CROP / crop.shape[1])
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def _shares(box_xyxy: BoxXyxy, image_bgr: ImageBgr) -> list[float]:
    height, width = image_bgr.shape[:2]
    left, top, right, bottom = box_xyxy
    return [round(share, 4) for share in (left / width, top / height, right / width, bottom / height)]


def _as_box(box_xyxy: np.ndarray) -> BoxXyxy:
    left, top, right, bottom = (float(side) for side in box_xyxy)
    return left, top, right, bottom
