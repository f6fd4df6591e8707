"""The three databases that the tests run on, each with a schema that the migrations built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from sqlalchemy import create_engine, delete, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from platewatch.db import tables
from platewatch.db.engine import Database
from tests.missing import give_up

MEDIA_TABLES = ("media_marks", "media_blobs")


class Kind(StrEnum):
    SQLITE = "sqlite"
    MARIADB = "mariadb"
    POSTGRESQL = "postgresql"


SERVERS = {
    Kind.MARIADB: ("PLATEWATCH_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql"),
    Kind.POSTGRESQL: ("PLATEWATCH_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
}
"""Of each server: the variable that may name another one, and an account that may create databases."""

DROP = {
    Kind.MARIADB: "DROP DATABASE IF EXISTS {name}",
    Kind.POSTGRESQL: "DROP DATABASE IF EXISTS {name} WITH (FORCE)",
}


@contextmanager
def empty_url(kind: Kind, folder: Path, name: str) -> Iterator[str]:
    """The URL of a database without tables, gone at the end. `name` and the process make it unique on the server."""
    if kind is Kind.SQLITE:
        yield f"sqlite:///{folder / name}.sqlite"
        return
    name = f"{name}_{os.getpid()}"
    variable, fallback = SERVERS[kind]
    url = make_url(os.environ.get(variable, fallback))
    server = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
    try:
        try:
            with server.connect() as connection:
                connection.execute(text(DROP[kind].format(name=name)))
                connection.execute(text(f"CREATE DATABASE {name}"))
        except OperationalError as error:
            give_up(f"no {kind} server: {error.orig}. Start one, or name another with {SERVERS[kind][0]}")
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            with server.connect() as connection:
                connection.execute(text(DROP[kind].format(name=name)))
    finally:
        server.dispose()


def delete_all_rows(database: Database) -> None:
    """Empties every table but the one of the migrations."""
    models = [model.name for model in reversed(tables.UserRow.metadata.sorted_tables)]
    with database.engine.begin() as connection:
        for name in (*MEDIA_TABLES, *models):
            connection.execute(delete(table(name)))
        if database.engine.dialect.name == "sqlite":
            # Ids begin at 1 again, so that a test finds the same ones whatever ran before it.
            connection.execute(delete(table("sqlite_sequence")))


def database_url(database: Database) -> str:
    """The whole URL, password included, as a setting takes it."""
    return database.url.render_as_string(hide_password=False)
