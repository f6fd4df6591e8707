"""Settings of the whole server, and where the time of a sighting comes from.

Revision: 0017.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TIMED = ("sightings", "import_files")


def upgrade() -> None:
    op.create_table(
        "server_settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_settings")),
        **MYSQL_TABLE,
    )
    for table in TIMED:
        op.add_column(table, sa.Column("captured_at_source", sa.String(length=8), nullable=True))
    op.add_column("import_files", sa.Column("note", sa.String(length=500), nullable=True))


def downgrade() -> None:
    op.drop_column("import_files", "note")
    for table in reversed(TIMED):
        op.drop_column(table, "captured_at_source")
    op.drop_table("server_settings")
