"""One database: its connections, its transactions and the state of its schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker

from platewatch.db import foreign, schema
from platewatch.db.advice import URL_NAMES, advice
from platewatch.db.base import Base
from platewatch.errors import SettingsError
from platewatch.installation import own_command
from platewatch.settings import DatabaseNames, Settings

log = structlog.get_logger(__name__)

READING = "platewatch_reading"
"""The execution option of engines and connections that only read."""

SQLITE_BUSY_TIMEOUT_S = 10
CONNECT_TIMEOUT_S = 10
TRANSACT_ATTEMPTS = 8
POOL = {"pool_size": 10, "max_overflow": 30, "pool_timeout": 15, "pool_recycle": 1800, "pool_use_lifo": True}
"""Enough for every thread of the server (40) at once; recycled before servers and firewalls drop idle connections.

The one that was used last is used first: each keeps pages and prepared statements, so the fewer are warm the better.
"""

Result = TypeVar("Result")

_MYSQL_DEADLOCK = 1213
_POSTGRESQL_DEADLOCKS = frozenset({"40001", "40P01"})
_MYSQL_AWAY = frozenset({1040, 1053, 1205, 1317, 2002, 2003, 2006, 2013, 2014})
_POSTGRESQL_AWAY = ("08", "53", "57P", "55P03")
_SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL")
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}


class SchemaState(StrEnum):
    """The state of the database's schema, compared with this version of platewatch."""

    CURRENT = "current"
    BEHIND = "behind"
    AHEAD = "ahead"
    EMPTY = "empty"
    FOREIGN = "foreign"
    """Another program keeps the revision of its own schema there."""


