"""Orders of sightings, each one index, and the cursor that says where a page of it ended."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Row, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from platewatch.db.base import MAX_ID, UtcDateTime
from platewatch.db.tables import SightingRow
from platewatch.errors import CursorError

Value: TypeAlias = datetime | str | float | int
Columns: TypeAlias = tuple[InstrumentedAttribute[Any], ...]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Sort(StrEnum):
    """By what sightings are sorted; a minus turns it round."""

    NEWEST = "-captured_at"
    OLDEST = "captured_at"
    LAST_RECORDED = "-recorded_at"
    FIRST_RECORDED = "recorded_at"
    LEAST_CONFIDENT = "confidence"
    MOST_CONFIDENT = "-confidence"
    PLATE = "plate"
    PLATE_BACKWARD = "-plate"


_COLUMNS: Final[dict[str, Columns]] = {
    "captured_at": (SightingRow.captured_at, SightingRow.id),
    # Ids are given in the order of recording, and have their index already.
    "recorded_at": (SightingRow.id,),
    "confidence": (SightingRow.confidence, SightingRow.id),
    "plate": (SightingRow.plate, SightingRow.captured_at, SightingRow.id),
}


@dataclass(frozen=True, slots=True)
class Order:
    """The columns of a sort, the last of which is the id, all in one direction."""

    sort: Sort

    @property
    def columns(self) -> Columns:
        return _COLUMNS[self.sort.removeprefix("-")]

    @property
    def is_by_time(self) -> bool:
        return self.sort in (Sort.NEWEST, Sort.OLDEST)

    def clauses(self, columns: Iterable[ColumnElement[Any] | InstrumentedAttribute[Any]]) -> list[ColumnElement[Any]]:
        """The order by these, which are `columns` or stand for them."""
        return [column.desc() if self._is_descending else column.asc() for column in columns]

    def after(self, cursor: str, columns: Columns | None = None) -> ColumnElement[bool]:
        """True for rows behind the cursor, written so that every database walks the index.

        Args:
            cursor: Where the page before ended.
            columns: Those of another table that stand for the order's own.

        Raises:
            CursorError: the cursor is not one of ours, or of another order.
        """
        return self._behind(columns or self.columns, self._decode(cursor))

    def cursor_of(self, row: Row[Any]) -> str:
        """URL-safe text for the place of this row, whose values are those of `columns`."""
        return self._encode([_plain(value) for value in row])

    @property
    def _is_descending(self) -> bool:
        return self.sort.startswith("-")

    def _behind(self, columns: Columns, values: Sequence[Value]) -> ColumnElement[bool]:
        column, value = columns[0], values[0]
        further = column < value if self._is_descending else column > value
        if len(columns) == 1:
            return further
        here_or_further = column <= value if self._is_descending else column >= value
        return and_(here_or_further, or_(further, self._behind(columns[1:], values[1:])))

    def _encode(self, plain: list[str | float | int]) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.sort, *plain]).encode()).decode().rstrip("=")

    def _decode(self, cursor: str) -> list[Value]:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            sort, *plain = json.loads(raw)
            values = [_value(item, column) for item, column in zip(plain, self.columns, strict=True)]
            if sort != self.sort or self._encode(plain) != cursor:
                raise CursorError(cursor)
        except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise CursorError(cursor) from error
        return values


def _plain(value: Value) -> str | float | int:
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value


def _value(plain: object, column: InstrumentedAttribute[Any]) -> Value:
    """The value as the column has it.

    Raises:
        TypeError, OverflowError: it can't be one of this column.
    """
    kind = datetime if isinstance(column.type, UtcDateTime) else column.type.python_type
    if kind is datetime and type(plain) is int:
        return _EPOCH + plain * _MICROSECOND
    if kind is str and isinstance(plain, str) and "\0" not in plain:
        return plain
    if kind is float and isinstance(plain, float) and math.isfinite(plain):
        return plain
    if kind is int and type(plain) is int and 0 < plain <= MAX_ID:
        return plain
    raise TypeError(f"{plain!r} is no {kind.__name__}")
