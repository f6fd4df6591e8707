"""Tables of other programs in the database that platewatch is pointed at, and leftovers of aborted migrations.

platewatch needs a database of its own: `users` and `images` are names that many programs use, and in a shared database
nobody could tell whose rows a backup, an erasure or a deleted account concerns.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from platewatch.db import tables
from platewatch.errors import SettingsError
from platewatch.installation import own_command

VERSION_TABLE: Final = "alembic_version"
_MEDIA_TABLES: Final = frozenset({"media_blobs", "media_marks"})
_CARWATCH: Final = {
    "users": frozenset({"user_id", "username", "password"}),
    "history": frozenset({"plate", "subject", "description", "date", "user_id"}),
}
"""Columns by which CarWatch's tables are recognized."""


def require_free_names(connection: Connection, database: str) -> None:
    """Do nothing if the first migration can make its tables.

    What a aborted first migration left on MySQL or MariaDB is dropped, so that the migration can begin again: tables
    without rows that have platewatch's columns.

    Raises:
        SettingsError: Other tables or views bear their names.
    """
    names = names_of(connection)
    taken = sorted(names & own_names(connection))
    if not taken:
        return
    if VERSION_TABLE in names and all(_is_unfinished(connection, name) for name in taken):
        _drop(connection, taken)
        return
    raise SettingsError(refusal(database, taken, is_carwatch=_is_carwatch(connection)))


def refusal(database: str, taken: Collection[str], *, is_carwatch: bool = False) -> str:
    """Why a database can't be used, and what to do."""
    message = (
        f"The database {database!r} holds tables of another program ({', '.join(taken)}), so nothing was changed. "
        "platewatch needs a database of its own: create an empty one and name it in PLATEWATCH_DATABASE_URL or DB_NAME."
    )
    if is_carwatch:
        message += (
            " These tables are CarWatch's: take the old rows over into the new database with "
            f"`{own_command('import carwatch --from URL')}`, URL being the address of this one."
        )
    return message


def names_of(connection: Connection) -> frozenset[str]:
    """The tables and views of the database, written as `own_names` writes them."""
    inspector = inspect(connection)
    return frozenset(_written(connection, name) for name in [*inspector.get_table_names(), *inspector.get_view_names()])


def own_names(connection: Connection) -> frozenset[str]:
    """The names of all tables that the migrations make."""
    return frozenset(_written(connection, name) for name in {*tables.UserRow.metadata.tables, *_MEDIA_TABLES})


def drop_new_tables(connection: Connection, before: Collection[str]) -> None:
    """Take away what a failed first migration made; only MySQL and MariaDB need that, the others roll back."""
    if connection.dialect.name == "mysql":
        _drop(connection, names_of(connection) - frozenset(before))


def drop_unused(connection: Connection) -> bool:
    """Whether platewatch's tables had no row yet on MySQL or MariaDB, and were dropped for a new first migration."""
    if connection.dialect.name != "mysql":
        return False
    own = names_of(connection) & own_names(connection)
    if not all(_is_empty(connection, name) for name in own):
        return False
    _drop(connection, {*own, VERSION_TABLE})
    return True


def is_file_of_another_program(connection: Any) -> bool:
    """Whether an SQLite file, by its driver's connection, has tables but none of Alembic's."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return bool(names) and VERSION_TABLE not in names


def _written(connection: Connection, name: str) -> str:
    # PostgreSQL distinguishes `Users` from `users`; the others may not.
    return name if connection.dialect.name == "postgresql" else name.lower()


def _is_carwatch(connection: Connection) -> bool:
    return all(columns <= _columns(connection, name) for name, columns in _CARWATCH.items())


def _columns(connection: Connection, name: str) -> set[str]:
    inspector = inspect(connection)
    return {column["name"] for column in inspector.get_columns(name)} if inspector.has_table(name) else set()


def _is_unfinished(connection: Connection, name: str) -> bool:
    """Whether the table is as a aborted first migration leaves it."""
    if connection.dialect.name != "mysql" or not _is_empty(connection, name):
        return False
    model = tables.UserRow.metadata.tables.get(name)
    return model is None or _columns(connection, name) <= set(model.columns.keys())


def _is_empty(connection: Connection, name: str) -> bool:
    quoted = connection.dialect.identifier_preparer.quote(name)
    return connection.scalar(text(f"SELECT 1 FROM {quoted} LIMIT 1")) is None  # noqa: S608 -- a name of platewatch's


def _drop(connection: Connection, names: Collection[str]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
    try:
        for name in sorted(names):
            connection.execute(text(f"DROP TABLE IF EXISTS {quote(name)}"))
    finally:
        connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
