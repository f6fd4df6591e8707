"""Code that the readers of all formats share: limits, finding images, their sizes, and collecting problems."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

import yaml

from platewatch.datasets.turning import upright
from platewatch.datasets.types import ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import ImageError, LabelsError, TruncatedImageError
from platewatch.vision.image import EncodedImage, ImageLimits, open_image
from platewatch.vision.photo_files import ImageFormat, format_of, photos_below
from platewatch.vision.types import BoxXyxy, Corners

MAX_LABEL_BYTES: Final = 512 * 1024 * 1024
MAX_COORDINATE: Final = 1e6
IMAGE_LIMITS: Final = ImageLimits(max_bytes=256 * 1024 * 1024, max_pixels=512_000_000)
_NUMBERS_OF_CORNERS: Final = 8
_MAX_YAML_BYTES: Final = 1024 * 1024
_SHOWN: Final = 60
_HEAD_BYTES: Final = 256 * 1024
_SPLITS: Final = {"train": "train", "val": "val", "valid": "val", "validation": "val", "dev": "dev", "test": "test"}

# Folders that tools put images or labels into, beside each other.
_FOLDERS_OF_KIND: Final = frozenset(
    {"images", "image", "imgs", "img", "jpegimages", "labels", "label", "annotations", "annotation", "xmls", "xml"}
)


class CorruptLabelError(ValueError):
    """A label that can't be understood; the reader notes it as a problem with its place."""