class Database:
    """A database by its URL: `sqlite:///file`, `mysql://...`, `mariadb://...` or `postgresql://...`.

    Nothing is opened until it is used. One object serves all threads.
    """

    when_committed: Callable[[], None] | None = None
    """Called after each transaction that was committed; the outbox is followed so."""

    def __init__(self, url: str, names: DatabaseNames = URL_NAMES) -> None:
        """`names` are the settings that messages about the database name."""
        self.url = normalized_url(url)
        self._setting_names = names
        self.name = redacted(self.url)
        self.engine = _create_engine(self.url)
        self.reading_engine = self.engine.execution_options(**{READING: True})
        self._write_session = sessionmaker(self.engine, expire_on_commit=False)
        self._read_session = sessionmaker(self.reading_engine, expire_on_commit=False, class_=_ReadingSession)

    @classmethod
    def of(cls, settings: Settings) -> Database:
        """The database that the settings say."""
        return cls(settings.effective_database_url, settings.database_names)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that is committed at the end and rolled back on any error.

        On SQLite it holds the one write lock from its first statement on, so keep it short.
        """
        with self._write_session.begin() as session:
            yield session
        if self.when_committed is not None:
            self.when_committed()

    def transact(self, work: Callable[[Session], Result]) -> Result:
        """The result of `work` in a transaction, repeated when its locks crossed those of another transaction.

        MySQL and MariaDB break off transactions that insert neighboring values at once, and count on a second try. The
        work must touch nothing but the session.

        Raises:
            OperationalError: It was aborted `TRANSACT_ATTEMPTS` times.
        """
        for _ in range(TRANSACT_ATTEMPTS - 1):
            try:
                with self.transaction() as session:
                    return work(session)
            except OperationalError as error:
                if not is_deadlock(error):
                    raise
                log.debug("transaction.repeated", error=str(error.orig))
        with self.transaction() as session:
            return work(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that can't write, and that no writer holds up.

        Raises:
            RuntimeError: Something was written in it.
        """
        with self._read_session() as session:
            yield session

    def gather_statistics(self, *tables: type[Base]) -> None:
        """Let PostgreSQL look at what tables hold now, after much was put in.

        It plans by statistics that it gathers a minute later by itself or, with its autovacuum off, never. Until then
        it may read whole tables where an index would do. The other databases need no word. What was put in is in, so a
        refusal is noted in the log and is no error.
        """
        if self.engine.dialect.name != "postgresql":
            return
        try:
            with self.engine.begin() as connection:
                connection.exec_driver_sql("ANALYZE " + ", ".join(table.__tablename__ for table in tables))
        except (DBAPIError, PoolTimeout) as error:
            log.warning("statistics_not_gathered", tables=[table.__tablename__ for table in tables], error=str(error))

    def ping(self) -> None:
        """Returns when the database answers.

        Raises:
            SettingsError: It does not.
        """
        with self._reachable(), self.reading_engine.connect() as connection:
            connection.execute(select(1))

    def schema_state(self) -> SchemaState:
        """The schema's state, compared with the migrations of this version.

        Raises:
            SettingsError: The database can't be reached.
        """
        with self._reachable(), self.reading_engine.connect() as connection:
            return _schema_state(connection)

    def require_current(self) -> None:
        """Returns if the schema is the one that this version works on.

        Raises:
            SettingsError: It is not, or the database can't be reached.
        """
        state = self.schema_state()
        self._refuse_unusable(state)
        if state is not SchemaState.CURRENT:
            raise SettingsError(
                f"The schema of the database {self.name!r} is {state}. Run `{own_command('migrate')}` and start again.",
            )

    def migrate(self) -> None:
        """Brings the schema to this version. Several processes may call it at once; the others wait for the first.

        Raises:
            SettingsError: The schema is of a newer version, the database holds tables of another program, a step of
                the migration failed, or the database can't be reached. A database without platewatch's tables is left
                as it was.
        """
        with self._reachable(), self.engine.connect() as connection, schema.locked(connection):
            state = _schema_state(connection)
            self._refuse_unusable(state)
            if state is SchemaState.EMPTY:
                foreign.require_free_names(connection, self.name)
            if state is not SchemaState.CURRENT:
                self._upgrade(connection, state)
            connection.commit()

    def dispose(self) -> None:
        """Closes all connections that are not in use."""
        self.engine.dispose()

    def _upgrade(self, connection: Connection, state: SchemaState) -> None:
        before = foreign.names_of(connection)
        try:
            schema.upgrade(connection, "head")
        except DatabaseError as error:
            if is_away(error):
                raise
            if state is SchemaState.BEHIND and foreign.drop_unused(connection):
                self._upgrade(connection, SchemaState.EMPTY)
                return
            raise SettingsError(self._failed_upgrade(connection, state, before, error)) from error

    def _failed_upgrade(
        self, connection: Connection, state: SchemaState, before: frozenset[str], error: DatabaseError
    ) -> str:
        """Advice after a failed step. MySQL keeps a part of the step; the other databases undo all of it."""
        failed = f"The schema of the database {self.name!r} can't be brought to this version: {error.orig}."
        if state is SchemaState.EMPTY:
            foreign.drop_new_tables(connection, before)
            return f"{failed} The database was left as it was. Use an empty database."
        if connection.dialect.name != "mysql":
            return f"{failed} Nothing was changed."
        return (
            f"{failed} It stands at revision {schema.revision(connection)}; this server keeps a part of a step that "
            "fails or is aborted. Restore the backup from before the update, then run "
            f"`{own_command('migrate')}` again."
        )

    def _refuse_unusable(self, state: SchemaState) -> None:
        if state is SchemaState.FOREIGN:
            raise SettingsError(foreign.refusal(self.name, ["alembic_version"]))
        if state is SchemaState.AHEAD:
            raise SettingsError(
                f"The schema of the database {self.name!r} was made by a newer platewatch. "
                "Install that version again (`platewatch migrate` never goes back), or use another database.",
            )

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, DatabaseError, InterfaceError) as error:
            # The plain DatabaseError is SQLite's word for a file that is something else.
            if isinstance(error, DatabaseError) and type(error) not in (DatabaseError, OperationalError):
                raise
            reason = error.orig if isinstance(error, DBAPIError) else error
            raise SettingsError(
                f"The database {self.name!r} can't be used: {reason}. "
                + advice(self.url, self._setting_names, reason or error),
            ) from error


class _ReadingSession(Session):
    """A session that raises where it would write, on every database alike."""


@event.listens_for(_ReadingSession, "before_flush")
def _refuse_flush(session: Session, *_: object) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("A reading session can't write. Use Database.transaction().")


@event.listens_for(_ReadingSession, "do_orm_execute")
def _refuse_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise RuntimeError("A reading session can't write. Use Database.transaction().")


