"""Labels in a CSV file, a line a plate: image, text, box, corners, region and split, whichever of them there are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import (
    CorruptLabelError,
    Images,
    box_of,
    corners_of,
    read_text,
    size_or_problem,
    unlabelled,
)
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError

LABELS_NAME: Final = "labels.csv"
_SIDES: Final = ("left", "top", "right", "bottom")
_CORNERS: Final = tuple(f"{axis}{corner}" for corner in range(1, 5) for axis in ("x", "y"))
_HEADER: Final = ("image", "text", "region", *_SIDES, *_CORNERS, "split")
_OTHER_NAMES: Final = {
    "filename": "image",
    "file_name": "image",
    "file": "image",
    "path": "image",
    "image_path": "image",
    "image_name": "image",
    "plate": "text",
    "label": "text",
    "plate_text": "text",
    "plate_number": "text",
    "words": "text",
    "xmin": "left",
    "ymin": "top",
    "xmax": "right",
    "ymax": "bottom",
    "country": "region",
    "set": "split",
}


@dataclass(slots=True)
class _Rows:
    """What the rows say of one image."""

    name: str
    place: Place
    plates: list[PlateLabel] = field(default_factory=list)
    split: str | None = None


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return bool(_files(folder))


def read(folder: Path) -> Dataset:
    """The dataset in the folder; raises LabelsError."""
    images = Images(folder / "images" if (folder / "images").is_dir() else folder)
    rows: dict[str, _Rows] = {}
    problems: list[Problem] = []
    for file in _files(folder):
        _read_file(file, images, rows, problems)
    found = []
    for one in rows.values():
        size = size_or_problem(images.paths[one.name])
        if isinstance(size, Problem):
            problems.append(size)
        else:
            path = images.paths[one.name]
            found.append(ImageLabels(one.name, path, *size, tuple(one.plates), split=one.split, place=one.place))
    rest = unlabelled(images, set(rows), problems)
    return Dataset(folder, LabelFormat.CSV, (*found, *rest), tuple(problems))


def write(folder: Path, images: Sequence[ImageLabels]) -> None:
    """Write the labels; the images are in their places already. An image without plates has a line without text."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADER)
    for image in images:
        if image.plates is None:
            continue
        for plate in image.plates or (PlateLabel(),):
            writer.writerow(_row(image, plate))
    (folder / LABELS_NAME).write_text(stream.getvalue(), encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if "image" in _columns(_first_line(path)))


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.readline(10_000)


def _columns(header: str) -> list[str]:
    names = next(csv.reader([header], delimiter=_delimiter(header)), [])
    plain = [name.strip().lower().replace(" ", "_") for name in names]
    renamed = [_OTHER_NAMES.get(name, name) for name in plain]
    # x1 and y1 begin a box where no third corner follows.
    if "x3" not in renamed:
        sides = dict(zip(("x1", "y1", "x2", "y2"), _SIDES, strict=True))
        renamed = [sides.get(name, name) for name in renamed]
    return renamed


def _delimiter(header: str) -> str:
    return max((",", ";", "\t"), key=header.count)


def _read_file(file: Path, images: Images, rows: dict[str, _Rows], problems: list[Problem]) -> None:
    text = read_text(file)
    header = text.split("\n", 1)[0]
    columns = _columns(header)
    doubled = {name for name in columns if name and columns.count(name) > 1}
    if doubled:
        raise LabelsError(f"{str(file)!r}, line 1: the columns {sorted(doubled)} are there twice. Name each once.")
    for line, cells in _numbered(text, _delimiter(header), file):
        place = Place(file, line)
        if len(cells) != len(columns):
            message = f"{len(cells)} cells, but the header has {len(columns)}."
            problems.append(Problem(ProblemKind.CORRUPT, place, message))
            continue
        row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
        name = images.find(row["image"]) if row["image"] else None
        if name is None:
            problems.append(Problem(ProblemKind.MISSING_IMAGE, place, f"there is no image {row['image']!r}."))
            continue
        of_image = rows.setdefault(name, _Rows(name, place))
        of_image.split = row.get("split") or of_image.split
        try:
            plate = _plate(row)
        except CorruptLabelError as error:
            problems.append(Problem(ProblemKind.CORRUPT, place, f"{error}."))
            continue
        if plate is not None:
            of_image.plates.append(plate)


def _numbered(text: str, delimiter: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the line where it ends."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        next(reader)
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise LabelsError(f"{str(file)!r}, line {reader.line_num}: {error}. Mend it and try again.") from error


def _plate(row: dict[str, str]) -> PlateLabel | None:
    """The plate of one row; None for a row that says only that the image is there."""
    box = [row.get(side, "") for side in _SIDES]
    corners = [row.get(name, "") for name in _CORNERS]
    plate = PlateLabel(text=row.get("text") or None, region=row.get("region") or None)
    if any(box):
        plate = replace(plate, box_xyxy=box_of(box))
    if any(corners):
        plate = replace(plate, corners=corners_of(corners))
    return None if plate == PlateLabel() else plate


def _row(image: ImageLabels, plate: PlateLabel) -> list[str]:
    box = [""] * 4 if plate.box_xyxy is None else [repr(side) for side in plate.box_xyxy]
    corners = [""] * 8 if plate.corners is None else [repr(value) for corner in plate.corners for value in corner]
    return [image.name, plate.text or "", plate.region or "", *box, *corners, image.split or ""]
