from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from platewatch.db import schema, tables
from platewatch.db.engine import Database, SchemaState
from platewatch.errors import SettingsError
from platewatch.media.database import METADATA as MEDIA_METADATA
from tests.databases import Kind, empty_url

MODELS = [tables.UserRow.metadata, MEDIA_METADATA]


@pytest.fixture(params=list(Kind), ids=str)
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database whose schema the test may change."""
    with empty_url(request.param, tmp_path / "not yet there", "platewatch_test_migrations") as url:
        database = Database(url)
        yield database
        database.dispose()


def set_revision(database: Database, revision: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def differences(database: Database) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, MODELS))  # type: ignore[arg-type]


def test_the_migrations_build_what_the_models_say(database: Database) -> None:
    assert differences(database) == []


def test_sqlite_uses_no_id_twice_where_the_models_say_so(sqlite_database: Database) -> None:
    """The comparison above is blind for this."""
    with sqlite_database.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        made = {row.name: row.sql for row in rows}
    lasting = {
        model.name: bool(model.dialect_options["sqlite"]["autoincrement"])
        for metadata in MODELS
        for model in metadata.sorted_tables
    }
    assert {name: "AUTOINCREMENT" in made[name] for name in lasting} == lasting


def test_every_table_that_makes_its_own_ids_uses_none_twice() -> None:
    """The first test compares nothing of it on SQLite, and a table may be new."""
    made = [
        model.name
        for metadata in MODELS
        for model in metadata.sorted_tables
        if model.autoincrement_column is not None and not model.dialect_options["sqlite"]["autoincrement"]
    ]
    assert made == [], "use LASTING_IDS in __table_args__, or autoincrement=False for ids that come from elsewhere"


def test_the_comparison_sees_a_difference(own_database: Database) -> None:
    own_database.migrate()
    with own_database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE locations ADD COLUMN extra INTEGER"))
        connection.execute(text("CREATE INDEX ix_extra ON cameras (direction)"))
    found = {difference[0] for difference in differences(own_database)}
    assert found == {"remove_column", "remove_index"}


def test_the_schema_goes_down_to_nothing_and_up_again(own_database: Database) -> None:
    own_database.migrate()
    with own_database.engine.connect() as connection:
        schema.downgrade(connection, "base")
        connection.commit()
    assert inspect(own_database.engine).get_table_names() == ["alembic_version"]
    own_database.migrate()
    assert differences(own_database) == []


def test_the_history_is_one_line(migrated: Callable[[Kind], Database]) -> None:
    script = ScriptDirectory.from_config(schema.configuration())
    assert len(script.get_bases()) == 1
    assert len(script.get_heads()) == 1


def test_the_next_migration_would_be_empty(own_database: Database, tmp_path: Path) -> None:
    """The template works, and the media tables, which have no models in db, are not dropped."""
    own_database.migrate()
    with own_database.engine.connect() as connection:
        config = schema.configuration(connection)
        config.set_main_option("version_locations", f"{schema.MIGRATIONS / 'versions'};{tmp_path}")
        config.set_main_option("path_separator", ";")
        written = command.revision(config, "nothing", autogenerate=True, version_path=str(tmp_path), rev_id="9999")
    assert not isinstance(written, list)
    assert written is not None
    source = Path(written.path).read_text()
    compile(source, written.path, "exec")
    body = source.split("def upgrade() -> None:")[1]
    assert [line for line in body.splitlines() if "op." in line] == []


def test_alembic_without_a_database_says_how_to_name_one() -> None:
    with pytest.raises(SettingsError, match="-x database="):
        command.current(schema.configuration())


def test_migrate_builds_the_schema_and_may_be_repeated(own_database: Database) -> None:
    assert own_database.schema_state() is SchemaState.EMPTY
    with pytest.raises(SettingsError, match="platewatch migrate"):
        own_database.require_current()
    own_database.migrate()
    own_database.migrate()
    assert own_database.schema_state() is SchemaState.CURRENT
    own_database.require_current()
    own_database.ping()


def test_a_schema_of_a_newer_version_is_left_alone(own_database: Database) -> None:
    own_database.migrate()
    set_revision(own_database, "9999")
    assert own_database.schema_state() is SchemaState.AHEAD
    for method in (own_database.require_current, own_database.migrate):
        with pytest.raises(SettingsError, match="newer platewatch"):
            method()


def test_a_schema_of_an_older_version_must_be_migrated(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "head", lambda: "0002")
    assert sqlite_database.schema_state() is SchemaState.BEHIND
    with pytest.raises(SettingsError, match=r"is behind\. Run `.*platewatch migrate`"):
        sqlite_database.require_current()


MIGRATE = "import sys; from platewatch.db.engine import Database; Database(sys.argv[1]).migrate()"


def test_processes_that_migrate_at_once_wait_for_each_other(own_database: Database) -> None:
    url = own_database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "ignore", "-c", MIGRATE, url]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    problems = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], problems
    own_database.require_current()


def test_sqlite_of_an_interrupted_migration_has_no_half_schema(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.sqlite")
    with database.engine.connect() as connection, schema.locked(connection):
        schema.upgrade(connection, "head")
        connection.rollback()
    database.dispose()
    with sqlite3.connect(tmp_path / "x.sqlite") as plain:
        assert plain.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    plain.close()
