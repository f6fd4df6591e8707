"""Labels that can be plates, by their class and their boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError
from platewatch.vision.backends.yolo_notes import ALL_CLASSES, is_plate_name
from platewatch.vision.geometry import polygon_area

_MIN_SIDE_PX: Final = 1.0
_LISTED: Final = 10


def only_plates(dataset: Dataset, wanted: str | None) -> Dataset:
    """The dataset with the plates alone, of labels of several classes those that are named so.

    `wanted` is what the user set: names of classes with commas between them, or `all`.

    Raises:
        LabelsError: None of several classes is named as a plate and none was set, or one that was set is not there.
    """
    found = Counter(plate.class_name for image in dataset.images for plate in image.plates or () if plate.class_name)
    kept = _kept(found, wanted, str(dataset.folder))
    images = tuple(
        image if image.plates is None else replace(image, plates=_plates(image.plates, kept))
        for image in dataset.images
    )
    return replace(dataset, images=images)


def with_boxes_judged(dataset: Dataset) -> Dataset:
    """The dataset with its images marked as damaged whose labels are boxes that can't be.

    Kept as they are, training would pass over them and take the image for one without a plate.
    """
    problems: list[Problem] = []
    images = []
    for image in dataset.images:
        found = list(_box_problems(image))
        problems += found
        images.append(replace(image, is_damaged=True) if found else image)
    return replace(dataset, images=tuple(images), problems=(*dataset.problems, *problems))


def area_problem(plate: PlateLabel) -> str | None:
    """The problem of a plate whose box or corners enclose no area."""
    box = plate.outline_xyxy
    if box is not None and min(box[2] - box[0], box[3] - box[1]) < _MIN_SIDE_PX:
        sides = ", ".join(f"{side:g}" for side in box)
        return f"the box ({sides}) is {box[2] - box[0]:g} x {box[3] - box[1]:g}."
    if plate.corners is not None and polygon_area(plate.corners) < _MIN_SIDE_PX:
        return "the corners lie on one line."
    return None


def _box_problems(image: ImageLabels) -> Sequence[Problem]:
    place = image.place or Place(image.path)
    judged = ((number, area_problem(plate)) for number, plate in enumerate(image.plates or (), 1))
    return [
        Problem(ProblemKind.NO_AREA, place, f"{image.name!r}, plate {number}: {message}")
        for number, message in judged
        if message
    ]


def _plates(plates: Sequence[PlateLabel], kept: frozenset[str] | None) -> tuple[PlateLabel, ...]:
    return tuple(
        replace(plate, class_name=None)
        for plate in plates
        if kept is None or plate.class_name is None or plate.class_name in kept
    )


def _kept(found: Counter[str], wanted: str | None, folder: str) -> frozenset[str] | None:
    """The classes that are plates, None for all."""
    if wanted is not None and wanted.strip().lower() == ALL_CLASSES:
        return None
    if wanted is not None:
        asked = [part.strip() for part in wanted.split(",") if part.strip()]
        by_name = {name.lower(): name for name in found}
        if missing := [name for name in asked if name.lower() not in by_name]:
            raise LabelsError(f"{folder!r} has no class {missing[0]!r}; its classes are {_list(found)}.")
        return frozenset(by_name[name.lower()] for name in asked)
    plates = frozenset(name for name in found if is_plate_name(name))
    if len(found) <= 1 or len(plates) == len(found):
        return None
    if not plates:
        raise LabelsError(
            f"{folder!r} has labels of several classes ({_list(found)}), and none is called a plate. Say which are "
            f"with `--plate-class` of `platewatch dataset`: names with commas between them, or `{ALL_CLASSES}`."
        )
    return plates


def _list(found: Counter[str]) -> str:
    names = [f"{name[:40]!r}" for name, _ in found.most_common(_LISTED)]
    return ", ".join(names) + (", ..." if len(found) > _LISTED else "") if names else "not named"
