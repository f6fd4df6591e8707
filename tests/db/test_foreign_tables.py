"""`migrate` beside tables of other programs, and after a migration that was broken off."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from platewatch.db import schema
from platewatch.db.engine import Database, SchemaState
from platewatch.errors import SettingsError
from tests.carwatch import Source, carwatch
from tests.databases import Kind, empty_url


@pytest.fixture(params=list(Kind), ids=str)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    with carwatch(request.param, tmp_path) as source:
        yield source


@pytest.fixture(params=list(Kind), ids=str)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with empty_url(request.param, tmp_path, "platewatch_test_foreign") as url:
        database = Database(url)
        yield database
        database.dispose()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def execute(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_migrate_leaves_carwatchs_database_as_it_was_and_names_the_import(source: Source) -> None:
    database = Database(source.url)
    with pytest.raises(SettingsError) as caught:
        database.migrate()
    message = str(caught.value)
    assert "tables of another program (images, users)" in message
    assert "create an empty one" in message
    assert "platewatch import carwatch --from URL`" in message
    assert "Check that it runs" not in message
    assert tables(database) == {"users", "history", "images"}
    database.dispose()


def test_migrate_leaves_the_file_of_an_sqlite_database_byte_for_byte(tmp_path: Path) -> None:
    with carwatch(Kind.SQLITE, tmp_path) as source:
        source.engine.dispose()
        file = Path(source.url.removeprefix("sqlite:///"))
        before = hashlib.sha256(file.read_bytes()).hexdigest()
        database = Database(source.url)
        with pytest.raises(SettingsError, match="another program"):
            database.migrate()
        database.dispose()
        assert hashlib.sha256(file.read_bytes()).hexdigest() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == [file.name]


def test_migrate_refuses_carwatchs_database_also_beside_an_empty_version_table(source: Source) -> None:
    source.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    database = Database(source.url)
    with pytest.raises(SettingsError, match="another program"):
        database.migrate()
    assert tables(database) == {"users", "history", "images", "alembic_version"}
    database.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("CREATE TABLE cameras (serial VARCHAR(20))", id="another table"),
        pytest.param("CREATE TABLE media_blobs (id INT)", id="a table of the media store"),
        pytest.param("CREATE VIEW locations AS SELECT 1 AS one", id="a view"),
    ],
)
def test_migrate_refuses_any_table_of_the_same_name(empty: Database, statement: str) -> None:
    execute(empty, statement)
    before = tables(empty)
    with pytest.raises(SettingsError, match="another program") as caught:
        empty.migrate()
    assert "carwatch" not in str(caught.value)
    assert tables(empty) == before


def test_migrate_goes_beside_tables_of_other_names(empty: Database) -> None:
    execute(empty, "CREATE TABLE wp_posts (title VARCHAR(20))")
    empty.migrate()
    assert empty.schema_state() is SchemaState.CURRENT
    assert "wp_posts" in tables(empty)


@pytest.mark.parametrize("revisions", [["a1b2c3d4e5f6"], ["a1b2c3d4e5f6", "0f9e8d7c6b5a"]], ids=["one", "branches"])
def test_another_programs_migrations_are_not_taken_for_a_newer_platewatch(
    empty: Database, revisions: list[str]
) -> None:
    execute(
        empty,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        *(f"INSERT INTO alembic_version VALUES ('{revision}')" for revision in revisions),
    )
    for method in (empty.migrate, empty.require_current):
        with pytest.raises(SettingsError, match=r"another program \(alembic_version\)"):
            method()
    assert tables(empty) == {"alembic_version"}


def break_off(database: Database, revision: str) -> None:
    """Leave the database as a migration does that is killed in the step after the revision on MySQL or MariaDB."""
    with database.engine.connect() as connection:
        schema.upgrade(connection, "0001" if revision == "base" else revision)
        connection.commit()
    if revision == "base":
        execute(
            database, "DELETE FROM alembic_version", "DROP TABLE events", "ALTER TABLE cameras DROP COLUMN direction"
        )
    else:
        execute(database, "ALTER TABLE users ADD COLUMN totp_last_step BIGINT NULL")


@pytest.fixture
def mariadb(tmp_path: Path) -> Iterator[Database]:
    with empty_url(Kind.MARIADB, tmp_path, "platewatch_test_broken_off") as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.mark.parametrize("revision", ["base", "0001"])
def test_a_first_migration_that_was_killed_begins_again(mariadb: Database, revision: str) -> None:
    break_off(mariadb, revision)
    mariadb.migrate()
    mariadb.require_current()


def test_a_broken_off_step_of_a_database_with_rows_asks_for_the_backup(mariadb: Database) -> None:
    break_off(mariadb, "0001")
    execute(mariadb, "INSERT INTO locations (name, created_at) VALUES ('north', '2026-01-01')")
    with pytest.raises(SettingsError, match=r"stands at revision 0001.*Restore the backup"):
        mariadb.migrate()
    with mariadb.reading() as session:
        assert session.scalar(text("SELECT COUNT(*) FROM locations")) == 1


def test_leftovers_with_rows_are_never_dropped(mariadb: Database) -> None:
    break_off(mariadb, "base")
    execute(mariadb, "INSERT INTO locations (name, created_at) VALUES ('north', '2026-01-01')")
    with pytest.raises(SettingsError, match="another program"):
        mariadb.migrate()
    with mariadb.reading() as session:
        assert session.scalar(text("SELECT COUNT(*) FROM locations")) == 1


def test_a_step_that_fails_in_an_empty_database_leaves_nothing(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = schema.upgrade

    def fail_after_one_step(connection: Connection, _revision: str) -> None:
        upgrade(connection, "0001")
        connection.execute(text("SELECT * FROM no_such_table"))

    monkeypatch.setattr(schema, "upgrade", fail_after_one_step)
    with pytest.raises(SettingsError, match=r"(?s)can't be brought to this version.*left as it was"):
        empty.migrate()
    assert tables(empty) == set()


def test_the_journal_of_an_own_file_is_write_ahead(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/own.sqlite")
    database.migrate()
    database.dispose()
    with sqlite3.connect(tmp_path / "own.sqlite") as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()
