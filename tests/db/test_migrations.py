from __future__ import annotations

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
from platewatch.db.engine import Database
from platewatch.errors import SettingsError
from platewatch.media.database import METADATA as MEDIA_METADATA
from tests.databases import Kind, empty_url

MODELS = [tables.UserRow.metadata, MEDIA_METADATA]


@pytest.fixture(params=list(Kind), ids=str)
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database whose schema the test may change."""
    with empty_url(request.param, tmp_path, "platewatch_test_migrations") as url:
        database = Database(url)
        yield database
        database.dispose()


def differences(database: Database) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, MODELS))  # type: ignore[arg-type]


def test_the_migrations_build_what_the_models_say(database: Database) -> None:
    assert differences(database) == []


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
