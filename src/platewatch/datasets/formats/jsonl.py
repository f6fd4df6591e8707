"""Our own labels: `labels.jsonl`, a line an image, and the images in `images/`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import (
    CorruptLabelError,
    Images,
    Labelled,
    box_of,
    corners_of,
    gather,
    number,
    read_text,
    shown,
)
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind

LABELS_NAME: Final = "labels.jsonl"
_IMAGE: Final = re.compile(r'"image"\s*:\s*("(?:[^"\\]|\\.)*")')


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return (folder / LABELS_NAME).is_file()


def read(folder: Path) -> Dataset:
    """The dataset in the folder; raises LabelsError."""
    images = Images(folder, ("images",))
    file = folder / LABELS_NAME
    found: list[Labelled] = []
    problems: list[Problem] = []
    # Not at every end of line that Unicode knows: some of them stand inside texts.
    for line, text in enumerate(read_text(file).split("\n"), 1):
        if not text.strip():
            continue
        place = Place(file, line)
        labelled: Labelled | Problem | None
        try:
            labelled = _image(text, images, place)
        except CorruptLabelError as error:
            problems.append(Problem(ProblemKind.CORRUPT, place, f"{error}."))
            name = _name_in(text, images)
            labelled = None if name is None else Labelled(name, None, place, is_damaged=True)
        if isinstance(labelled, Problem):
            problems.append(labelled)
        elif labelled is not None:
            found.append(labelled)
    return Dataset(folder, LabelFormat.JSONL, gather(found, images, problems), tuple(problems))


def write(folder: Path, images: Sequence[ImageLabels]) -> None:
    """Write the labels; the images are in their places already."""
    lines = [json.dumps(_document(image), ensure_ascii=False) + "\n" for image in images]
    (folder / LABELS_NAME).write_text("".join(lines), encoding="utf-8")


def _image(text: str, images: Images, place: Place) -> Labelled | Problem:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorruptLabelError(f"this is not JSON: {str(error)[:200]}") from error
    if not isinstance(row, dict) or not isinstance(row.get("image"), str):
        raise CorruptLabelError("an object with `image` is expected")
    name = images.find(row["image"])
    if name is None:
        return Problem(ProblemKind.MISSING_IMAGE, place, f"there is no image {shown(row['image'])}.")
    plates = row.get("plates")
    if plates is not None and not isinstance(plates, list):
        raise CorruptLabelError("`plates` is neither null nor a list")
    width, height = (round(number(row.get(side), f"`{side}`")) for side in ("width", "height"))
    split = row.get("split")
    return Labelled(
        name,
        None if plates is None else tuple(_plate(one) for one in plates),
        place,
        size=(width, height),
        split=split if isinstance(split, str) else None,
        crop=row.get("crop") is True,
    )


def _name_in(text: str, images: Images) -> str | None:
    """The image that a line is about of which nothing else is understood."""
    written = _IMAGE.search(text)
    try:
        return None if written is None else images.find(json.loads(written[1]))
    except ValueError:
        return None


def _plate(row: object) -> PlateLabel:
    if not isinstance(row, dict):
        raise CorruptLabelError(f"a plate is {shown(row)}, not an object")
    box, corners = row.get("box"), row.get("corners")
    return PlateLabel(
        None if box is None else box_of(_list(box, "`box`"), "`box`"),
        None if corners is None else corners_of(_flat(corners), "`corners`"),
        _word(row, "text"),
        _word(row, "region"),
    )


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise CorruptLabelError(f"{what} is {shown(value)}, not a list")
    return value


def _flat(corners: object) -> list[Any]:
    return [value for point in _list(corners, "`corners`") for value in _list(point, "a corner")]


def _word(row: dict[str, Any], field: str) -> str | None:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise CorruptLabelError(f"`{field}` is {shown(value)}, neither text nor null")
    return value


def _document(image: ImageLabels) -> dict[str, Any]:
    return {
        "image": image.name,
        "width": image.width,
        "height": image.height,
        "split": image.split,
        "crop": image.crop,
        "plates": None if image.plates is None else [_plate_document(plate) for plate in image.plates],
    }


def _plate_document(plate: PlateLabel) -> dict[str, Any]:
    return {
        "box": None if plate.box_xyxy is None else list(plate.box_xyxy),
        "corners": None if plate.corners is None else [list(corner) for corner in plate.corners],
        "text": plate.text,
        "region": plate.region,
    }
