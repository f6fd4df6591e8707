"""Readings that are unsure, and photos that are known already.

Revision: 0018.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
FACTS = ("location_id", "captured_slot", "camera_id", "direction", "region", "vehicle_type", "confidence")
FALSE: dict[str, Any] = {"server_default": "0", "nullable": False}


def upgrade() -> None:
    # Added in place: no copy of the table is made, on SQLite neither.
    op.add_column("sightings", sa.Column("is_unsure", sa.Boolean(), **FALSE))
    op.add_column("sightings", sa.Column("photo_hash", sa.String(length=64), nullable=True))
    op.add_column("passes", sa.Column("is_unsure", sa.Boolean(), **FALSE))
    op.add_column("import_jobs", sa.Column("record_known", sa.Boolean(), **FALSE))
    op.add_column("import_jobs", sa.Column("known", sa.Integer(), **FALSE))
    op.add_column("import_files", sa.Column("known_sighting_id", BIG_ID, nullable=True))
    op.create_index(op.f("ix_sightings_is_unsure_captured_at_id"), "sightings", ["is_unsure", "captured_at", "id"])
    told = sa.text("photo_hash IS NOT NULL")
    op.create_index(
        op.f("ix_sightings_photo_hash"), "sightings", ["photo_hash"], sqlite_where=told, postgresql_where=told
    )
    replace_facts([*FACTS, "recognizer", "is_unsure", "plate"])
    op.create_table(
        "photo_locks",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("times_taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_photo_locks")),
        **MYSQL_TABLE,
    )


def downgrade() -> None:
    op.drop_table("photo_locks")
    replace_facts([*FACTS, "plate"])
    op.drop_index(op.f("ix_sightings_photo_hash"), "sightings")
    op.drop_index(op.f("ix_sightings_is_unsure_captured_at_id"), "sightings")
    op.drop_column("import_files", "known_sighting_id")
    op.drop_column("import_jobs", "known")
    op.drop_column("import_jobs", "record_known")
    op.drop_column("passes", "is_unsure")
    op.drop_column("sightings", "photo_hash")
    op.drop_column("sightings", "is_unsure")


def replace_facts(columns: list[str]) -> None:
    """The index of the statistics with these columns."""
    op.drop_index("ix_sightings_facts", "sightings")
    op.create_index("ix_sightings_facts", "sightings", columns)
