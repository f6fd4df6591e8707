"""COCO labels: one JSON file with all images and annotations; texts as attributes in the way that CVAT writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import CorruptLabelError, Images, box_of, corners_of, number, read_text, unlabelled
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError
from platewatch.vision.geometry import box_area, polygon_area

_WRITTEN: Final = Path("annotations", "instances.json")
_NUMBERS_OF_CORNERS: Final = 8
_LOOKED_AT: Final = 4096


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return bool(_files(folder))


def read(folder: Path) -> Dataset:
    """The dataset in the folder: every COCO file at its top or in `annotations/`.

    Raises:
        LabelsError: A file is no JSON at all.
    """
    images = Images(folder / "images" if (folder / "images").is_dir() else folder)
    found: dict[str, ImageLabels] = {}
    problems: list[Problem] = []
    for file in _files(folder):
        for labels in _read_file(file, images, problems):
            if labels.name in found:
                problems.append(Problem(ProblemKind.TWICE, Place(file), f"{labels.name!r} is listed more than once."))
            else:
                found[labels.name] = labels
    rest = unlabelled(images, set(found), problems)
    return Dataset(folder, LabelFormat.COCO, (*found.values(), *rest), tuple(problems))


def write(folder: Path, images: Sequence[ImageLabels]) -> None:
    """Write the labels; the images are in their places already."""
    listed: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number_of_image, image in enumerate(images, 1):
        listed.append(
            {
                "id": number_of_image,
                "file_name": image.name,
                "width": image.width,
                "height": image.height,
                **({"split": image.split} if image.split else {}),
                **({} if image.plates is not None else {"labelled": False}),
            }
        )
        for plate in image.plates or ():
            annotations.append(_annotation(plate, len(annotations) + 1, number_of_image))
    document = {"images": listed, "annotations": annotations, "categories": [{"id": 1, "name": "plate"}]}
    path = folder / _WRITTEN
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    files = sorted([*folder.glob("*.json"), *(folder / "annotations").glob("*.json")])
    return [file for file in files if _looks_like_coco(file)]


def _looks_like_coco(file: Path) -> bool:
    """By its first and last characters, since the whole may be large."""
    with file.open("rb") as opened:
        start = opened.read(_LOOKED_AT)
        opened.seek(max(0, file.stat().st_size - _LOOKED_AT))
        return any(word in start + opened.read() for word in (b'"annotations"', b'"images"'))


def _read_file(file: Path, images: Images, problems: list[Problem]) -> list[ImageLabels]:
    try:
        document = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise LabelsError(f"{str(file)!r}, line {error.lineno}: this is no JSON: {error.msg}. Mend it.") from error
    except RecursionError as error:
        raise LabelsError(f"{str(file)!r} is nested too deep to be COCO's. Take it out of the folder.") from error
    lists = [document.get(name) if isinstance(document, dict) else None for name in ("images", "annotations")]
    if not all(isinstance(one, list) for one in lists):
        raise LabelsError(f"{str(file)!r} has no lists `images` and `annotations`. Export it as COCO again.")
    listed, annotations = lists
    plates = _plates(annotations or [], file, problems)
    found = [_image(row, at, plates, images, file) for at, row in enumerate(listed or [])]
    problems += [one for one in found if isinstance(one, Problem)]
    known = {row.get("id") for row in listed or [] if isinstance(row, dict) and isinstance(row.get("id"), (int, str))}
    problems += [
        Problem(ProblemKind.CORRUPT, Place(file), f"annotations are about image {number_of!r}, which is not listed.")
        for number_of in plates
        if number_of not in known
    ]
    return [one for one in found if isinstance(one, ImageLabels)]


def _plates(rows: Sequence[object], file: Path, problems: list[Problem]) -> dict[int | str, list[PlateLabel]]:
    """The plates of each image's id."""
    plates: dict[int | str, list[PlateLabel]] = {}
    for at, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("image_id"), (int, str)):
            message = f"annotations[{at}]: an object with `image_id` is expected."
            problems.append(Problem(ProblemKind.CORRUPT, Place(file), message))
            continue
        try:
            plates.setdefault(row["image_id"], []).append(_plate(row))
        except CorruptLabelError as error:
            problems.append(Problem(ProblemKind.CORRUPT, Place(file), f"annotations[{at}]: {error}."))
    return plates


def _image(
    row: object, at: int, plates: dict[int | str, list[PlateLabel]], images: Images, file: Path
) -> ImageLabels | Problem:
    place = Place(file)
    if not isinstance(row, dict) or not isinstance(row.get("file_name"), str):
        return Problem(ProblemKind.CORRUPT, place, f"images[{at}]: an object with `file_name` is expected.")
    name = images.find(row["file_name"])
    if name is None:
        return Problem(ProblemKind.MISSING_IMAGE, place, f"there is no image {row['file_name']!r}.")
    try:
        width, height = (round(number(row.get(side), f"`{side}`")) for side in ("width", "height"))
    except CorruptLabelError as error:
        return Problem(ProblemKind.CORRUPT, place, f"images[{at}]: {error}.")
    own = None if row.get("labelled") is False else tuple(plates.get(row.get("id", ""), ()))
    split = row.get("split")
    return ImageLabels(
        name, images.paths[name], width, height, own, split=split if isinstance(split, str) else None, place=place
    )


def _plate(row: dict[str, Any]) -> PlateLabel:
    attributes = row.get("attributes")
    words = attributes if isinstance(attributes, dict) else {}
    polygons, box = row.get("segmentation"), row.get("bbox")
    polygon = polygons[0] if isinstance(polygons, list) and len(polygons) == 1 else None
    text, region = (words.get(name) if isinstance(words.get(name), str) else None for name in ("text", "region"))
    return PlateLabel(
        None if box is None else _box(box),
        corners_of(polygon) if isinstance(polygon, list) and len(polygon) == _NUMBERS_OF_CORNERS else None,
        text,
        region,
    )


def _box(written: object) -> tuple[float, float, float, float]:
    left, top, width, height = box_of(written if isinstance(written, list) else [], "`bbox`")
    return left, top, left + width, top + height


def _annotation(plate: PlateLabel, number_of_plate: int, number_of_image: int) -> dict[str, Any]:
    row: dict[str, Any] = {"id": number_of_plate, "image_id": number_of_image, "category_id": 1, "iscrowd": 0}
    if plate.box_xyxy is not None:
        left, top, right, bottom = plate.box_xyxy
        row |= {"bbox": [left, top, right - left, bottom - top], "area": box_area(plate.box_xyxy)}
    if plate.corners is not None:
        row |= {"segmentation": [[value for corner in plate.corners for value in corner]]}
        row |= {"area": polygon_area(plate.corners)}
    words = {name: value for name, value in (("text", plate.text), ("region", plate.region)) if value is not None}
    return row | ({"attributes": words} if words else {})
