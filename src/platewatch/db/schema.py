"""The migrations, run over a connection that is open already; no configuration file is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_TIMEOUT_S = 300
_OWN_REVISION = re.compile(r"\d{4}", re.ASCII)
_POSTGRESQL_LOCK = 0x706C617465  # "plate"


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations of this package."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str) -> None:
    """Brings the schema up to a revision. The caller commits."""
    command.upgrade(configuration(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Brings the schema down to a revision, `base` being none. The caller commits."""
    command.downgrade(configuration(connection), revision)


def revisions(connection: Connection) -> tuple[str, ...]:
    """The revisions in the database's version table; none if no migration ever ran."""
    return MigrationContext.configure(connection).get_current_heads()


def revision(connection: Connection) -> str | None:
    """The revision that the database is at, None if no migration ever ran."""
    return MigrationContext.configure(connection).get_current_revision()


def is_own(revision: str) -> bool:
    """Whether a revision is written as those of this package; other programs use Alembic too."""
    return _OWN_REVISION.fullmatch(revision) is not None


def head() -> str:
    """The newest revision."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    if newest is None:
        raise RuntimeError(f"There are no migrations in {str(MIGRATIONS)!r}.")
    return newest


def known_revisions() -> set[str]:
    """All revisions of this version."""
    return {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}


@contextmanager
def locked(connection: Connection) -> Iterator[None]:
    """Only one process at a time is inside; the connection is in a transaction then.

    Raises:
        OperationalError: Another process held the lock for too long.
    """
    if connection.dialect.name == "mysql":
        with _named_lock(connection):
            yield
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRESQL_LOCK})
    else:
        # On SQLite the transaction itself is the lock.
        connection.execute(text("SELECT 1"))
    yield


@contextmanager
def _named_lock(connection: Connection) -> Iterator[None]:
    # MySQL commits at every change of the schema, so its lock belongs to the connection, not to a transaction. Its
    # names are the server's, not the database's.
    name = connection.scalar(text("SELECT SHA1(CONCAT('platewatch migrate ', DATABASE()))"))
    taken = connection.scalar(text("SELECT GET_LOCK(:name, :timeout_s)"), {"name": name, "timeout_s": LOCK_TIMEOUT_S})
    if taken != 1:
        waited = f"another process has been migrating for {LOCK_TIMEOUT_S} s"
        raise OperationalError("GET_LOCK", {}, RuntimeError(waited))
    try:
        yield
    finally:
        connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
