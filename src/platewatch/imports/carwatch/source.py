"""CarWatch's database, opened read-only and read in one snapshot: `users`, `history` and `images` of its document."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Column, Connection, Engine, MetaData, Table, create_engine, event, func, inspect, select
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from platewatch.db.engine import normalized_url, redacted
from platewatch.errors import InputError

PAGE: Final = 500
_TIMEOUT_S: Final = 60
_CONNECT_TIMEOUT_S: Final = 10
_DATE_AND_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", re.ASCII)
_METADATA = MetaData()


class SourceTable(StrEnum):
    """The document's tables, in the order in which they are taken over."""

    USERS = "users"
    HISTORY = "history"
    IMAGES = "images"


_TABLES: Final = {
    SourceTable.USERS: ("user_id", "username", "password", "created_at"),
    SourceTable.HISTORY: ("id", "plate", "subject", "description", "date", "user_id"),
    SourceTable.IMAGES: ("image_id", "filename", "image_data", "file_size", "file_type", "upload_date"),
}
"""The columns of each: first its key; the one that holds its date is named in `_DATES`."""
_DATES: Final = {SourceTable.USERS: "created_at", SourceTable.HISTORY: "date", SourceTable.IMAGES: "upload_date"}
_OUR_COLUMN: Final = "username_key"


@dataclass(frozen=True, slots=True)
class SourceDate:
    """A date as the database gives it: `text` for comparisons, `at` in UTC, None if it is no date."""

    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceUser:
    id: int
    username: str
    password_hash: str
    created: SourceDate


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A row of the history."""

    id: int
    plate: str
    subject: str
    description: str
    date: SourceDate
    user_id: int | None


@dataclass(frozen=True, slots=True)
class SourceImage:
    """An image without its bytes, of which there are `byte_size`."""

    id: int
    filename: str
    byte_size: int
    uploaded: SourceDate


class CarwatchSource:
    """The rows of one snapshot; nothing is ever written."""

    def __init__(self, connection: Connection, name: str, zone: tzinfo | None) -> None:
        """`name` is for messages, `zone` that of dates whose column has none."""
        self._connection = connection
        self._name = name
        self._zone = zone
        self._tables = {table: _table(table) for table in SourceTable}
        with _failures(name):
            self._require_tables()
            self.zoneless = tuple(table for table in SourceTable if not self._has_zone(table))

    @property
    def knows_zone(self) -> bool:
        """Whether the zone of dates without a zone is set."""
        return self._zone is not None

    def zone_of(self, name: SourceTable) -> str:
        """The zone in which the table's dates are understood, for the report."""
        return str(self._zone or "unknown") if name in self.zoneless else "UTC, by the column's type"

    def count(self, name: SourceTable) -> int:
        with _failures(self._name):
            return self._connection.scalar(select(func.count()).select_from(self._tables[name])) or 0

    def users(self) -> Iterator[SourceUser]:
        """All users, by their ids."""
        for row in self._rows(SourceTable.USERS):
            yield SourceUser(row["user_id"], _text(row["username"]), _text(row["password"]), row["created_at"])

    def records(self) -> Iterator[SourceRecord]:
        """The whole history, by the ids."""
        for row in self._rows(SourceTable.HISTORY):
            yield SourceRecord(
                row["id"],
                _text(row["plate"]),
                _text(row["subject"]),
                _text(row["description"]),
                row["date"],
                None if row["user_id"] is None else int(row["user_id"]),
            )

    def images(self) -> Iterator[SourceImage]:
        """All images without their bytes, by the ids."""
        for row in self._rows(SourceTable.IMAGES):
            yield SourceImage(row["image_id"], _text(row["filename"]), int(row["byte_size"] or 0), row["upload_date"])

    def image_data(self, image_id: int) -> bytes:
        """The bytes of one image."""
        table = self._tables[SourceTable.IMAGES]
        with _failures(self._name):
            return _bytes(self._connection.scalar(select(table.c.image_data).where(table.c.image_id == image_id)))

    def _rows(self, name: SourceTable) -> Iterator[dict[str, Any]]:
        table, (key, *_) = self._tables[name], _TABLES[name]
        columns: list[Any] = [column for column in table.columns if column.name not in {"image_data", "file_size"}]
        if name is SourceTable.IMAGES:
            columns.append(self._byte_size(table.c.image_data).label("byte_size"))
        last: int | None = None
        while True:
            query = select(*columns).order_by(table.c[key]).limit(PAGE)
            with _failures(self._name):
                found = self._connection.execute(query if last is None else query.where(table.c[key] > last)).mappings()
                rows = [self._row(name, dict(row)) for row in found]
            yield from rows
            if len(rows) < PAGE:
                return
            last = rows[-1][key]

    def _row(self, name: SourceTable, row: dict[str, Any]) -> dict[str, Any]:
        key, date = _TABLES[name][0], _DATES[name]
        if not isinstance(row[key], int):
            raise InputError(f"The column {key!r} of {name!r} holds {row[key]!r}, which is no whole number.")
        return row | {date: self._date(row[date])}

    def _date(self, value: object) -> SourceDate:
        text = value.isoformat() if isinstance(value, datetime) else _text(value)
        try:
            date = value if isinstance(value, datetime) else _parse_time(text)
            aware = date if date.tzinfo else date.replace(tzinfo=self._zone or UTC)
            return SourceDate(text, aware.astimezone(UTC))
        except (ValueError, OverflowError):
            return SourceDate(text, None)

    def _byte_size(self, column: Column[Any]) -> Any:
        # SQLite knows octet_length since 3.43 only; of a BLOB its length is the same.
        return func.length(column) if self._connection.dialect.name == "sqlite" else func.octet_length(column)

    def _require_tables(self) -> None:
        inspector = inspect(self._connection)
        names = set(inspector.get_table_names())
        lacking = []
        for name, columns in _TABLES.items():
            found = {column["name"] for column in inspector.get_columns(name)} if name in names else set()
            if name is SourceTable.USERS and _OUR_COLUMN in found:
                raise InputError("The source is a database of platewatch. Name CarWatch's own with --from.")
            lacking += [f"{name}.{column}" for column in columns if column not in found]
        if lacking:
            raise InputError(
                f"The source is not laid out as CarWatch's document says: it lacks {', '.join(lacking)}. "
                "Check the database's name in --from."
            )

    def _has_zone(self, name: SourceTable) -> bool:
        kinds = {column["name"]: column["type"] for column in inspect(self._connection).get_columns(name)}
        kind = kinds[_DATES[name]]
        # MySQL keeps a TIMESTAMP in UTC, and gives it in the zone of the session, which is UTC here.
        return isinstance(kind, mysql.TIMESTAMP) or (
            self._connection.dialect.name == "postgresql" and bool(getattr(kind, "timezone", False))
        )


