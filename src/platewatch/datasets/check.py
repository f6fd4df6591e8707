"""Problems of a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from platewatch.datasets.judging import area_problem
from platewatch.datasets.reading import IMAGE_LIMITS, opened_or_problem
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import ImageError, PlateTextError
from platewatch.plates.text import MAX_LENGTH, plate_key
from platewatch.vision.image import open_image

# Labels are rounded, and some tools count pixels from 1.
_TOLERANCE_PX: Final = 1.0

NOTES: Final = frozenset({ProblemKind.EMPTY, ProblemKind.UNLABELLED})
"""Kinds that may be meant: an image without plates teaches what is none."""


def check(dataset: Dataset, *, decode: bool = False) -> list[Problem]:
    """All problems: those that reading found, then those of each image, in order.

    `decode` decodes every image, which finds those that are damaged behind their header.
    """
    problems = list(dataset.problems)
    for image in dataset.images:
        problems += _check_image(image, decode=decode)
    return problems


def counts(problems: list[Problem]) -> dict[ProblemKind, int]:
    """The number of problems of each kind."""
    return dict(Counter(problem.kind for problem in problems))


def _check_image(image: ImageLabels, *, decode: bool) -> Iterator[Problem]:
    place = image.place or Place(image.path)
    opened = opened_or_problem(image.path)
    if isinstance(opened, Problem):
        yield opened
        return
    size = (opened.width, opened.height)
    if decode and (damage := _damage(image)):
        yield damage
    width, height = image.labelled_size or (image.width, image.height)
    if size != (width, height):
        message = f"{image.name!r} is {size[0]} x {size[1]}, labelled as {width} x {height}."
        yield Problem(ProblemKind.SIZE, place, message)
    if image.is_damaged:
        # Reading has named what is wrong with its labels; what is left of them says nothing of the whole.
        pass
    elif image.plates is None:
        yield Problem(ProblemKind.UNLABELLED, Place(image.path), "it has no label.")
    elif not image.plates:
        yield Problem(ProblemKind.EMPTY, place, f"{image.name!r} is labelled as without plates.")
    for number, plate in enumerate(image.plates or (), 1):
        # Reading has named those of a damaged image.
        if (nothing := area_problem(plate)) and not image.is_damaged:
            yield Problem(ProblemKind.NO_AREA, place, f"{image.name!r}, plate {number}: {nothing}")
        for kind, message in _check_plate(plate, size, crop=image.crop):
            yield Problem(kind, place, f"{image.name!r}, plate {number}: {message}")


def _damage(image: ImageLabels) -> Problem | None:
    try:
        open_image(image.path.read_bytes(), IMAGE_LIMITS).decode()
    except ImageError as error:
        return Problem(ProblemKind.BAD_IMAGE, Place(image.path), str(error))
    return None


def _check_plate(plate: PlateLabel, size: tuple[int, int], *, crop: bool) -> Iterator[tuple[ProblemKind, str]]:
    width, height = size
    box = plate.outline_xyxy
    if box is not None:
        left, top, right, bottom = box
        low, wide, high = -_TOLERANCE_PX, width + _TOLERANCE_PX, height + _TOLERANCE_PX
        if left < low or top < low or right > wide or bottom > high:
            yield ProblemKind.OUTSIDE, f"the box {_short(box)} is not inside {width} x {height}."
    if plate.text is not None and (problem := _text_problem(plate.text)):
        yield ProblemKind.TEXT, problem
    if box is None and plate.text is None and not crop:
        yield ProblemKind.EMPTY, "neither its place nor its text is labelled."


def _text_problem(text: str) -> str | None:
    try:
        length = len(plate_key(text))
    except PlateTextError as error:
        return str(error)
    return None if 1 <= length <= MAX_LENGTH else f"the text is {text[:40]!r}."


def _short(box: tuple[float, float, float, float]) -> str:
    return "(" + ", ".join(f"{side:g}" for side in box) + ")"
