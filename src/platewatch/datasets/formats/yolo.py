"""YOLO labels: a text file for each image with `class x y width height` in shares of the image, or four corners.

Where a `data.yaml` says what the numbers are, lines with keypoints and outlines are read too, as their boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import yaml

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import (
    CorruptLabelError,
    Images,
    Labelled,
    corners_of,
    number,
    read_text,
    read_yaml,
    shown,
    split_of,
    with_image,
)
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError
from platewatch.vision.geometry import box_from_corners, scale_corners
from platewatch.vision.photo_files import files_below

_COLUMNS_OF_BOX: Final = 5
_COLUMNS_OF_CORNERS: Final = 9
_MIN_COLUMNS_OF_OUTLINE: Final = 7
_FARTHEST: Final = 2.0
"""Shares of the image; boxes may reach a little beyond it, pixels are far beyond."""
_OTHER_TEXTS: Final = frozenset({"classes.txt", "obj.names", "train.txt", "val.txt", "valid.txt", "test.txt"})
_DESCRIPTIONS: Final = ("data.yaml", "data.yml", "dataset.yaml")
_NAME_LISTS: Final = ("classes.txt", "obj.names", "_darknet.labels")
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class _Lines:
    """The kinds of lines: `keypoints` numbers behind each box, or outlines of any number of points.

    `names` are those of the classes, None where nothing names them.
    """

    keypoints: int = 0
    outlines: bool = False
    names: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class _Label:
    """The labels of one file; some of its lines may not be understood."""

    plates: tuple[PlateLabel, ...]
    is_damaged: bool


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    has_labels = any(path.is_dir() and path.name.lower() == "labels" for path in folder.iterdir())
    return has_labels or bool(_label_files(folder, _keys(Images(folder))))


def read(folder: Path) -> Dataset:
    """The dataset in the folder: `images/` with `labels/`, either may hold the other, or both in one place.

    Raises:
        LabelsError: A file can't be read.
    """
    images = Images(folder)
    keys = _keys(images)
    texts = {_key(path.relative_to(folder), "labels"): path for path in _label_files(folder, keys)}
    lines = _lines_of(folder)
    found: list[ImageLabels] = []
    problems: list[Problem] = []
    for name, key in keys.items():
        label = texts.get(key)
        image = with_image(Labelled(name, None, Place(label or images.paths[name])), images)
        if isinstance(image, Problem):
            problems.append(image)
            continue
        image = replace(image, name=key.as_posix() + image.path.suffix, split=split_of(name))
        if label is not None:
            labels = _read_label(label, (image.width, image.height), lines, problems)
            image = replace(image, plates=labels.plates, is_damaged=labels.is_damaged)
        found.append(image if label is not None else replace(image, place=None))
    used = set(keys.values())
    for key, label in texts.items():
        if key not in used:
            message = f"there is no image {shown(key.as_posix())}."
            problems.append(Problem(ProblemKind.MISSING_IMAGE, Place(label), message))
    return Dataset(folder, LabelFormat.YOLO, tuple(found), tuple(problems))


def write(folder: Path, images: Sequence[ImageLabels]) -> None:
    """Write the labels, with `data.yaml` for training; the images are in their places already."""
    for image in images:
        # A plate needs a place in this format, and a file without the plate would say that there is none.
        if image.plates is None or any(plate.outline_xyxy is None for plate in image.plates):
            continue
        path = (folder / "labels" / image.name).with_suffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [line for plate in image.plates if (line := _line(plate, image)) is not None]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    splits = sorted({image.split for image in images if image.split})
    data = {"path": ".", "train": "images", "val": "images", "names": {0: "plate"}}
    if splits:
        for split in splits:
            listed = [f"./images/{image.name}\n" for image in images if image.split == split]
            (folder / f"{split}.txt").write_text("".join(listed), encoding="utf-8")
        data |= {"train": f"{'train' if 'train' in splits else splits[0]}.txt"}
        data |= {"val": next((f"{name}.txt" for name in ("val", "dev", "test") if name in splits), data["train"])}
    (folder / "data.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def _keys(images: Images) -> dict[str, Path]:
    """Of each image by its name the path that its label has too."""
    return {name: _key(Path(name), "images") for name in images.paths}


def _label_files(folder: Path, keys: Mapping[str, Path]) -> list[Path]:
    """The texts that are labels: those in a folder `labels`, those of an image, and those that begin like labels."""
    known = set(keys.values())
    found = []
    for path in files_below(folder, (".txt",)):
        below = path.relative_to(folder)
        in_labels = any(part.lower() == "labels" for part in below.parts[:-1])
        # Lists of images and of classes stand where labels are, too; an image may be called like one of them.
        is_list = path.name.lower() in _OTHER_TEXTS and _key(below, "labels") not in known
        is_note = is_list or (len(below.parts) == 1 and (folder / "labels").is_dir())
        if (in_labels and not is_list) or (
            not is_note and (_key(below, "labels") in known or _begins_like_label(path))
        ):
            found.append(path)
    return found


def _begins_like_label(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        words = file.readline(1000).split()
    return len(words) >= _COLUMNS_OF_BOX and words[0].isdecimal() and all(_is_number(word) for word in words)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _lines_of(folder: Path) -> _Lines:
    """The kind of lines by data.yaml; without that file, boxes or four corners."""
    path = next((folder / name for name in _DESCRIPTIONS if (folder / name).is_file()), None)
    if path is None:
        return _Lines(names=_listed_names(folder))
    described = read_yaml(path)
    shape, names = described.get("kpt_shape"), _names(described.get("names")) or _listed_names(folder)
    if isinstance(shape, list) and len(shape) == 2 and all(isinstance(size, int) for size in shape):  # noqa: PLR2004
        return _Lines(keypoints=shape[0] * shape[1], names=names)
    return _Lines(outlines=shape is None, names=names)


def _names(written: object) -> Mapping[int, str] | None:
    """The names of the classes by number, as data.yaml lists them; None if it doesn't."""
    if isinstance(written, list):
        written = dict(enumerate(written))
    if not isinstance(written, dict) or not all(str(key).isdecimal() for key in written):
        return None
    return {int(key): str(name) for key, name in written.items()} or None


