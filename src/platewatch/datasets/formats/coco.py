"""COCO labels: one JSON file with all images and annotations; texts as attributes in the way that CVAT writes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    split_of,
)
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError
from platewatch.vision.geometry import box_area, box_from_corners, polygon_area
from platewatch.vision.photo_files import files_below
from platewatch.vision.types import BoxXyxy

_WRITTEN: Final = Path("annotations", "instances.json")
_NUMBERS_OF_CORNERS: Final = 8
_MIN_NUMBERS_OF_POLYGON: Final = 6
_LOOKED_AT: Final = 4096
_LISTS: Final = ("images", "annotations")
_LABELS: Final = frozenset({"bbox", "segmentation", "attributes"})


@dataclass(frozen=True, slots=True)
class _Document:
    """The two lists of a COCO file."""

    images: list[object]
    annotations: list[object]
    class_names: dict[str, str]


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return bool(_files(folder))


def read(folder: Path) -> Dataset:
    """The dataset in the folder: every COCO file in it, wherever that is; its images may be beside it.

    Raises:
        LabelsError: A file is no JSON at all, or none is COCO's.
    """
    images = Images(folder, ("images",))
    found: list[Labelled] = []
    problems: list[Problem] = []
    files = _files(folder)
    documents = {file: _document_of(file) for file in files}
    labelling = {file: document for file, document in documents.items() if document is not None}
    if not labelling and files:
        raise LabelsError(f"{str(files[0])!r} has no lists `images` and `annotations`. Export it as COCO again.")
    for file, document in labelling.items():
        found += _labelled(document, file, images, problems)
    return Dataset(folder, LabelFormat.COCO, gather(found, images, problems), tuple(problems))


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
    return [file for file in files_below(folder, (".json",)) if file.is_file() and _looks_like_coco(file)]


def _looks_like_coco(file: Path) -> bool:
    """By its first and last characters, since the whole may be large."""
    with file.open("rb") as opened:
        start = opened.read(_LOOKED_AT)
        opened.seek(max(0, file.stat().st_size - _LOOKED_AT))
        return any(word in start + opened.read() for word in (b'"annotations"', b'"images"'))


def _document_of(file: Path) -> _Document | None:
    """The file's labels; None if it is other JSON, or annotates something else than places and texts.

    Raises:
        LabelsError: It is no JSON.
    """
    try:
        content = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise LabelsError(f"{str(file)!r}, line {error.lineno}: this is no JSON: {error.msg}. Correct it.") from error
    except ValueError as error:
        raise LabelsError(f"{str(file)!r} has a number that can't be read: {str(error)[:200]}. Correct it.") from error
    except RecursionError as error:
        raise LabelsError(f"{str(file)!r} is nested too deep to be COCO's. Take it out of the folder.") from error
    listed, annotations = (content.get(name) if isinstance(content, dict) else None for name in _LISTS)
    if not isinstance(listed, list) or not isinstance(annotations, list):
        return None
    # COCO's own captions list the same images once more.
    says_something = any(isinstance(row, dict) and not _LABELS.isdisjoint(row) for row in annotations)
    if annotations and not says_something:
        return None
    return _Document(listed, annotations, _class_names(content.get("categories")))


def _class_names(categories: object) -> dict[str, str]:
    """The names of the categories by their ids."""
    rows = [row for row in categories if isinstance(row, dict)] if isinstance(categories, list) else []
    named = {_id(row.get("id")): row.get("name") for row in rows}
    return {key: name for key, name in named.items() if key is not None and isinstance(name, str)}


def _labelled(document: _Document, file: Path, images: Images, problems: list[Problem]) -> list[Labelled]:
    """The images of one file with their plates; adds problems."""
    plates, damaged = _plates(document, file, problems)
    ids = Counter(_id(row.get("id")) for row in document.images if isinstance(row, dict))
    orphans = [one for one in plates if one not in ids]
    problems += [
        Problem(ProblemKind.CORRUPT, Place(file), f"annotations are about image {one[:60]}, which is not listed.")
        for one in orphans
    ]
    # Whose plates those are nobody knows: perhaps of an image that seems to have none.
    is_doubtful = bool(orphans) or any(_about(row) is None for row in document.annotations)
    found = [_image(row, at, images, file, problems) for at, row in enumerate(document.images)]
    labelled = []
    for at, (row, one) in enumerate(zip(document.images, found, strict=True)):
        if one is None:
            continue
        own = _id(row.get("id")) if isinstance(row, dict) else None
        if own is None or ids[own] > 1:
            wrong = "an `id` is missing" if own is None else f"the id {shown(own)} is there twice"
            problems.append(Problem(ProblemKind.CORRUPT, Place(file), f"images[{at}]: {wrong}."))
            labelled.append(replace(one, is_damaged=True))
        else:
            plates_of_it = None if one.plates is None else tuple(plates.get(own, ()))
            is_damaged = one.is_damaged or own in damaged or (is_doubtful and plates_of_it == ())
            labelled.append(replace(one, plates=plates_of_it, is_damaged=is_damaged))
    return labelled


def _plates(document: _Document, file: Path, problems: list[Problem]) -> tuple[dict[str, list[PlateLabel]], set[str]]:
    """The plates of each image's id, and the ids of images of which an annotation is not understood."""
    plates: dict[str, list[PlateLabel]] = {}
    damaged: set[str] = set()
    for at, row in enumerate(document.annotations):
        about = _about(row)
        if not isinstance(row, dict) or about is None:
            message = f"annotations[{at}]: an object with `image_id` is expected."
            problems.append(Problem(ProblemKind.CORRUPT, Place(file), message))
            continue
        try:
            plate = replace(_plate(row), class_name=document.class_names.get(_id(row.get("category_id")) or ""))
            plates.setdefault(about, []).append(plate)
        except CorruptLabelError as error:
            damaged.add(about)
            problems.append(Problem(ProblemKind.CORRUPT, Place(file), f"annotations[{at}]: {error}."))
    return plates, damaged


