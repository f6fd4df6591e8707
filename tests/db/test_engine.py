from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from platewatch.db.engine import Database, is_away, is_deadlock
from platewatch.db.tables import ApiKeyRow, CameraRow, LocationRow, SightingRow, UserRow
from platewatch.errors import SettingsError
from tests.databases import Kind, delete_all_rows, empty_url
from tests.db.rows import NOON, sighting, user


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(LocationRow.name).order_by(LocationRow.name)))


@pytest.mark.parametrize(
    ("url", "normalized"),
    [
        ("sqlite:///a/b.sqlite", "sqlite+pysqlite:///a/b.sqlite"),
        ("mysql://u:p@h/d", "mysql+pymysql://u:***@h/d?charset=utf8mb4"),
        ("mariadb://h/d", "mysql+pymysql://h/d?charset=utf8mb4"),
        ("mysql+mysqlconnector://h/d?charset=latin1", "mysql+pymysql://h/d?charset=utf8mb4"),
        ("postgres://h:5433/d", "postgresql+psycopg://h:5433/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
    ],
    ids=["sqlite", "mysql", "mariadb", "another driver", "short postgres", "options are kept"],
)
def test_a_url_gets_the_driver_that_is_installed(url: str, normalized: str) -> None:
    assert str(Database(url).url) == normalized


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "can't be read"),
        ("not a url", "can't be read"),
        ("oracle://h/d", "'oracle' is not known"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
    ids=["empty", "no url", "unknown database", "no file", "memory"],
)
def test_a_url_that_can_not_work_says_why(url: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Database(url)


@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
@pytest.mark.parametrize("method", ["ping", "migrate", "schema_state", "require_current"])
def test_an_unreachable_server_is_named_without_its_password(scheme: str, method: str) -> None:
    database = Database(f"{scheme}://ada:s3cret@127.0.0.1:1/plates?connect_timeout=2")
    with pytest.raises(SettingsError, match="PLATEWATCH_DATABASE_URL") as caught:
        getattr(database, method)()
    assert "ada:***@127.0.0.1:1/plates" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_an_sqlite_folder_that_can_not_be_made_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="file"):
        Database(f"sqlite:///{tmp_path}/file/x.sqlite").ping()


def test_a_file_that_is_no_database_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"this is a text and no database " * 100)
    with pytest.raises(SettingsError, match=r"x\.sqlite"):
        Database(f"sqlite:///{tmp_path}/x.sqlite").ping()


def test_sqlite_is_set_up_for_many_readers_and_safe_writes(sqlite_database: Database) -> None:
    with sqlite_database.reading() as session:
        settings = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 2}


@pytest.mark.parametrize(
    ("kind", "query", "expected"),
    [
        (Kind.MARIADB, "SELECT @@session.time_zone", "+00:00"),
        (Kind.MARIADB, "SELECT @@session.sql_mode LIKE '%STRICT_ALL_TABLES%'", 1),
        (Kind.MARIADB, "SELECT @@session.character_set_client", "utf8mb4"),
        (Kind.MARIADB, "SELECT @@session.tx_isolation", "READ-COMMITTED"),
        (Kind.POSTGRESQL, "SHOW timezone", "UTC"),
        (Kind.POSTGRESQL, "SHOW transaction_isolation", "read committed"),
    ],
)
def test_servers_get_the_same_session_settings(
    migrated: Callable[[Kind], Database], kind: Kind, query: str, expected: object
) -> None:
    with migrated(kind).reading() as session:
        assert session.scalar(text(query)) == expected


def test_a_transaction_is_committed_at_its_end(database: Database) -> None:
    with database.transaction() as session:
        row = LocationRow(name="gate", created_at=NOON)
        session.add(row)
    assert names(database) == ["gate"]
    assert row.name == "gate", "rows stay readable after the commit"


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        session.add(LocationRow(name="gate", created_at=NOON))
        session.flush()
        raise ZeroDivisionError
    assert names(database) == []


