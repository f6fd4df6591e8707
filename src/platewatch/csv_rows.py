"""Rows as CSV for spreadsheets, in which no text can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | datetime | None

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it some spreadsheets take UTF-8 for something else."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BATCH = 100


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The table in pieces: a header line, then a line for each row, ended by CR LF (RFC 4180).

    Texts that a spreadsheet would compute get an apostrophe in front. Times are ISO 8601, None is empty.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow(header)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_format_cell(cell) for cell in row])
        if number % _BATCH == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def guarded(text: str) -> str:
    """The text as a spreadsheet shows it rather than computes it."""
    # A text with apostrophes of its own before a formula gets one more, so that none is taken for another.
    return f"'{text}" if text.lstrip(" '").startswith(_BEGINS_A_FORMULA) else text


def unguarded(text: str) -> str:
    """The text before `guarded`, for reading back what was exported."""
    return text[1:] if text.startswith("'") and guarded(text[1:]) == text else text


def _format_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return guarded(cell) if isinstance(cell, str) else str(cell)


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