@contextmanager
def opened(address: str, zone: tzinfo | None) -> Iterator[CarwatchSource]:
    """The source at this URL. What is added to it while it is open is not seen.

    Raises:
        SettingsError: The URL can't be used.
        InputError: The database can't be reached or read, or is not CarWatch's.
    """
    url = normalized_url(address)
    engine = _engine(url)
    try:
        with _failures(redacted(url)):
            connection = engine.connect()
        with connection:
            yield CarwatchSource(connection, redacted(url), zone)
    finally:
        engine.dispose()


@contextmanager
def _failures(name: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise InputError(
            f"The source {name!r} can't be read: {reason}. Check that it runs, and the address, user, password and "
            "name in --from."
        ) from error


def _engine(url: URL) -> Engine:
    """Connections that can't write, in transactions that see one state of the database."""
    match url.get_backend_name():
        case "sqlite":
            file = Path(url.database or "").resolve()
            engine = create_engine(url, creator=lambda: _open_file(file))
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
            return engine
        case "mysql":
            timeouts = {"connect_timeout": _CONNECT_TIMEOUT_S, "read_timeout": _TIMEOUT_S}
            engine = create_engine(url, connect_args=timeouts, isolation_level="REPEATABLE READ")
            event.listen(
                engine,
                "connect",
                _session_settings("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'"),
            )
            return engine
        case _:
            engine = create_engine(
                url, connect_args={"connect_timeout": _CONNECT_TIMEOUT_S}, isolation_level="REPEATABLE READ"
            )
            event.listen(
                engine,
                "connect",
                _session_settings(
                    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
                    "SET TIME ZONE 'UTC'",
                    f"SET statement_timeout = '{_TIMEOUT_S}s'",
                ),
            )
            return engine


def _open_file(file: Path) -> sqlite3.Connection:
    # Read-only, so that no new file is made where the name is wrong.
    connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, isolation_level=None)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


def _session_settings(*statements: str) -> Any:
    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.commit()

    return prepare


def _table(name: SourceTable) -> Table:
    # Without types, so that every driver's own value arrives.
    return Table(name.value, _METADATA, *(Column(column) for column in _TABLES[name]), extend_existing=True)


def _parse_time(text: str) -> datetime:
    if _DATE_AND_TIME.match(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _text(value: object) -> str:
    if value is None:
        return ""
    return _bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)


def _bytes(value: object) -> bytes:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