class Images:
    """The images of a dataset, named by their path below `folder`: one of the subfolders, or the dataset itself."""

    def __init__(self, dataset: Path, subfolders: Sequence[str] = ()) -> None:
        self.dataset = dataset
        self.folder = next((dataset / name for name in subfolders if (dataset / name).is_dir()), dataset)
        self.paths = {path.relative_to(self.folder).as_posix(): path for path in photos_below(self.folder)}
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        self._by_key: dict[str, list[str]] = {}
        for name, path in self.paths.items():
            self._by_name.setdefault(path.name, []).append(name)
            self._by_stem.setdefault(path.stem, []).append(name)
            self._by_key.setdefault(_key(path, dataset), []).append(name)

    def find(self, written: str, beside: Path | None = None) -> str | None:
        """The name of the image that a label calls so.

        By its path (from the folder of the label file `beside`, or from the top), its bare name where only one image
        has it, or that without its ending.
        """
        asked = written.strip().replace("\\", "/").removeprefix("./")
        if not asked:
            return None
        for candidate in self._candidates(asked, beside):
            if candidate in self.paths:
                return candidate
        last = asked.rsplit("/", 1)[-1]
        for same in (self._by_name.get(last), self._by_stem.get(last), self._by_stem.get(PurePosixPath(last).stem)):
            if same is not None:
                return same[0] if len(same) == 1 else None
        return None

    def beside(self, file: Path) -> str | None:
        """The name of the image that a label file is about by its place: its path, but for folders like `labels`."""
        same = self._by_key.get(_key(file, self.dataset), [])
        return same[0] if len(same) == 1 else None

    def stem(self, stem: str) -> str | None:
        """The name of the only image that has this name without its ending."""
        same = self._by_stem.get(stem, [])
        return same[0] if len(same) == 1 else None

    def _candidates(self, asked: str, beside: Path | None) -> Iterator[str]:
        if beside is not None and beside.parent.is_relative_to(self.folder):
            yield (beside.parent.relative_to(self.folder) / asked).as_posix()
            yield (beside.parent.relative_to(self.folder) / "images" / asked).as_posix()
        yield asked
        yield asked.removeprefix("images/")


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labels of one image, before the image itself is opened."""

    name: str
    plates: tuple[PlateLabel, ...] | None
    place: Place
    size: tuple[int, int] | None = None
    split: str | None = None
    crop: bool = False
    is_damaged: bool = False


def with_image(labelled: Labelled, images: Images) -> ImageLabels | Problem:
    """The labels with the image's own size, or why it can't be read.

    Labels that were made on the photo as it is stored, before EXIF turns it upright, are turned with it.
    """
    path = images.paths[labelled.name]
    opened = opened_or_problem(path)
    if isinstance(opened, Problem):
        return opened
    plates, size = labelled.plates, labelled.size
    own_size = (opened.width, opened.height)
    if size is not None and size != own_size and size == opened.stored_size:
        plates = None if plates is None else tuple(upright(plate, opened.orientation, size) for plate in plates)
        size = own_size
    return ImageLabels(
        labelled.name,
        path,
        *own_size,
        plates=plates,
        split=labelled.split or split_of(labelled.name),
        crop=labelled.crop,
        place=labelled.place,
        labelled_size=size,
        is_damaged=labelled.is_damaged,
    )


def gather(labelled: Sequence[Labelled], images: Images, problems: list[Problem]) -> tuple[ImageLabels, ...]:
    """All images: those with labels first, each once, then those that no label is about. Adds problems."""
    first: dict[str, Labelled] = {}
    for one in labelled:
        known = first.get(one.name)
        if known is None:
            first[one.name] = one
            continue
        problems.append(Problem(ProblemKind.TWICE, one.place, f"{one.name!r} has labels in {known.place} already."))
        is_same = known.plates == one.plates and not one.is_damaged
        first[one.name] = known if is_same else replace(known, is_damaged=True)
    found = [with_image(one, images) for one in first.values()]
    found += [
        with_image(Labelled(name, None, Place(path)), images)
        for name, path in images.paths.items()
        if name not in first
    ]
    problems += [one for one in found if isinstance(one, Problem)]
    return tuple(one for one in found if isinstance(one, ImageLabels))


@dataclass(frozen=True, slots=True)
class Opened:
    """Facts of an image file: the upright size, the size as stored, and how EXIF turns the one into the other."""

    width: int
    height: int
    orientation: int
    stored_size: tuple[int, int]


def opened_or_problem(path: Path) -> Opened | Problem:
    """The facts of the image, or why there are none."""
    try:
        image = _header_of(path)
        return Opened(image.width, image.height, image.orientation, image.stored_size)
    except ImageError as error:
        return Problem(ProblemKind.BAD_IMAGE, Place(path), str(error))
    except OSError as error:
        return Problem(ProblemKind.BAD_IMAGE, Place(path), f"{error.strerror or error}.")


def _header_of(path: Path) -> EncodedImage:
    """The image with its header alone looked at; of a large JPEG the rest is not even read."""
    with path.open("rb") as file:
        data = file.read(_HEAD_BYTES)
        if len(data) == _HEAD_BYTES and format_of(data) is ImageFormat.JPEG:
            with suppress(TruncatedImageError):
                return open_image(data, IMAGE_LIMITS)
        return open_image(data + file.read(IMAGE_LIMITS.max_bytes + 1 - len(data)), IMAGE_LIMITS)


def split_of(name: str) -> str | None:
    """The split that one of the name's folders is called after, such as `train` or `valid`."""
    return next((_SPLITS[part.lower()] for part in name.split("/")[:-1] if part.lower() in _SPLITS), None)


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        LabelsError: It is too large, no UTF-8, or can't be read.
    """
    try:
        return read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise LabelsError(f"{str(path)!r}, line {line}: this is not UTF-8. Save the file as UTF-8.") from error


def read_bytes(path: Path) -> bytes:
    """The file's content.

    Raises:
        LabelsError: It is too large, or can't be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LABEL_BYTES + 1)
    except OSError as error:
        raise LabelsError(f"{str(path)!r} can't be read: {error.strerror}.") from error
    if len(data) > MAX_LABEL_BYTES:
        raise LabelsError(f"{str(path)!r} is larger than {MAX_LABEL_BYTES} bytes. Split it into several datasets.")
    return data


def read_yaml(path: Path) -> dict[str, object]:
    """The fields of a small YAML file; none if it is missing, damaged or something else."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_YAML_BYTES)
        # Open brackets take the parser seconds, and no description of a dataset has so many.
        content = None if data.count(b"[") + data.count(b"{") > 1000 else yaml.safe_load(data)  # noqa: PLR2004
    except (OSError, yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return {}
    return content if isinstance(content, dict) else {}


def number(value: object, what: str) -> float:
    """The value as a finite number that can be a coordinate.

    Raises:
        CorruptLabelError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise CorruptLabelError(f"{what} is {shown(value)}, not a number")
    try:
        found = float(value)
    except (ValueError, OverflowError) as error:
        raise CorruptLabelError(f"{what} is {shown(value)}, not a number") from error
    if not math.isfinite(found) or abs(found) > MAX_COORDINATE:
        raise CorruptLabelError(f"{what} is {shown(value)}, which is no coordinate")
    return found


def shown(value: object) -> str:
    """The value as a message shows it: not all of a long one."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "too long"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


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


def _key(path: Path, dataset: Path) -> str:
    """The path below the dataset without its ending and without folders that say only what kind of file is in them."""
    below = path.relative_to(dataset)
    return "/".join([*(part for part in below.parts[:-1] if part.lower() not in _FOLDERS_OF_KIND), below.stem])