def normalized_url(url: str) -> URL:
    """The URL with the driver that platewatch uses.

    Raises:
        SettingsError: It is no URL, or of a database that platewatch doesn't know.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(
            "The database URL can't be read. Write it like `sqlite:////var/lib/platewatch/platewatch.sqlite` or "
            "`postgresql://user:password@host/database`, with special characters of the password percent-encoded.",
        ) from error
    family = parsed.drivername.partition("+")[0]
    if family not in _DRIVERS:
        raise SettingsError(f"The database {family!r} is not known. Use sqlite, postgresql, mysql or mariadb.")
    parsed = parsed.set(drivername=_DRIVERS[family])
    if family == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise SettingsError(
            "An SQLite database in memory can't be shared by threads. Name a file: `sqlite:///file` in the current "
            "folder, `sqlite:////folder/file` from the root."
        )
    if "@" in (parsed.host or ""):
        raise SettingsError("The database URL has two @. Write the one of the user's name or password as %40.")
    if family in ("mysql", "mariadb"):
        parsed = parsed.update_query_dict({"charset": "utf8mb4"})
    return parsed


def is_deadlock(error: BaseException) -> bool:
    """True if the database broke the transaction off because its locks crossed those of another one."""
    # MySQL takes the savepoints away too, so the error that arrives may be the one of going back to a savepoint.
    seen: BaseException | None = error
    while seen is not None:
        cause: Any = getattr(seen, "orig", None)
        if getattr(cause, "sqlstate", None) in _POSTGRESQL_DEADLOCKS:
            return True
        if cause is not None and cause.args and cause.args[0] == _MYSQL_DEADLOCK:
            return True
        seen = seen.__context__
    return False


def is_away(error: BaseException) -> bool:
    """True if the database can't be reached, went away, or let us wait too long; another try may work."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    cause: Any = error.orig
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate is not None:
        return str(sqlstate).startswith(_POSTGRESQL_AWAY)
    if name := getattr(cause, "sqlite_errorname", None):
        return str(name).startswith(_SQLITE_AWAY)
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    code = cause.args[0] if cause is not None and cause.args else None
    # psycopg gives neither a state nor a number where there is no server to give one.
    return code in _MYSQL_AWAY if isinstance(code, int) else isinstance(error, OperationalError)


def redacted(url: URL) -> str:
    """The URL without password and options, for messages and logs."""
    return url.set(query={}).render_as_string(hide_password=True)


def _create_engine(url: URL) -> Engine:
    family = url.get_backend_name()
    arguments: dict[str, Any] = dict(POOL)
    if family == "sqlite":
        arguments["connect_args"] = {"timeout": SQLITE_BUSY_TIMEOUT_S}
    else:
        # What a transaction reads must not depend on the server's default, which is stricter on MySQL.
        arguments |= {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
        arguments["connect_args"] = {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        engine = create_engine(url, **arguments)
    except (ArgumentError, NoSuchModuleError, ImportError, TypeError) as error:
        raise SettingsError(f"The database URL {redacted(url)!r} can't be used: {error}") from error
    listeners = {"sqlite": _prepare_sqlite, "mysql": _prepare_mysql, "postgresql": _prepare_postgresql}
    event.listen(engine, "connect", listeners[family])
    if family == "sqlite":
        event.listen(engine, "do_connect", _make_folder)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(_dialect: object, _record: object, arguments: list[Any], _parameters: object) -> None:
    Path(arguments[0]).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin by itself: `_begin_sqlite` does, and knows how.
    connection.isolation_level = None
    # The journal's mode is written into the file, so the file of another program keeps its own.
    journal = [] if foreign.is_file_of_another_program(connection) else ["journal_mode = WAL"]
    # FULL: what was answered to a client is on the disk. With NORMAL a power cut would take the last commits.
    for pragma in (*journal, "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A read lock that is raised to a write lock fails at once when another writer was faster; so take it first.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _prepare_mysql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _schema_state(connection: Connection) -> SchemaState:
    revisions = schema.revisions(connection)
    if not revisions:
        return SchemaState.EMPTY
    if any(not schema.is_own(revision) for revision in revisions):
        return SchemaState.FOREIGN
    revision = max(revisions)
    if revision == schema.head():
        return SchemaState.CURRENT
    return SchemaState.BEHIND if revision in schema.known_revisions() else SchemaState.AHEAD
