"""Images as rows of the database (BLOB), for installations without a shared folder."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from platewatch.clock import Clock
from platewatch.errors import StorageError
from platewatch.media.holders import Holders
from platewatch.media.store import PORTION, IsReferenced, Mark, intact, is_key, key_of, missing

METADATA = MetaData()
_MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_INSTANT = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")

BLOBS = Table(
    "media_blobs",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("data", LargeBinary().with_variant(mysql.LONGBLOB(), "mysql"), nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    **_MYSQL_TABLE,
)
MARKS = Table(
    "media_marks",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("holder", String(80), primary_key=True),
    Column("marked_at", _INSTANT, nullable=False),
    **_MYSQL_TABLE,
)

ATTEMPTS = 5
_PROBE_BYTES = 1024
_MYSQL_DEADLOCKS = frozenset({1205, 1213})
_POSTGRESQL_DEADLOCKS = frozenset({"40001", "40P01"})
_Result = TypeVar("_Result")


class DatabaseMediaStore:
    """A media store in two tables, which the migrations make.

    Several machines may share it. `holders` is a folder of this installation, in which its processes show that they
    live. `reading_engine` is the same database through connections that only read.
    """

    def __init__(self, engine: Engine, reading_engine: Engine, holders: Path, clock: Clock) -> None:
        self._engine = engine
        self._reading_engine = reading_engine
        self._holders_folder = holders
        self._holders = Holders(holders, clock)
        self._clock = clock

    def new_holder(self) -> str:
        with self._failures():
            return self._holders.new()

    def put(self, data: bytes, holder: str) -> str:
        key = key_of(data)
        self._write(lambda connection: self._insert(connection, key, data, holder))
        return key

    def mark(self, keys: Collection[str], holder: str) -> None:
        def work(connection: Connection) -> None:
            kept = select(BLOBS.c.key).where(BLOBS.c.key.in_(sorted(keys))).order_by(BLOBS.c.key).with_for_update()
            for key in list(connection.scalars(kept)):
                self._insert_mark(connection, key, holder)

        if keys:
            self._write(work)

    def get(self, key: str) -> bytes:
        with self._failures(), self._reading_engine.connect() as connection:
            data = connection.scalar(select(BLOBS.c.data).where(BLOBS.c.key == key))
        if data is None:
            raise missing(key)
        return intact(key, bytes(data))

    def exists(self, key: str) -> bool:
        if not is_key(key):
            return False
        with self._failures(), self._reading_engine.connect() as connection:
            return connection.scalar(select(BLOBS.c.key).where(BLOBS.c.key == key)) is not None

    def delete(self, key: str) -> None:
        self._write(lambda connection: connection.execute(delete(BLOBS).where(BLOBS.c.key == key)))

    def confirm(self, keys: Collection[str], holder: str) -> None:
        self._write(lambda connection: _delete_marks(connection, keys, holder))

    def discard(self, keys: Collection[str], holder: str, is_referenced: IsReferenced) -> None:
        def work(connection: Connection) -> None:
            wanted = sorted(keys)
            # Who puts one of these images waits for its row, and finds it gone or still there. A row that is not
            # locked here is gone already; one that comes in its place meanwhile is somebody else's.
            rows = select(BLOBS.c.key).where(BLOBS.c.key.in_(wanted)).order_by(BLOBS.c.key).with_for_update()
            locked = set(connection.scalars(rows))
            others = select(MARKS.c.key).where(MARKS.c.key.in_(wanted), MARKS.c.holder != holder)
            # Marks are looked at before rows: who takes a mark away has committed its row by then.
            free = sorted(locked - set(connection.scalars(others)))
            unneeded = set(free) - is_referenced(free)
            connection.execute(delete(BLOBS).where(BLOBS.c.key.in_(sorted(unneeded))))
            _delete_marks(connection, keys, holder)

        if keys:
            self._write(work)

    def keys_before(self, instant: datetime) -> Iterator[list[str]]:
        is_old = BLOBS.c.created_at < self._as_stored(instant)
        after = ""
        while True:
            with self._failures(), self._reading_engine.connect() as connection:
                query = select(BLOBS.c.key).where(BLOBS.c.key > after, is_old).order_by(BLOBS.c.key).limit(PORTION)
                portion = list(connection.scalars(query))
            if not portion:
                return
            yield portion
            after = portion[-1]

    def pending(self) -> list[Mark]:
        with self._failures(), self._reading_engine.connect() as connection:
            rows = connection.execute(select(MARKS.c.key, MARKS.c.holder, MARKS.c.marked_at)).all()
            return [Mark(key, holder, self._holders.is_dead(holder, _aware(at))) for key, holder, at in rows]

    def clean_up(self) -> None:
        with self._failures():
            self._holders.clean_up()

    def try_to_keep(self) -> None:
        # Committed, since only a commit proves it; small, since binary logs keep it for days.
        probe = secrets.token_bytes(_PROBE_BYTES)
        holder = self.new_holder()
        self.discard([self.put(probe, holder)], holder, lambda _keys: set())

    def close(self) -> None:
        with self._failures():
            self._holders.close()

    def _insert(self, connection: Connection, key: str, data: bytes, holder: str) -> None:
        kept = connection.scalar(select(BLOBS.c.key).where(BLOBS.c.key == key).with_for_update())
        if kept is None:
            connection.execute(insert(BLOBS).values(key=key, data=data, created_at=self._as_stored(self._clock.now())))
        self._insert_mark(connection, key, holder)

    def _insert_mark(self, connection: Connection, key: str, holder: str) -> None:
        mark = select(MARKS.c.key).where(MARKS.c.key == key, MARKS.c.holder == holder)
        if connection.scalar(mark) is None:
            connection.execute(
                insert(MARKS).values(key=key, holder=holder, marked_at=self._as_stored(self._clock.now()))
            )

    def _as_stored(self, instant: datetime) -> datetime:
        """The instant as the database takes it."""
        return instant if self._engine.dialect.name == "postgresql" else instant.replace(tzinfo=None)

    def _write(self, work: Callable[[Connection], _Result]) -> _Result:
        """The result of `work`, in a transaction that is tried again after a conflict with another one."""
        with self._failures():
            for _ in range(ATTEMPTS - 1):
                try:
                    with self._engine.begin() as connection:
                        return work(connection)
                except (IntegrityError, OperationalError) as error:
                    if not _may_pass(error):
                        raise
            with self._engine.begin() as connection:
                return work(connection)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StorageError(
                "The database can't keep or give an image. Check that it runs and has room; on MySQL and MariaDB, "
                f"that `max_allowed_packet` is larger than the largest image. It says: {_reason(error)}",
            ) from error
        except OSError as error:
            raise StorageError(f"The folder {str(self._holders_folder)!r} can't be used: {error.strerror}.") from error


def _may_pass(error: IntegrityError | OperationalError) -> bool:
    """True if the same work may succeed now: another transaction put the same image, or locks were crossed."""
    cause: Any = error.orig
    if isinstance(error, IntegrityError) or getattr(cause, "sqlstate", None) in _POSTGRESQL_DEADLOCKS:
        return True
    return bool(cause is not None and cause.args and cause.args[0] in _MYSQL_DEADLOCKS)


def _delete_marks(connection: Connection, keys: Collection[str], holder: str) -> None:
    connection.execute(delete(MARKS).where(MARKS.c.key.in_(sorted(keys)), MARKS.c.holder == holder))


def _aware(stored: datetime) -> datetime:
    return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored


def _reason(error: SQLAlchemyError) -> str:
    # The error's own text would repeat the statement with its bytes.
    return str(getattr(error, "orig", None) or type(error).__name__)[:300]
