"""YOLO labels: a text file for each image with `class x y width height` in shares of the image, or four corners."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import (
    CorruptLabelError,
    Images,
    corners_of,
    number,
    read_text,
    size_or_problem,
)
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError
from platewatch.vision.geometry import scale_corners

_COLUMNS_OF_BOX: Final = 5
_COLUMNS_OF_CORNERS: Final = 9
_OTHER_TEXTS: Final = frozenset({"classes.txt", "readme.txt", "obj.names", "train.txt", "val.txt", "test.txt"})
_DIGITS: Final = 8


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return (folder / "labels").is_dir() or bool(_label_files(folder))


def read(folder: Path) -> Dataset:
    """The dataset in the folder: `images/` with `labels/`, either may hold the other, or both in one place.

    Raises:
        LabelsError: A file can't be read.
    """
    images = Images(folder)
    texts = {_key(path.relative_to(folder), "labels"): path for path in _label_files(folder)}
    found: list[ImageLabels] = []
    problems: list[Problem] = []
    used = set()
    for name, path in images.paths.items():
        key = _key(Path(name), "images")
        size = size_or_problem(path)
        label = texts.get(key)
        used.add(key)
        if isinstance(size, Problem):
            problems.append(size)
            continue
        plates = None if label is None else _plates(label, size, problems)
        place = None if label is None else Place(label)
        found.append(ImageLabels(key.as_posix() + path.suffix, path, *size, plates, split=_split(key), place=place))
    for key, label in texts.items():
        if key not in used:
            problems.append(Problem(ProblemKind.MISSING_IMAGE, Place(label), f"there is no image {key.as_posix()!r}."))
    return Dataset(folder, LabelFormat.YOLO, tuple(found), tuple(problems))


def write(folder: Path, images: Sequence[ImageLabels]) -> None:
    """Write the labels, with `data.yaml` for training; the images are in their places already."""
    for image in images:
        if image.plates is None:
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


def _label_files(folder: Path) -> list[Path]:
    lists = {f"{path.stem}.txt" for path in folder.glob("*.txt")} if (folder / "labels").is_dir() else set()
    return sorted(
        path
        for path in folder.rglob("*.txt")
        if path.name.lower() not in _OTHER_TEXTS and not (path.parent == folder and path.name in lists)
    )


def _key(path: Path, folder: str) -> Path:
    """The path without its suffix and without the folder `images` or `labels` in it."""
    parts = list(path.with_suffix("").parts)
    if folder in parts[:-1]:
        parts.remove(folder)
    return Path(*parts)


def _split(key: Path) -> str | None:
    first = key.parts[0]
    return {"valid": "val"}.get(first, first) if first in {"train", "val", "valid", "dev", "test"} else None


def _plates(label: Path, size: tuple[int, int], problems: list[Problem]) -> tuple[PlateLabel, ...]:
    try:
        lines = read_text(label).splitlines()
    except LabelsError as error:
        problems.append(Problem(ProblemKind.CORRUPT, Place(label), str(error)))
        return ()
    plates = []
    for line, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            plates.append(_plate(text.split(), size))
        except CorruptLabelError as error:
            problems.append(Problem(ProblemKind.CORRUPT, Place(label, line), f"{error}."))
    return tuple(plates)


def _plate(columns: Sequence[str], size: tuple[int, int]) -> PlateLabel:
    width, height = size
    if len(columns) not in {_COLUMNS_OF_BOX, _COLUMNS_OF_CORNERS}:
        raise CorruptLabelError(
            f"{len(columns)} columns, expected are {_COLUMNS_OF_BOX} (class x y width height) or {_COLUMNS_OF_CORNERS}"
        )
    if not columns[0].isdecimal():
        raise CorruptLabelError(f"the class is {columns[0]!r}, not a number from 0 on")
    if len(columns) == _COLUMNS_OF_CORNERS:
        return PlateLabel(corners=scale_corners(corners_of(columns[1:]), width, height))
    x, y, box_width, box_height = (number(value, "a column") for value in columns[1:])
    left, top = (x - box_width / 2) * width, (y - box_height / 2) * height
    return PlateLabel((left, top, left + box_width * width, top + box_height * height))


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