def _listed_names(folder: Path) -> Mapping[int, str] | None:
    """The names in a list of them, a line each, that labelling tools put beside the labels; None without one."""
    lists = (path for path in files_below(folder, (".txt", ".names", ".labels")) if path.name.lower() in _NAME_LISTS)
    path = next(lists, None)
    lines = [] if path is None else [line.strip() for line in read_text(path).splitlines()]
    return dict(enumerate(line for line in lines if line)) or None


def _key(path: Path, folder: str) -> Path:
    """The path without its suffix and without the folder `images` or `labels` in it."""
    parts = list(path.with_suffix("").parts)
    at = next((at for at, part in enumerate(parts[:-1]) if part.lower() == folder), None)
    return Path(*(parts if at is None else parts[:at] + parts[at + 1 :]))


def _read_label(label: Path, size: tuple[int, int], lines: _Lines, problems: list[Problem]) -> _Label:
    try:
        texts = read_text(label).splitlines()
    except LabelsError as error:
        problems.append(Problem(ProblemKind.CORRUPT, Place(label), str(error)))
        return _Label((), is_damaged=True)
    plates, is_damaged = [], False
    for line, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            plates.append(_plate(text.split(), size, lines))
        except CorruptLabelError as error:
            is_damaged = True
            problems.append(Problem(ProblemKind.CORRUPT, Place(label, line), f"{error}."))
    return _Label(tuple(plates), is_damaged)


def _plate(columns: Sequence[str], size: tuple[int, int], lines: _Lines) -> PlateLabel:
    count = len(columns)
    is_outline = lines.outlines and count >= _MIN_COLUMNS_OF_OUTLINE and count % 2 == 1
    is_pose = lines.keypoints > 0 and count == _COLUMNS_OF_BOX + lines.keypoints
    if count not in {_COLUMNS_OF_BOX, _COLUMNS_OF_CORNERS} and not is_outline and not is_pose:
        raise CorruptLabelError(
            f"{count} columns, expected are {_COLUMNS_OF_BOX} (class x y width height) or {_COLUMNS_OF_CORNERS} (four "
            "corners); keypoints need their `kpt_shape` in a data.yaml at the top, outlines a data.yaml without",
        )
    name = _class_name(columns[0], lines.names)
    if is_pose or count == _COLUMNS_OF_BOX:
        return PlateLabel(_box([_share(value) for value in columns[1:_COLUMNS_OF_BOX]], size), class_name=name)
    shares = [_share(value) for value in columns[1:]]
    if count == _COLUMNS_OF_CORNERS:
        return PlateLabel(corners=scale_corners(corners_of(shares), *size), class_name=name)
    width, height = size
    left, top, right, bottom = box_from_corners(zip(shares[::2], shares[1::2], strict=True))
    return PlateLabel((left * width, top * height, right * width, bottom * height), class_name=name)


def _class_name(written: str, names: Mapping[int, str] | None) -> str:
    """The name of the class, or its number where nothing names it."""
    if not written.isdecimal():
        raise CorruptLabelError(f"the class is {shown(written)}, not a number from 0 on")
    number_of_class = int(written[:9])
    if names is None:
        return str(number_of_class)
    if number_of_class not in names:
        raise CorruptLabelError(f"the class is {shown(written)}, but only {len(names)} are named")
    return names[number_of_class]


def _share(value: str) -> float:
    found = number(value, "a column")
    if abs(found) > _FARTHEST:
        raise CorruptLabelError(f"a column is {shown(value)}, not a share of the image between 0 and 1")
    return found


def _box(shares: Sequence[float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    (x, y, box_width, box_height), (width, height) = shares, size
    left, top = (x - box_width / 2) * width, (y - box_height / 2) * height
    return left, top, left + box_width * width, top + box_height * height


def _line(plate: PlateLabel, image: ImageLabels) -> str | None:
    """The line of one plate; None for one that is nowhere. A plate with both is written as its box."""
    width, height = image.width, image.height
    if plate.box_xyxy is None and plate.corners is not None:
        flat = [value for corner in scale_corners(plate.corners, 1 / width, 1 / height) for value in corner]
    elif plate.box_xyxy is not None:
        left, top, right, bottom = plate.box_xyxy
        middle = ((left + right) / 2 / width, (top + bottom) / 2 / height)
        flat = [*middle, (right - left) / width, (bottom - top) / height]
    else:
        return None
    return " ".join(["0", *(f"{value:.{_DIGITS}f}" for value in flat)])
