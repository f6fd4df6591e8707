"""Labels in a CSV file, a line a plate: image, text, box, corners, region and split, as far as there are any."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from platewatch.datasets.formats.csv_columns import (
    Columns,
    ColumnsError,
    delimiter_of,
    image_column,
    plain_names,
    understand,
)
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import (
    CorruptLabelError,
    Images,
    Labelled,
    box_of,
    corners_of,
    gather,
    read_text,
    shown,
)
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError
from platewatch.vision.photo_files import files_below

LABELS_NAME: Final = "labels.csv"
_SIDES: Final = ("left", "top", "right", "bottom")
_CORNERS: Final = tuple(f"{axis}{corner}" for corner in range(1, 5) for axis in ("x", "y"))
_HEADER: Final = ("image", "text", "region", *_SIDES, *_CORNERS, "split")


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a row by their column, and the line where it ends."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Table:
    """One file: what its columns mean, its rows, and the lines that have another number of cells."""

    file: Path
    columns: Columns
    rows: tuple[_Row, ...]
    uneven: tuple[tuple[int, list[str]], ...]


@dataclass(slots=True)
class _OfImage:
    """The labels of one image, from its rows."""

    place: Place
    plates: list[PlateLabel] = field(default_factory=list)
    split: str | None = None
    is_damaged: bool = False


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return bool(_files(folder))


def read(folder: Path) -> Dataset:
    """The dataset in the folder.

    Raises:
        LabelsError: A file can't be read, or no column says what is in the images.
    """
    images = Images(folder, ("images",))
    tables = [_table(file) for file in _files(folder)]
    with_labels = [table for table in tables if table.columns.has_labels]
    if not with_labels:
        for table in tables:
            _require_known(table)
    found: dict[str, _OfImage] = {}
    problems: list[Problem] = []
    for table in with_labels:
        _read_table(table, images, found, problems)
    labelled = [
        Labelled(name, tuple(one.plates), one.place, split=one.split, is_damaged=one.is_damaged)
        for name, one in found.items()
    ]
    return Dataset(folder, LabelFormat.CSV, gather(labelled, images, problems), tuple(problems))


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
    paths = files_below(folder, (".csv",))
    return [path for path in paths if image_column(plain_names(_first_line(path))) is not None]


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.readline(10_000)


def _table(file: Path) -> _Table:
    text = read_text(file)
    header = text.split("\n", 1)[0]
    names = plain_names(header)
    rows, uneven = [], []
    for line, cells in _number_rows(text, delimiter_of(header), file):
        if len(cells) != len(names):
            uneven.append((line, cells))
        else:
            rows.append(_Row(line, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}))
    try:
        columns = understand(names, [row.cells for row in rows])
        _require_pixels(columns, rows)
    except ColumnsError as error:
        raise LabelsError(f"{str(file)!r}, line 1: {error}.") from error
    return _Table(file, columns, tuple(rows), tuple(uneven))


def _require_known(table: _Table) -> None:
    """Do nothing if the file has no column but the image's own; its images are then unlabelled.

    Raises:
        LabelsError: It has others, which may say what is in the images.
    """
    if unknown := table.columns.unknown:
        raise LabelsError(
            f"{str(table.file)!r}, line 1: none of the columns {', '.join(unknown)} is known to hold texts or places "
            "of plates. Name them: text, left, top, right, bottom (or x, y, w, h), x1, y1 ... x4, y4.",
        )


def _require_pixels(columns: Columns, rows: Sequence[_Row]) -> None:
    """Do nothing if the numbers of boxes and corners can be pixels.

    Raises:
        ColumnsError: All are between 0 and 1, and not all of them whole.
    """
    names = (*columns.box, *columns.corners)
    values = [cell for row in rows for name in names if (cell := row.cells[name])]
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return
    if numbers and all(0 <= value <= 1 for value in numbers) and any(0 < value < 1 for value in numbers):
        raise ColumnsError(
            f"the columns {', '.join(names)} hold shares of the image between 0 and 1, expected are pixels. Multiply "
            "them by the image's width and height",
        )


def _read_table(table: _Table, images: Images, found: dict[str, _OfImage], problems: list[Problem]) -> None:
    columns = table.columns
    for line, cells in table.uneven:
        place = Place(table.file, line)
        message = f"{len(cells)} cells, but the header has {len(columns.names)}."
        problems.append(Problem(ProblemKind.CORRUPT, place, message))
        at = columns.names.index(columns.image)
        if at < len(cells) and (about := images.find(cells[at], beside=table.file)) is not None:
            found.setdefault(about, _OfImage(place)).is_damaged = True
    for row in table.rows:
        place = Place(table.file, row.line)
        written = row.cells[columns.image]
        name = images.find(written, beside=table.file)
        if name is None:
            problems.append(Problem(ProblemKind.MISSING_IMAGE, place, f"there is no image {shown(written)}."))
            continue
        of_image = found.setdefault(name, _OfImage(place))
        of_image.split = row.cells.get(columns.others.get("split", "")) or of_image.split
        try:
            plate = _plate(row.cells, columns)
        except CorruptLabelError as error:
            of_image.is_damaged = True
            problems.append(Problem(ProblemKind.CORRUPT, place, f"{error}."))
            continue
        if plate is not None:
            of_image.plates.append(plate)


def _number_rows(text: str, delimiter: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with the line where it ends."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        next(reader)
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise LabelsError(f"{str(file)!r}, line {reader.line_num}: {error}. Correct it and try again.") from error


def _plate(cells: Mapping[str, str], columns: Columns) -> PlateLabel | None:
    """The plate of one row; None for a row that says only that the image is there."""
    box = [cells[name] for name in columns.box]
    corners = [cells[name] for name in columns.corners]
    region, kind = (cells.get(columns.others.get(meaning, "")) or None for meaning in ("region", "class"))
    plate = PlateLabel(text=(cells[columns.text] if columns.text else "") or None, region=region)
    if any(box):
        plate = replace(plate, box_xyxy=columns.box_xyxy(box_of(box)))
    if any(corners):
        plate = replace(plate, corners=corners_of(corners))
    return None if plate == PlateLabel() else replace(plate, class_name=kind)


def _row(image: ImageLabels, plate: PlateLabel) -> list[str]:
    box = [""] * 4 if plate.box_xyxy is None else [repr(side) for side in plate.box_xyxy]
    corners = [""] * 8 if plate.corners is None else [repr(value) for corner in plate.corners for value in corner]
    return [image.name, plate.text or "", plate.region or "", *box, *corners, image.split or ""]
