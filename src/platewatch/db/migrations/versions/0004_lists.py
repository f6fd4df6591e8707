"""Watchlists, access decisions and gates.

Revision: 0004.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = (
    "watchlists",
    "watchlist_batches",
    "watchlist_versions",
    "watchlist_entries",
    "watchlist_entry_locations",
    "watchlist_variants",
    "watchlist_matches",
    "gate_policies",
    "gates",
    "access_log",
)


def upgrade() -> None:
    create_lists()
    create_entries()
    create_matches()
    create_gates()
    create_access_log()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def create_lists() -> None:
    op.create_table(
        "watchlists",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlists")),
        sa.UniqueConstraint("name", name=op.f("uq_watchlists_name")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_table(
        "watchlist_batches",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("watchlist_id", BIG_ID, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("max_tolerance", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["watchlist_id"],
            ["watchlists.id"],
            name=op.f("fk_watchlist_batches_watchlist_id_watchlists"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist_batches")),
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_watchlist_batches_watchlist_id_state"), "watchlist_batches", ["watchlist_id", "state"])
    op.create_table(
        "watchlist_versions",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist_versions")),
        **MYSQL_TABLE,
    )


def create_entries() -> None:
    op.create_table(
        "watchlist_entries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=True),
        sa.Column("tolerance", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", INSTANT, nullable=True),
        sa.Column("valid_to", INSTANT, nullable=True),
        sa.Column("schedule", sa.String(length=500), nullable=True),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=150), nullable=True),
        sa.Column("vehicle", sa.String(length=150), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("tags", sa.String(length=500), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["watchlist_batches.id"], name=op.f("fk_watchlist_entries_batch_id_watchlist_batches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist_entries")),
        **MYSQL_TABLE,
    )
    op.create_index(
        op.f("ix_watchlist_entries_batch_id_created_at_id"), "watchlist_entries", ["batch_id", "created_at", "id"]
    )
    op.create_index(op.f("ix_watchlist_entries_plate"), "watchlist_entries", ["plate"])
    op.create_table(
        "watchlist_entry_locations",
        sa.Column("entry_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("location_id", BIG_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["watchlist_entries.id"],
            name=op.f("fk_watchlist_entry_locations_entry_id_watchlist_entries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["locations.id"],
            name=op.f("fk_watchlist_entry_locations_location_id_locations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("entry_id", "location_id", name=op.f("pk_watchlist_entry_locations")),
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_watchlist_entry_locations_location_id"), "watchlist_entry_locations", ["location_id"])
    op.create_table(
        "watchlist_variants",
        sa.Column("variant", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", BIG_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["watchlist_entries.id"],
            name=op.f("fk_watchlist_variants_entry_id_watchlist_entries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("variant", "entry_id", name=op.f("pk_watchlist_variants")),
        sqlite_with_rowid=False,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_watchlist_variants_entry_id"), "watchlist_variants", ["entry_id"])


def create_matches() -> None:
    op.create_table(
        "watchlist_matches",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sighting_id", BIG_ID, nullable=False),
        sa.Column("watchlist_id", BIG_ID, nullable=True),
        sa.Column("entry_id", BIG_ID, nullable=True),
        sa.Column("watchlist_name", sa.String(length=150), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("entry_plate", sa.String(length=32), nullable=False),
        sa.Column("distance", sa.Double(), nullable=False),
        sa.Column("captured_at", INSTANT, nullable=False),
        sa.Column("matched_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["watchlist_entries.id"],
            name=op.f("fk_watchlist_matches_entry_id_watchlist_entries"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"],
            ["sightings.id"],
            name=op.f("fk_watchlist_matches_sighting_id_sightings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["watchlist_id"],
            ["watchlists.id"],
            name=op.f("fk_watchlist_matches_watchlist_id_watchlists"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist_matches")),
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_watchlist_matches_entry_id"), "watchlist_matches", ["entry_id"])
    op.create_index(op.f("ix_watchlist_matches_matched_at_id"), "watchlist_matches", ["matched_at", "id"])
    op.create_index(op.f("ix_watchlist_matches_sighting_id"), "watchlist_matches", ["sighting_id"])
    op.create_index(
        op.f("ix_watchlist_matches_watchlist_id_captured_at_sighting_id"),
        "watchlist_matches",
        ["watchlist_id", "captured_at", "sighting_id"],
    )
    op.create_index(
        op.f("ix_watchlist_matches_watchlist_id_matched_at_id"),
        "watchlist_matches",
        ["watchlist_id", "matched_at", "id"],
    )


def create_gates() -> None:
    op.create_table(
        "gate_policies",
        sa.Column("location_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("min_confidence", sa.Double(), nullable=False),
        sa.Column("unknown", sa.String(length=16), nullable=False),
        sa.Column("free_exit", sa.Boolean(), nullable=False),
        sa.Column("anti_passback", sa.Boolean(), nullable=False),
        sa.Column("check_capacity", sa.Boolean(), nullable=False),
        sa.Column("cool_down_s", sa.Integer(), nullable=False),
        sa.Column("arrival_s", sa.Integer(), nullable=False),
        sa.Column("max_age_s", sa.Integer(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_gate_policies_location_id_locations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_gate_policies")),
        **MYSQL_TABLE,
    )
    op.create_table(
        "gates",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("camera_id", BIG_ID, nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("actuator", sa.JSON(), nullable=False),
        sa.Column("sealed_actuator", LONG_TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["cameras.id"], name=op.f("fk_gates_camera_id_cameras"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_gates_location_id_locations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gates")),
        sa.UniqueConstraint("name", name=op.f("uq_gates_name")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_gates_camera_id"), "gates", ["camera_id"])
    op.create_index(op.f("ix_gates_location_id"), "gates", ["location_id"])


def create_access_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("location_id", BIG_ID, nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("watchlist_id", BIG_ID, nullable=True),
        sa.Column("watchlist_name", sa.String(length=150), nullable=True),
        sa.Column("entry_plate", sa.String(length=32), nullable=True),
        sa.Column("match_distance", sa.Double(), nullable=True),
        sa.Column("sighting_id", BIG_ID, nullable=True),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("gate_id", BIG_ID, nullable=True),
        sa.Column("gate_name", sa.String(length=150), nullable=True),
        sa.Column("gate_state", sa.String(length=16), nullable=False),
        sa.Column("gate_detail", sa.String(length=500), nullable=True),
        sa.Column("gate_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["gate_id"], ["gates.id"], name=op.f("fk_access_log_gate_id_gates"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_access_log_location_id_locations"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sightings.id"], name=op.f("fk_access_log_sighting_id_sightings"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_access_log_user_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["watchlist_id"], ["watchlists.id"], name=op.f("fk_access_log_watchlist_id_watchlists"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_access_log_decided_at_id"), "access_log", ["decided_at", "id"])
    op.create_index(op.f("ix_access_log_gate_id"), "access_log", ["gate_id"])
    op.create_index(op.f("ix_access_log_gate_state_decided_at"), "access_log", ["gate_state", "decided_at"])
    op.create_index(op.f("ix_access_log_location_id_decided_at_id"), "access_log", ["location_id", "decided_at", "id"])
    op.create_index(op.f("ix_access_log_plate_decided_at_id"), "access_log", ["plate", "decided_at", "id"])
    op.create_index(op.f("ix_access_log_sighting_id"), "access_log", ["sighting_id"])
    op.create_index(op.f("ix_access_log_user_id"), "access_log", ["user_id"])
    op.create_index(op.f("ix_access_log_watchlist_id"), "access_log", ["watchlist_id"])
