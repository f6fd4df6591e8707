"""A labelled dataset as the tools see it, whatever files it came from.

Coordinates are pixels of the upright image; a split is any word, such as `train` or `dev`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from platewatch.datasets.label_format import LabelFormat
from platewatch.vision.geometry import box_from_corners
from platewatch.vision.types import BoxXyxy, Corners


@dataclass(frozen=True, slots=True)
class PlateLabel:
    """One labelled plate; None where it isn't labelled. `region` is an ISO 3166 code such as `de` or `us-ca`.

    `class_name` is what a reader of labels found it called; None once it is known to be a plate.
    """

    box_xyxy: BoxXyxy | None = None
    corners: Corners | None = None
    text: str | None = None
    region: str | None = None
    class_name: str | None = None

    @property
    def outline_xyxy(self) -> BoxXyxy | None:
        """The box, or else the one round the corners."""
        if self.box_xyxy is None and self.corners is not None:
            return box_from_corners(self.corners)
        return self.box_xyxy


@dataclass(frozen=True, slots=True)
class ImageLabels:
    """One image, named by its path below the dataset's images with `/` between folders, and what is labelled in it.

    `width` and `height` are the image's own, `labelled_size` is what its labels say of them, None if nothing. `plates`
    is None for an image that nobody labelled, and empty for one without plates; where a label of the image was not
    understood, `is_damaged` says so, and `plates` lacks it. `crop` says that the image is a plate itself. `place` is
    where it was labelled: the file and the line, from 1 on.
    """

    name: str
    path: Path
    width: int
    height: int
    plates: tuple[PlateLabel, ...] | None
    split: str | None = None
    crop: bool = False
    place: Place | None = None
    labelled_size: tuple[int, int] | None = None
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; None where the file as a whole is meant."""

    file: Path
    line: int | None = None

    def __str__(self) -> str:
        return str(self.file) if self.line is None else f"{self.file}, line {self.line}"


class ProblemKind(StrEnum):
    """The kinds of problems of a dataset."""

    CORRUPT = "corrupt label"
    MISSING_IMAGE = "missing image"
    BAD_IMAGE = "image that can't be read"
    TWICE = "labelled twice"
    SIZE = "size that is not the image's"
    OUTSIDE = "box outside the image"
    NO_AREA = "box without area"
    EMPTY = "empty label"
    UNLABELLED = "image without labels"
    TEXT = "text that is none of a plate"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    kind: ProblemKind
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.kind.value}: {self.message}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """All images of a folder with their labels, and what could not be understood."""

    folder: Path
    format: LabelFormat
    images: tuple[ImageLabels, ...]
    problems: tuple[Problem, ...] = ()

    def without_problems(self) -> Dataset:
        """The dataset with the images alone whose labels were all understood.

        An image that lacks a label would teach that there is no plate where one is.
        """
        return replace(self, images=tuple(image for image in self.images if not image.is_damaged), problems=())
