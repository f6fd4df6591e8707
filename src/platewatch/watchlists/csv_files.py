"""Lists as CSV: what is exported can be imported again."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Final, TypeAlias

from pydantic import ValidationError

from platewatch.csv_rows import Cell, unguarded
from platewatch.errors import RowProblem
from platewatch.watchlists.csv_columns import KEY, PLATE, Heading, columns_of
from platewatch.watchlists.csv_dates import DateFormat, local_moment
from platewatch.watchlists.csv_encoding import Decoder, Encoding, find_decoder, text_lines
from platewatch.watchlists.matching import Entry
from platewatch.watchlists.number_text import is_filler
from platewatch.watchlists.places import Places
from platewatch.watchlists.schedule import write_schedule
from platewatch.watchlists.schemas import MAX_PLATE, EntryWrite

SEPARATOR: Final = ";"
"""Between the locations and between the tags of a cell."""
DELETED: Final = "(deleted)"
"""Stands for the locations of an entry that has none left: it must not come back as one for everywhere."""
_ERROR_PREFIX: Final = "Value error, "
_SNIFFED: Final = ",;\t"
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([,;|\t])"?', re.IGNORECASE)
"""Excel's separator line before the first line."""
_TIMES: Final = ("valid_from", "valid_to")
_GUESSED_LETTER: Final = re.compile(
    r"[^\x00-\x7fÄÖÜÅŠŽäöüåšž\N{NO-BREAK SPACE}\N{EN DASH}\N{EM DASH}\N{MIDDLE DOT}\N{BULLET}]"
)
"""Letters that other encodings have in place of another; the excluded ones are the same in all encodings on plates."""


@dataclass(frozen=True, slots=True)
class CsvForm:
    """The sender's options for the file."""

    heading: Heading = Heading.AUTO
    encoding: Encoding = Encoding.AUTO
    date_format: DateFormat | None = None


AS_IT_COMES: Final = CsvForm()


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


def read_lines(file: BinaryIO, places: Places, form: CsvForm = AS_IT_COMES) -> Iterator[Parsed]:
    """Each entry of the file, or what is wrong with its row.

    The first line names the columns, of which only the plates' is needed; `key`, which the export writes beside it,
    has to fit where it is given. A file with one column and no such line is a list of plates. Commas, semicolons and
    tabs are taken as delimiters, others if a line `sep=...` names them.

    Raises:
        FieldError: the file as a whole can't be read.
    """
    decoder = find_decoder(file, form.encoding)
    yield from _Rows(places, form, decoder).read(text_lines(file, decoder.codec))


