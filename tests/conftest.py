from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings as hypothesis_settings

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.settings import Settings
from platewatch.vision.pipeline import PlateReader
from tests.databases import Kind, database_url, delete_all_rows, empty_url
from tests.loopback_only import loopback_guard
from tests.servers import Server, started

# Whoever names a database, a broker or Redis on another machine means it.
_NAMED = [urlsplit(url).hostname for name, url in os.environ.items() if name.startswith("PLATEWATCH_TEST_")]
os.environ.setdefault(loopback_guard.ALLOWED_VARIABLE, ",".join(host for host in _NAMED if host))
loopback_guard.install_in_children()
loopback_guard.install()

# Examples are the same in every run, and no slow machine fails a test.
hypothesis_settings.register_profile("platewatch", deadline=None, derandomize=True, database=None)
hypothesis_settings.load_profile("platewatch")


@pytest.fixture(autouse=True)
def _nothing_calls_outside() -> Iterator[None]:
    """Fails a test that calls another machine, also where the code passes over the refusal."""
    loopback_guard.refused()
    yield
    refused = loopback_guard.refused()
    if refused:
        pytest.fail(f"called another machine: {', '.join(sorted(set(refused)))}", pytrace=False)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind], Database]]:
    """Gives the run's own database of a kind, made and migrated at its first use."""
    made: dict[Kind, Database] = {}
    folder = tmp_path_factory.mktemp("databases")
    with ExitStack() as stack:

        def migrated(kind: Kind) -> Database:
            if kind not in made:
                url = stack.enter_context(empty_url(kind, folder, "platewatch_test"))
                database = Database(url)
                stack.callback(database.dispose)
                database.migrate()
                made[kind] = database
            return made[kind]

        yield migrated


@pytest.fixture(params=list(Kind), ids=str)
def database(request: pytest.FixtureRequest, migrated: Callable[[Kind], Database]) -> Iterator[Database]:
    """A database without rows; the test runs once on each kind."""
    database = migrated(request.param)
    delete_all_rows(database)
    yield database
    # Nothing of this test may stay open to disturb the next one.
    assert database.engine.pool.checkedout() == 0, "the test left a connection open"  # type: ignore[attr-defined]


@pytest.fixture
def sqlite_database(migrated: Callable[[Kind], Database]) -> Database:
    """A database without rows, SQLite only, for tests in which the kind makes no difference."""
    database = migrated(Kind.SQLITE)
    delete_all_rows(database)
    return database


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands still at noon of 2026-03-01, UTC."""
    return SetClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def reader() -> PlateReader:
    """A reader with the default backends, shared because its models take a second to load."""
    return PlateReader(threads=2)


@pytest.fixture
def server(database: Database, reader: PlateReader, tmp_path: Path) -> Iterator[Server]:
    """The whole app; the test runs once on each kind of database."""
    settings = Settings(data=tmp_path, database_url=database_url(database), bcrypt_rounds=4, event_poll_ms=50)
    with started(settings, reader) as server:
        yield server


@pytest.fixture
def sqlite_server(sqlite_database: Database, reader: PlateReader, tmp_path: Path) -> Iterator[Server]:
    """The whole app on SQLite, for tests in which the kind of database makes no difference."""
    settings = Settings(data=tmp_path, database_url=database_url(sqlite_database), bcrypt_rounds=4, event_poll_ms=50)
    with started(settings, reader) as server:
        yield server


@pytest.fixture
def start_server(
    sqlite_database: Database, reader: PlateReader, tmp_path: Path, clock: SetClock
) -> Iterator[Callable[..., Server]]:
    """Starts the app on SQLite, with the settings of the test and the clock that stands still."""
    with ExitStack() as stack:

        def start_server(**chosen: Any) -> Server:
            defaults = {"data": tmp_path, "database_url": database_url(sqlite_database), "bcrypt_rounds": 4}
            return stack.enter_context(started(Settings(**{**defaults, **chosen}), reader, clock))

        yield start_server
