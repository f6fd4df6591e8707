"""Our own labels: `labels.jsonl`, a line an image, and the images in `images/`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import CorruptLabelError, Images, box_of, corners_of, number, read_text, unlabelled
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind

LABELS_NAME: Final = "labels.jsonl"


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return (folder / LABELS_NAME).is_file()


def read(folder: Path) -> Dataset:
    """The dataset in the folder; raises LabelsError."""
    images = Images(folder / "images" if (folder / "images").is_dir() else folder)
    file = folder / LABELS_NAME
    found: dict[str, ImageLabels] = {}
    problems: list[Problem] = []
    for line, text in enumerate(read_text(file).splitlines(), 1):
        if not text.strip():
            continue
        place = Place(file, line)
        try:
            labels = _image(text, images, place)
        except CorruptLabelError as error:
            problems.append(Problem(ProblemKind.CORRUPT, place, f"{error}."))
            continue
        if isinstance(labels, Problem):
            problems.append(labels)
        elif labels.name in found:
            problems.append(Problem(ProblemKind.TWICE, place, f"{labels.name!r} has labels above already."))
        else:
            found[labels.name] = labels
    rest = unlabelled(images, set(found), problems)
    return Dataset(folder, LabelFormat.JSONL, (*found.values(), *rest), tuple(problems))


def write(folder: Path, images: Sequence[ImageLabels]) -> None:
    """Write the labels; the images are in their places already."""
    lines = [json.dumps(_document(image), ensure_ascii=False) + "\n" for image in images]
    (folder / LABELS_NAME).write_text("".join(lines), encoding="utf-8")


def _image(text: str, images: Images, place: Place) -> ImageLabels | Problem:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorruptLabelError(f"this is not JSON: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("image"), str):
        raise CorruptLabelError("an object with `image` is expected")
    name = images.find(row["image"])
    if name is None:
        return Problem(ProblemKind.MISSING_IMAGE, place, f"there is no image {row['image']!r}.")
    plates = row.get("plates")
    if plates is not None and not isinstance(plates, list):
        raise CorruptLabelError("`plates` is neither null nor a list")
    width, height = (round(number(row.get(side), f"`{side}`")) for side in ("width", "height"))
    split = row.get("split")
    return ImageLabels(
        name,
        images.paths[name],
        width,
        height,
        None if plates is None else tuple(_plate(one) for one in plates),
        split=split if isinstance(split, str) else None,
        crop=row.get("crop") is True,
        place=place,
    )


def _plate(row: object) -> PlateLabel:
    if not isinstance(row, dict):
        raise CorruptLabelError(f"a plate is {row!r}, not an object")
    box, corners = row.get("box"), row.get("corners")
    return PlateLabel(
        None if box is None else box_of(_list(box, "`box`"), "`box`"),
        None if corners is None else corners_of(_flat(corners), "`corners`"),
        _word(row, "text"),
        _word(row, "region"),
    )


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise CorruptLabelError(f"{what} is {value!r}, not a list")
    return value


def _flat(corners: object) -> list[Any]:
    return [value for point in _list(corners, "`corners`") for value in _list(point, "a corner")]


def _word(row: dict[str, Any], field: str) -> str | None:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise CorruptLabelError(f"`{field}` is {value!r}, neither text nor null")
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
