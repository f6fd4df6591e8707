"""The base of every feature's repository: rows by id, and pages by cursor."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Generic, Self, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from platewatch.db.base import MAX_ID, Base, NamedRow
from platewatch.errors import ConflictError, CursorError, NotFoundError

RowT = TypeVar("RowT", bound=Base)
NamedRowT = TypeVar("NamedRowT", bound=NamedRow)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MYSQL_DUPLICATE = 1062
_POSTGRESQL_DUPLICATE = "23505"
_SQLITE_DUPLICATES = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})


class Repository(Generic[RowT]):
    """Rows of one table in one session. It never commits."""

    row: ClassVar[type[Base]]
    kind: ClassVar[str]
    """The name of such a row in messages."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, identity: int) -> RowT | None:
        """The row with this id, or None."""
        # Beyond 64 bits the drivers raise errors of their own.
        if not 0 < identity <= MAX_ID:
            return None
        return self.session.get(self._row_type(), identity)

    def get_or_raise(self, identity: int) -> RowT:
        """The row with this id.

        Raises:
            NotFoundError: There is none.
        """
        row = self.get(identity)
        if row is None:
            raise NotFoundError(self.kind, identity)
        return row

    def add(self, row: RowT) -> RowT:
        """The same row, with its id.

        Raises:
            ConflictError: A row with the same unique value exists. The transaction can only be rolled back then.
        """
        self.session.add(row)
        try:
            self.session.flush()
        except IntegrityError as error:
            if is_duplicate(error):
                raise ConflictError(f"There is already such a {self.kind}.") from error
            raise
        return row

    def delete(self, row: RowT) -> None:
        """Takes the row away at once, so that a constraint speaks here and not at the commit."""
        self.session.delete(row)
        self.session.flush()

    @classmethod
    def _row_type(cls) -> type[RowT]:
        return cls.row  # type: ignore[return-value]  # a ClassVar can't name the type variable


class NamedRepository(Repository[NamedRowT]):
    """Rows of a table in which each name stands once."""

    def get_by_name(self, name: str) -> NamedRowT | None:
        row_type = self._row_type()
        return self.session.scalar(select(row_type).where(row_type.name == name))

    def get_or_create(self, row: NamedRowT) -> NamedRowT:
        """The row of that name: the one that is there, else the given one, added."""
        if found := self.get_by_name(row.name):
            return found
        try:
            with self.session.begin_nested():
                self.session.add(row)
        except IntegrityError as error:
            # Another transaction was faster.
            if is_duplicate(error) and (found := self.get_by_name(row.name)):
                return found
            raise
        return row

    def page_by_name(self, query: Select[NamedRowT], limit: int, cursor: str | None) -> Page[NamedRowT]:
        """Up to `limit` rows of the query behind the cursor, by name; the query has no order and no limit of its own.

        Raises:
            CursorError: The cursor is not one of ours.
        """
        row_type = self._row_type()
        if cursor is not None:
            query = query.where(row_type.name > _decoded_name(cursor))
        rows = list(self.session.scalars(query.order_by(row_type.name).limit(limit + 1)))
        if len(rows) <= limit:
            return Page(rows, None)
        return Page(rows[:limit], _encoded_name(rows[limit - 1].name))


def _encoded_name(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _decoded_name(cursor: str) -> str:
    try:
        name = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise CursorError(cursor) from error
    # PostgreSQL has no NUL in texts.
    if _encoded_name(name) != cursor or "\0" in name:
        raise CursorError(cursor)
    return name


def is_duplicate(error: IntegrityError) -> bool:
    """True if a unique value was there already, on any of the three databases."""
    cause: Any = error.orig
    if getattr(cause, "sqlstate", None) == _POSTGRESQL_DUPLICATE:
        return True
    if getattr(cause, "sqlite_errorname", None) in _SQLITE_DUPLICATES:
        return True
    return bool(cause is not None and cause.args and cause.args[0] == _MYSQL_DUPLICATE)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of a page: the time and id of its last row."""

    captured_at: datetime
    id: int

    def encode(self) -> str:
        """URL-safe text that only `decode` needs to understand."""
        fields = [(self.captured_at - _EPOCH) // _MICROSECOND, self.id]
        return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """The cursor that `encode` made this text of.

        Raises:
            CursorError: The text is not one of ours.
        """
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            microseconds, identity = json.loads(raw)
            if type(microseconds) is not int or type(identity) is not int or not 0 < identity <= MAX_ID:
                raise CursorError(text)
            cursor = cls(_EPOCH + microseconds * _MICROSECOND, identity)
        except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise CursorError(text) from error
        if cursor.encode() != text:
            raise CursorError(text)
        return cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """One page of rows, in the order of the list. `next_cursor` is None on the last page."""

    items: list[RowT]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class NewestFirst:
    """An order by time, then id: the two columns, which one index must hold in this order."""

    captured_at: InstrumentedAttribute[datetime]
    id: InstrumentedAttribute[int]

    def after(self, cursor: Cursor) -> ColumnElement[bool]:
        """True for rows behind the cursor, written so that every database walks the index."""
        return and_(
            self.captured_at <= cursor.captured_at,
            or_(self.captured_at < cursor.captured_at, self.id < cursor.id),
        )

    def page(self, session: Session, query: Select[RowT], limit: int, cursor: str | None) -> Page[RowT]:
        """Up to `limit` rows of the query behind the cursor; the query has no order and no limit of its own.

        Raises:
            CursorError: The cursor is not one of ours.
        """
        if cursor is not None:
            query = query.where(self.after(Cursor.decode(cursor)))
        query = query.order_by(self.captured_at.desc(), self.id.desc()).limit(limit + 1)
        rows = list(session.scalars(query).unique())
        if len(rows) <= limit:
            return Page(rows, None)
        last = rows[limit - 1]
        ended = Cursor(getattr(last, self.captured_at.key), getattr(last, self.id.key))
        return Page(rows[:limit], ended.encode())