def _image(row: object, at: int, images: Images, file: Path, problems: list[Problem]) -> Labelled | None:
    """The image, still without its plates; None if there is none of that name, or it has none. Adds problems."""
    place = Place(file)
    if not isinstance(row, dict) or not isinstance(row.get("file_name"), str):
        problems.append(Problem(ProblemKind.CORRUPT, place, f"images[{at}]: an object with `file_name` is expected."))
        return None
    name = images.find(row["file_name"], beside=file)
    if name is None:
        problems.append(Problem(ProblemKind.MISSING_IMAGE, place, f"there is no image {shown(row['file_name'])}."))
        return None
    size, is_damaged = None, False
    try:
        if row.get("width") is not None or row.get("height") is not None:
            width, height = (round(number(row.get(side), f"`{side}`")) for side in ("width", "height"))
            size = width, height
    except CorruptLabelError as error:
        problems.append(Problem(ProblemKind.CORRUPT, place, f"images[{at}]: {error}."))
        is_damaged = True
    split = row.get("split")
    split_name = split if isinstance(split, str) else split_of(file.relative_to(images.dataset).as_posix())
    plates = None if row.get("labelled") is False else ()
    return Labelled(name, plates, place, size=size, split=split_name, is_damaged=is_damaged)


def _about(annotation: object) -> str | None:
    """The id of the image that it is about."""
    return _id(annotation.get("image_id")) if isinstance(annotation, dict) else None


def _id(value: object) -> str | None:
    """An id as text: some tools write them as numbers in one list and as texts in the other."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _plate(row: dict[str, Any]) -> PlateLabel:
    attributes = row.get("attributes")
    words = attributes if isinstance(attributes, dict) else {}
    written, box = row.get("segmentation"), row.get("bbox")
    polygons = [polygon for polygon in written if polygon] if isinstance(written, list) else []
    text, region = (words.get(name) if isinstance(words.get(name), str) else None for name in ("text", "region"))
    corners = None
    if len(polygons) == 1 and isinstance(polygons[0], list) and len(polygons[0]) == _NUMBERS_OF_CORNERS:
        corners = corners_of(polygons[0])
    outline = _box(box) if box else None
    if outline is None and corners is None and polygons:
        outline = _box_round(polygons)
    if outline is None and corners is None and text is None:
        raise CorruptLabelError("it has neither a `bbox` nor a polygon as `segmentation`")
    return PlateLabel(outline, corners, text, region)


def _box_round(polygons: Sequence[object]) -> BoxXyxy:
    values = [number(value, "`segmentation`") for polygon in polygons for value in _numbers(polygon)]
    return box_from_corners(list(zip(values[::2], values[1::2], strict=True)))


def _numbers(polygon: object) -> list[object]:
    if not isinstance(polygon, list) or len(polygon) % 2 or len(polygon) < _MIN_NUMBERS_OF_POLYGON:
        raise CorruptLabelError("`segmentation` has a polygon that is no list of points")
    return polygon


def _box(written: object) -> tuple[float, float, float, float]:
    if not isinstance(written, list):
        raise CorruptLabelError(f"`bbox` is {shown(written)}, not a list")
    left, top, width, height = box_of(written, "`bbox`")
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
