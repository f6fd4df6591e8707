"""What the readers of all formats share: limits, finding images, their sizes, and collecting problems."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from platewatch.datasets.types import IMAGE_SUFFIXES, ImageLabels, Place, Problem, ProblemKind
from platewatch.errors import ImageError, LabelsError
from platewatch.vision.image import ImageLimits, open_image
from platewatch.vision.types import BoxXyxy, Corners

MAX_LABEL_BYTES: Final = 512 * 1024 * 1024
MAX_COORDINATE: Final = 1e6
IMAGE_LIMITS: Final = ImageLimits(max_bytes=256 * 1024 * 1024, max_pixels=512_000_000)
_NUMBERS_OF_CORNERS: Final = 8


class CorruptLabelError(ValueError):
    """A label that can't be understood; the reader notes it as a problem with its place."""


class Images:
    """The images below a folder, by their path below it and by their bare name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = {path.relative_to(folder).as_posix(): path for path in image_files(folder)}
        self._by_name: dict[str, list[str]] = {}
        for name in self.paths:
            self._by_name.setdefault(name.rsplit("/", 1)[-1], []).append(name)

    def find(self, written: str) -> str | None:
        """The name of the image that a label calls so: by its path, its end, or its bare name where only one has it."""
        asked = written.replace("\\", "/").removeprefix("./")
        for candidate in (asked, asked.removeprefix("images/")):
            if candidate in self.paths:
                return candidate
        same = self._by_name.get(asked.rsplit("/", 1)[-1], [])
        return same[0] if len(same) == 1 else None


def image_files(folder: Path) -> Iterator[Path]:
    """The images below the folder in the order of their names; hidden ones are left out."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES:
                yield Path(place, name)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of the upright image.

    Raises:
        ImageError: It can't be read as an image.
        OSError: The file can't be read.
    """
    with path.open("rb") as file:
        image = open_image(file.read(IMAGE_LIMITS.max_bytes + 1), IMAGE_LIMITS)
    return image.width, image.height


def size_or_problem(path: Path) -> tuple[int, int] | Problem:
    """The size, or why there is none."""
    try:
        return image_size(path)
    except ImageError as error:
        return Problem(ProblemKind.BAD_IMAGE, Place(path), str(error))
    except OSError as error:
        return Problem(ProblemKind.BAD_IMAGE, Place(path), f"{error.strerror or error}.")


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        LabelsError: It is too large, no UTF-8, or can't be read.
    """
    try:
        if path.stat().st_size > MAX_LABEL_BYTES:
            raise LabelsError(f"{str(path)!r} is larger than {MAX_LABEL_BYTES} bytes. Split it into several datasets.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise LabelsError(f"{str(path)!r}, line {line}: this is not UTF-8. Save the file as UTF-8.") from error
    except OSError as error:
        raise LabelsError(f"{str(path)!r} can't be read: {error.strerror}.") from error


def number(value: object, what: str) -> float:
    """The value as a finite number that can be a coordinate.

    Raises:
        CorruptLabelError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise CorruptLabelError(f"{what} is {value!r}, not a number")
    try:
        found = float(value)
    except (ValueError, OverflowError) as error:
        raise CorruptLabelError(f"{what} is {value!r}, not a number") from error
    if not math.isfinite(found) or abs(found) > MAX_COORDINATE:
        raise CorruptLabelError(f"{what} is {value!r}, which is no coordinate")
    return found


def box_of(values: Sequence[object], what: str = "the box") -> BoxXyxy:
    """Left, top, right, bottom; raises CorruptLabelError."""
    if len(values) != 4:  # noqa: PLR2004 (left, top, right, bottom)
        raise CorruptLabelError(f"{what} has {len(values)} numbers instead of 4")
    left, top, right, bottom = (number(value, what) for value in values)
    return left, top, right, bottom


def corners_of(values: Sequence[object], what: str = "the corners") -> Corners:
    """Four points from eight numbers; raises CorruptLabelError."""
    if len(values) != _NUMBERS_OF_CORNERS:
        raise CorruptLabelError(f"{what} have {len(values)} numbers instead of {_NUMBERS_OF_CORNERS}")
    flat = [number(value, what) for value in values]
    one, two, three, four = ((flat[at], flat[at + 1]) for at in range(0, _NUMBERS_OF_CORNERS, 2))
    return one, two, three, four


def unlabelled(images: Images, labelled: set[str], problems: list[Problem]) -> Iterator[ImageLabels]:
    """The images that no label is about; those that can't be read become problems."""
    for name, path in images.paths.items():
        if name in labelled:
            continue
        size = size_or_problem(path)
        if isinstance(size, Problem):
            problems.append(size)
        else:
            yield ImageLabels(name, path, *size, plates=None)
