"""Lists as CSV: what is exported can be imported again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Final, TypeAlias

from pydantic import ValidationError

from platewatch.csv_rows import Cell, unguarded
from platewatch.errors import FieldError, RowProblem
from platewatch.watchlists.matching import Entry
from platewatch.watchlists.schedule import write_schedule
from platewatch.watchlists.schemas import MAX_PLATE, EntryWrite

COLUMNS: Final = (
    "plate",
    "key",
    "region",
    "tolerance",
    "valid_from",
    "valid_to",
    "schedule",
    "locations",
    "owner",
    "vehicle",
    "note",
    "tags",
)
SEPARATOR: Final = ";"
"""Between the locations and between the tags of a cell."""
DELETED: Final = "(deleted)"
"""Stands for the locations of an entry that has none left: it must not come back as one for everywhere."""
_ERROR_PREFIX: Final = "Value error, "
_SNIFFED: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry, and the line of the file that it ends in."""

    line: int
    body: EntryWrite


Parsed: TypeAlias = EntryLine | RowProblem


def export_rows(entries: Iterable[Entry], names: Mapping[int, str]) -> Iterator[tuple[Cell, ...]]:
    """A row of `COLUMNS` for each entry; `names` are those of the locations."""
    for entry in entries:
        yield (
            entry.written or entry.plate,
            entry.plate,
            entry.region,
            entry.tolerance,
            entry.valid_from,
            entry.valid_to,
            write_schedule(entry.schedule) if entry.schedule else None,
            _location_names(entry, names),
            entry.owner,
            entry.vehicle,
            entry.note,
            SEPARATOR.join(entry.tags) or None,
        )


def read_lines(file: BinaryIO, location_ids: Mapping[str, int]) -> Iterator[Parsed]:
    """Each entry of the file, or what is wrong with its row.

    The first line names the columns, of which only `plate` is needed; `key`, which the export writes beside it, has to
    fit where it is given. A file with one column and no such line is a
    list of plates. Commas, semicolons and tabs are taken as delimiters.

    Raises:
        FieldError: the file as a whole can't be read.
    """
    try:
        yield from _parsed(_text_lines(file), location_ids)
    except UnicodeDecodeError as error:
        raise FieldError("file", "The file is not in UTF-8. Save it as `CSV UTF-8` and send it again.") from error


def _text_lines(file: BinaryIO) -> Iterator[str]:
    # A text wrapper would close the file, which is not ours, when it is collected.
    for number, line in enumerate(file):
        yield line.decode("utf-8-sig" if number == 0 else "utf-8")


def _parsed(lines: Iterator[str], location_ids: Mapping[str, int]) -> Iterator[Parsed]:
    first = next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=max(_SNIFFED, key=first.count), strict=True)
    columns: tuple[str, ...] | None = None
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            # What follows can't be told apart from this row any more.
            yield RowProblem(reader.line_num, "row", str(error))
            return
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _header(cells)
            if columns:
                continue
            columns = ("plate",)
        yield _line(reader.line_num, columns, cells, location_ids)


def _header(cells: list[str]) -> tuple[str, ...]:
    """The columns that the first line names, none if it is a plate.

    Raises:
        FieldError: it names others, or some twice, or not `plate`.
    """
    names = tuple(cell.strip().lower() for cell in cells)
    if len(names) == 1 and names[0] != "plate":
        return ()
    unknown = sorted(set(names) - set(COLUMNS))
    if unknown or "plate" not in names or len(set(names)) != len(names):
        problem = f"The column {unknown[0]!r} is not known" if unknown else "Name the column `plate`, and each once"
        raise FieldError("file", f"{problem}. The first line names the columns: {', '.join(COLUMNS)}.")
    return names


def _line(line: int, columns: tuple[str, ...], cells: list[str], location_ids: Mapping[str, int]) -> Parsed:
    if len(cells) != len(columns):
        return RowProblem(line, "row", f"it has {len(cells)} cells, the first line has {len(columns)}")
    given = {name: unguarded(cell).strip() for name, cell in zip(columns, cells, strict=True)}
    fields: dict[str, object] = {name: text for name, text in given.items() if text and name != "key"}
    if "tags" in fields:
        fields["tags"] = _split(given["tags"])
    if "locations" in fields:
        del fields["locations"]
        names = [given["locations"]] if given["locations"] in location_ids else _split(given["locations"])
        if unknown := [name for name in names if name not in location_ids]:
            return RowProblem(line, "locations", f"there is no location {unknown[0]!r}")
        fields["location_ids"] = [location_ids[name] for name in names]
    try:
        body = EntryWrite.model_validate(fields)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = str(problem["loc"][0]) if problem["loc"] else "row"
        return RowProblem(line, field, problem["msg"].removeprefix(_ERROR_PREFIX).rstrip("."))
    if given.get("key") and given["key"].upper() != body.key:
        stale = f"{given['key'][:MAX_PLATE]!r} is not the key of {body.plate!r}, which is {body.key}"
        return RowProblem(line, "key", f"{stale}. Correct one of them, or leave the column `key` out")
    return EntryLine(line, body)


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(SEPARATOR) if part.strip()]


def _location_names(entry: Entry, names: Mapping[int, str]) -> str | None:
    if entry.everywhere:
        return None
    return SEPARATOR.join(names[location_id] for location_id in sorted(entry.location_ids)) or DELETED