class _Rows:
    """The rows of one file."""

    def __init__(self, places: Places, form: CsvForm, decoder: Decoder) -> None:
        self._places = places
        self._form = form
        self._decoder = decoder

    def read(self, lines: Iterator[str]) -> Iterator[Parsed]:
        first = next(lines, "")
        named = _SEPARATOR_LINE.fullmatch(first.strip())
        if named:
            first = next(lines, "")
        delimiter = named[1] if named else max(_SNIFFED, key=first.count)
        skipped = 1 if named else 0
        reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
        columns: tuple[str | None, ...] | None = None
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                # What follows can't be separated from this row any more.
                yield RowProblem(reader.line_num + skipped, "row", str(error))
                return
            if cells is None:
                return
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = columns_of(cells, self._form.heading)
                if columns:
                    continue
                columns = (PLATE,)
            yield self._line(reader.line_num + skipped, columns, cells)

    def _line(self, line: int, columns: tuple[str | None, ...], cells: list[str]) -> Parsed:
        given, problem = _cells_by_column(line, columns, cells)
        if problem is not None:
            return problem
        fields: dict[str, object] = {name: text for name, text in given.items() if text and name != KEY}
        try:
            _refuse_filler(given.get(PLATE, ""))
            self._require_sure_letters(given.get(PLATE, ""))
            if "tags" in fields:
                fields["tags"] = _split(given["tags"])
            if "locations" in fields:
                del fields["locations"]
                fields["location_ids"] = self._location_ids(given["locations"])
            fields |= self._moments(given, fields.get("location_ids"))
            body = EntryWrite.model_validate(fields)
            _require_key(given.get(KEY, ""), body)
            return EntryLine(line, body)
        except _CellError as error:
            return RowProblem(line, error.column, str(error))
        except ValidationError as error:
            return _problem_of(line, error, self._form)

    def _require_sure_letters(self, plate: str) -> None:
        """Do nothing if the encoding is certain.

        Raises:
            _CellError: another alphabet has other letters in their place, and the alphabet was only guessed.
        """
        if self._decoder.is_guess and (letters := _GUESSED_LETTER.search(plate)):
            raise _CellError(
                PLATE,
                f"the letter {letters[0]!r} may be another one, because the file is not in UTF-8. Save it as `CSV "
                "UTF-8`, or name its encoding in the address: `encoding=windows-1252`",
            )

    def _location_ids(self, cell: str) -> list[int]:
        known = self._places.ids
        names = [cell] if cell in known else _split(cell)
        if unknown := [name for name in names if name not in known]:
            raise _CellError("locations", f"there is no location {unknown[0]!r}")
        return [known[name] for name in names]

    def _moments(self, given: Mapping[str, str], location_ids: object) -> dict[str, object]:
        """The times that are written as local days."""
        moments: dict[str, object] = {}
        for column in _TIMES:
            text, form = given.get(column, ""), self._form.date_format
            if not text or form is None:
                continue
            try:
                zone = self._places.zone_of_all(location_ids if isinstance(location_ids, list) else [])
                moment = local_moment(text, form, zone, is_end=column == "valid_to")
            except (ValueError, OverflowError) as error:
                raise _CellError(column, f"{text[:40]!r} can't be used: {error}") from error
            if moment is not None:
                moments[column] = moment
        return moments


def _refuse_filler(plate: str) -> None:
    if is_filler(plate):
        raise _CellError(
            PLATE,
            f"{plate!r} is what programs write in an empty cell. If it is a plate, add that entry by itself, not by a "
            "file",
        )


def _require_key(key: str, body: EntryWrite) -> None:
    if key and key.upper() != body.key:
        raise _CellError(
            KEY,
            f"{key[:MAX_PLATE]!r} is not the key of {body.plate!r}, which is {body.key}. Correct one of them, or leave "
            "the column `key` out",
        )


class _CellError(Exception):
    """A cell that can't be used."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def _cells_by_column(
    line: int, columns: tuple[str | None, ...], cells: list[str]
) -> tuple[dict[str, str], RowProblem | None]:
    """The texts by column, or what is wrong with their number."""
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        return {}, RowProblem(line, "row", f"it has {len(cells)} cells, the first line has {len(columns)}")
    pairs = list(zip(columns, (unguarded(cell).strip() for cell in cells), strict=False))
    if stray := next((text for name, text in pairs if name is None and text), None):
        return {}, RowProblem(line, "row", f"{stray[:40]!r} stands in a column without a heading")
    return {name: text for name, text in pairs if name is not None}, None


def _problem_of(line: int, error: ValidationError, form: CsvForm) -> RowProblem:
    problem = error.errors(include_url=False, include_input=False)[0]
    field = str(problem["loc"][0]) if problem["loc"] else "row"
    message = problem["msg"].removeprefix(_ERROR_PREFIX).rstrip(".")
    if field in _TIMES:
        if form.date_format:
            message += f"; it is not of the form {form.date_format} either"
        else:
            message += "; for local days name their form in the address, such as `date_format=DD.MM.YYYY`"
    return RowProblem(line, field, message)


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(SEPARATOR) if part.strip()]


def _location_names(entry: Entry, names: Mapping[int, str]) -> str | None:
    if entry.everywhere:
        return None
    return SEPARATOR.join(names[location_id] for location_id in sorted(entry.location_ids)) or DELETED
