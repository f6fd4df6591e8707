"""SQLite gives no id twice.

Without AUTOINCREMENT the id of the last row that was deleted goes to the next one, so that a late request for the old
row hit the new one. PostgreSQL, MariaDB and MySQL never gave ids twice while they ran, and keep their counters over a
restart: PostgreSQL always, MariaDB since 10.2.4, MySQL since 8.0.

Revision: 0016.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMN = re.compile(r"\bid INTEGER NOT NULL(?! PRIMARY)")
CONSTRAINT = re.compile(r",\s*CONSTRAINT \S+ PRIMARY KEY \(id\)")
GIVEN_IDS = {"watchlist_versions"}
"""Its one row is always the first."""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    made = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    changed = {name: sql for name, old in made if name not in GIVEN_IDS and (sql := with_lasting_ids(old)) != old}
    # The rows stay where they are: AUTOINCREMENT changes nothing in a table, only how its next id is found. To copy
    # the tables would, while the old ones go, empty all that points to them.
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    for name, sql in changed.items():
        edit = sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name")
        connection.execute(edit, {"sql": sql, "name": name})
    # Every connection, this one too, reads the schema again.
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
    for name in changed:
        last = sa.text(f'SELECT COALESCE(MAX(id), 0) FROM "{name}"')  # noqa: S608  # a name of ours
        count = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")
        connection.execute(count, {"name": name, "last": connection.scalar(last)})


def downgrade() -> None:
    """Nothing: older versions work on such tables, too."""


def with_lasting_ids(sql: str) -> str:
    """The definition of the table with AUTOINCREMENT; the same one where the id is not what it is found by."""
    if not COLUMN.search(sql) or not CONSTRAINT.search(sql):
        return sql
    return CONSTRAINT.sub("", COLUMN.sub("id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", sql, count=1), count=1)
