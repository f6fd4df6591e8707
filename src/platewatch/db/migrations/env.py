"""What Alembic runs: the migrations over the caller's connection, or over the one that `-x database=URL` names."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from platewatch.db import tables
from platewatch.db.engine import Database
from platewatch.errors import SettingsError


def include_object(_thing: object, name: str | None, kind: str, reflected: bool, _model: object) -> bool:  # noqa: FBT001  # Alembic's signature
    """False for tables that belong to `media`, which has no models here."""
    return not (kind == "table" and reflected and (name or "").startswith("media_"))


def run(connection: Connection) -> None:
    """Runs the migrations."""
    context.configure(
        connection=connection,
        target_metadata=tables.UserRow.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=include_object,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_alone() -> None:
    """Runs them as Alembic's own command, for writing the next one."""
    url = context.get_x_argument(as_dictionary=True).get("database")
    if not url:
        raise SettingsError("Name the database: `alembic -x database=sqlite:///scratch.sqlite ...`.")
    database = Database(url)
    with database.engine.connect() as connection:
        run(connection)
        connection.commit()
    database.dispose()


if context.config.attributes.get("connection") is None:
    run_alone()
else:
    run(context.config.attributes["connection"])