class CrossedLocks:
    """Two pieces of work that take the locks of two rows in opposite order, so that one must be broken off."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._both_hold_one = threading.Barrier(2)
        self._first_tries: set[str] = set()
        self.tries = 0

    def work(self, first: str, second: str) -> Callable[[Session], None]:
        def rename(session: Session, name: str) -> None:
            session.execute(
                update(LocationRow).where(LocationRow.name == name).values(created_at=LocationRow.created_at)
            )

        def work(session: Session) -> None:
            self.tries += 1
            rename(session, first)
            if first not in self._first_tries:
                self._first_tries.add(first)
                self._both_hold_one.wait(timeout=20)
            rename(session, second)

        return work


def crossed(database: Database, run: Callable[[Callable[[Session], None]], None]) -> tuple[int, list[Exception]]:
    """How often the two pieces of work were tried, and the errors that came out of running them at once."""
    with database.transaction() as session:
        session.add_all([LocationRow(name=name, created_at=NOON) for name in ("a", "b")])
    locks = CrossedLocks(database)
    errors: list[Exception] = []

    def run_and_tell(work: Callable[[Session], None]) -> None:
        try:
            run(work)
        except OperationalError as error:
            errors.append(error)

    threads = [threading.Thread(target=run_and_tell, args=(locks.work(*order),)) for order in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return locks.tries, errors


SERVERS = pytest.mark.parametrize("kind", [Kind.MARIADB, Kind.POSTGRESQL], ids=str)


@SERVERS
def test_work_whose_locks_cross_is_done_again(migrated: Callable[[Kind], Database], kind: Kind) -> None:
    database = migrated(kind)
    delete_all_rows(database)
    tries, errors = crossed(database, database.transact)
    assert errors == []
    assert tries > 2, "one of the two was broken off"


@SERVERS
def test_without_a_second_try_crossed_locks_are_told_as_such(migrated: Callable[[Kind], Database], kind: Kind) -> None:
    database = migrated(kind)
    delete_all_rows(database)

    def once(work: Callable[[Session], None]) -> None:
        with database.transaction() as session:
            work(session)

    _, errors = crossed(database, once)
    assert [is_deadlock(error) for error in errors] == [True]


def test_work_that_fails_for_another_reason_is_tried_once(database: Database) -> None:
    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(1)
        session.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(DBAPIError) as caught:
        database.transact(work)
    assert tries == [1]
    assert not is_deadlock(caught.value)


ENDING = {
    Kind.MARIADB: ("SELECT CONNECTION_ID()", "KILL {}"),
    Kind.POSTGRESQL: ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
}


@pytest.mark.parametrize("kind", list(ENDING), ids=str)
def test_a_connection_that_the_server_ends_is_away(migrated: Callable[[Kind], Database], kind: Kind) -> None:
    database = migrated(kind)
    ask, end = ENDING[kind]
    with database.engine.connect() as victim, database.engine.connect() as other:
        number = victim.scalar(text(ask))
        other.execute(text(end.format(number)))
        with pytest.raises(DBAPIError) as caught:
            victim.execute(text("SELECT 1"))
        victim.invalidate()
    assert is_away(caught.value)


@pytest.mark.parametrize(
    "url",
    ["mysql://nobody@127.0.0.1:1/x", "postgresql://nobody@127.0.0.1:1/x", "sqlite:///{folder}"],
    ids=["MariaDB", "PostgreSQL", "SQLite"],
)
def test_a_server_that_is_not_there_is_away(tmp_path: Path, url: str) -> None:
    database = Database(url.format(folder=tmp_path))
    with pytest.raises(DBAPIError) as caught, database.reading() as session:
        session.scalar(select(1))
    assert is_away(caught.value)


def test_a_file_that_another_process_holds_is_away(sqlite_database: Database) -> None:
    impatient = Database(str(sqlite_database.url))
    with sqlite_database.transaction() as session, impatient.engine.connect() as connection:
        session.add(LocationRow(name="held", created_at=NOON))
        session.flush()
        connection.connection.driver_connection.execute("PRAGMA busy_timeout = 1")  # type: ignore[union-attr]
        with pytest.raises(OperationalError) as caught:
            connection.execute(text("SELECT 1"))
    impatient.dispose()
    assert is_away(caught.value)


def test_waiting_too_long_for_a_connection_is_away() -> None:
    assert is_away(PoolTimeout("QueuePool limit reached"))


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM nothing", "SELEC 1", "INSERT INTO locations (id) VALUES (1)"],
    ids=["no such table", "bad syntax", "a missing value"],
)
def test_a_mistake_of_ours_is_not_called_away(database: Database, statement: str) -> None:
    with pytest.raises(SQLAlchemyError) as caught, database.transaction() as session:
        session.execute(text(statement))
    assert not is_away(caught.value)


def test_other_errors_are_not_the_databases() -> None:
    assert not is_away(ValueError("x"))


def test_a_reading_session_refuses_new_rows(database: Database) -> None:
    with pytest.raises(RuntimeError, match="can't write"), database.reading() as session:
        session.add(LocationRow(name="gate", created_at=NOON))
        session.flush()


@pytest.mark.parametrize(
    "statement",
    [update(LocationRow).values(name="x"), insert(LocationRow).values(name="x", created_at=NOON)],
    ids=["update", "insert"],
)
def test_a_reading_session_refuses_writing_statements(sqlite_database: Database, statement: object) -> None:
    with pytest.raises(RuntimeError, match="can't write"), sqlite_database.reading() as session:
        session.execute(statement)  # type: ignore[call-overload]


def test_readers_go_on_while_a_writer_holds_the_lock(database: Database) -> None:
    with database.transaction() as session:
        session.add(LocationRow(name="gate", created_at=NOON))
        session.flush()
        assert names(database) == []
    assert names(database) == ["gate"]


def test_writers_that_read_first_wait_for_each_other(database: Database) -> None:
    """With a plain BEGIN, SQLite refuses the second of two transactions that read and then write."""
    threads, rounds = 4, 5
    errors: list[BaseException] = []
    with database.transaction() as session:
        session.add(user())

    def work(thread: int) -> None:
        try:
            for index in range(rounds):
                with database.transaction() as session:
                    session.scalar(select(func.count()).select_from(LocationRow))
                    session.add(LocationRow(name=f"{thread} {index}", created_at=NOON))
        except BaseException as error:  # noqa: BLE001  # told in the test's own thread
            errors.append(error)

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert len(names(database)) == threads * rounds


def test_foreign_keys_cascade_or_are_emptied(database: Database) -> None:
    with database.transaction() as session:
        owner = user()
        location = LocationRow(name="site", created_at=NOON)
        session.add_all([owner, location])
        session.flush()
        camera = CameraRow(name="north", location_id=location.id, direction="entering", created_at=NOON)
        key = ApiKeyRow(
            name="robot", prefix="pw_", key_hash="0" * 64, user_id=owner.id, scopes=["read"], created_at=NOON
        )
        session.add_all([camera, key])
        session.flush()
        session.add(sighting(camera_id=camera.id, location_id=location.id, user_id=owner.id))
    with database.transaction() as session:
        for model in (LocationRow, CameraRow, UserRow):
            session.execute(model.__table__.delete())  # type: ignore[attr-defined]
    with database.reading() as session:
        row = session.scalars(select(SightingRow)).one()
        assert (row.camera_id, row.location_id, row.user_id) == (None, None, None)
        assert session.scalars(select(ApiKeyRow)).all() == []


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_statistics_are_gathered_where_the_database_waits_for_them(kind: Kind, tmp_path: Path) -> None:
    with empty_url(kind, tmp_path, "platewatch_test_statistics") as url:
        database = Database(url)
        database.migrate()
        with database.transaction() as session:
            session.add_all([LocationRow(name=f"gate {number}", created_at=NOON) for number in range(7)])
        database.gather_statistics(LocationRow, UserRow)
        if kind is Kind.POSTGRESQL:
            with database.reading() as session:
                known = session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'locations'"))
            assert known == 7
        database.dispose()


def test_statistics_that_are_refused_are_noted_in_the_log(tmp_path: Path) -> None:
    with empty_url(Kind.POSTGRESQL, tmp_path, "platewatch_test_refused") as url:
        database = Database(url)
        with capture_logs() as logs:
            database.gather_statistics(LocationRow)
        database.dispose()
    (noted,) = logs
    assert (noted["event"], noted["tables"]) == ("statistics_not_gathered", ["locations"])
    assert "locations" in noted["error"]
