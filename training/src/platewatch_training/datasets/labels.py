"""Folders with `images/` and `labels.jsonl`, a line an image, as crops with their text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np

from platewatch.errors import PlatewatchError
from platewatch.plates.text import reading_key
from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.origins import origin_of
from platewatch_training.datasets.transcripts import PlateText, transcript_of

CROP_MARGIN: Final = 0.06
"""Of a plate's height, on each side of its place."""


class DatasetError(PlatewatchError):
    """A folder of labelled photos that can't be used; the message names file and line."""


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """The crop of one plate, the text on it, and where it is from: a country or a state, None if unknown."""

    crop_bgr: ImageBgr
    text: str
    source: str
    region: str | None = None


def labelled_crops(folder: Path, split: Literal["train", "dev"] | None = None) -> Iterator[LabelledCrop]:
    """Every plate with a text, cut by its box with a small margin, or the whole image where that is a crop.

    Where the label has no text, that of our own transcript is taken, if there is one.

    Raises:
        DatasetError: the labels are missing or damaged.
    """
    for number, line in enumerate(label_lines(folder), 1):
        if split is not None and line.get("split") != split:
            continue
        source = f"{folder.name}/{line['image']}"
        read = [(at, plate, _text_of(plate) or transcript_of(source, at)) for at, plate in enumerate(_rows(line))]
        plates = [(at, plate, transcript) for at, plate, transcript in read if transcript]
        if not plates:
            continue
        image_bgr = read_image(folder, str(line["image"]), number)
        for at, plate, transcript in plates:
            crop = image_bgr if line.get("crop") else _cut(image_bgr, plate)
            text = reading_key(transcript.text)
            if crop is not None and text:
                region = origin_of(source, at) or transcript.region or plate.get("region")
                yield LabelledCrop(crop, text, source, region)


def label_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of a folder; raises DatasetError."""
    path = folder / "labels.jsonl"
    try:
        texts = path.read_text().splitlines()
    except OSError as error:
        raise DatasetError(
            f"There are no labels {str(path)!r}. Name a folder with images/ and labels.jsonl."
        ) from error
    for number, text in enumerate(texts, 1):
        try:
            yield json.loads(text)
        except json.JSONDecodeError as error:
            raise DatasetError(f"{path}:{number} is no JSON: {error}") from error


def read_image(folder: Path, name: str, number: int) -> ImageBgr:
    """The image that row names; raises DatasetError."""
    path = folder / name if (folder / name).is_file() else folder / "images" / name
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DatasetError(f"{folder / 'labels.jsonl'}:{number} names the image {name!r}, which can't be read.")
    return np.asarray(image, np.uint8)


def _rows(line: dict[str, Any]) -> list[dict[str, Any]]:
    """The plates of a row; a photo in which nobody looked for any has None."""
    return line.get("plates") or []


def _text_of(plate: dict[str, Any]) -> PlateText | None:
    return PlateText(str(plate["text"]), plate.get("region")) if plate.get("text") else None


def _cut(image_bgr: ImageBgr, plate: dict[str, Any]) -> ImageBgr | None:
    box = plate.get("box")
    if box is None and plate.get("corners"):
        xs, ys = zip(*plate["corners"], strict=True)
        box = [min(xs), min(ys), max(xs), max(ys)]
    if box is None:
        return None
    left, top, right, bottom = box
    margin = CROP_MARGIN * (bottom - top)
    height, width = image_bgr.shape[:2]
    x0, y0 = max(0, round(left - margin)), max(0, round(top - margin))
    x1, y1 = min(width, round(right + margin)), min(height, round(bottom + margin))
    return image_bgr[y0:y1, x0:x1] if x1 - x0 > 1 and y1 - y0 > 1 else None
