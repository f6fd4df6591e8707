"""Locations and cameras in full, visits and tariffs.

Revision: 0003.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
# Columns are added and dropped in place: a table made anew on SQLite would, while the old one goes, empty all that
# points to it.
SLOTS = {
    # Without the fraction, which SQLite would round to the next second.
    "sqlite": "CAST(strftime('%s', substr(captured_at, 1, 19)) AS INTEGER) / 900",
    "mysql": "FLOOR(TIMESTAMPDIFF(SECOND, '1970-01-01', captured_at) / 900)",
    "postgresql": "FLOOR(EXTRACT(EPOCH FROM captured_at) / 900)",
}


def upgrade() -> None:
    widen_locations()
    widen_cameras()
    add_slots()
    create_tariffs()
    create_passes()
    create_visits()


def downgrade() -> None:
    for table in ("visit_locks", "visits", "passes", "tariffs"):
        op.drop_table(table)
    # MySQL wants an index for the foreign key at every moment: the older ones are there already.
    op.drop_index("ix_sightings_plates", "sightings")
    op.drop_index("ix_sightings_facts", "sightings")
    op.drop_column("sightings", "captured_slot")
    for column in ("disabled_at", "sealed_source_url", "source_url"):
        op.drop_column("cameras", column)
    for column in ("same_pass_s", "overstay_minutes", "capacity", "time_zone", "longitude", "latitude", "address"):
        op.drop_column("locations", column)


def widen_locations() -> None:
    op.add_column("locations", sa.Column("address", sa.String(length=500), nullable=True))
    op.add_column("locations", sa.Column("latitude", sa.Double(), nullable=True))
    op.add_column("locations", sa.Column("longitude", sa.Double(), nullable=True))
    op.add_column("locations", sa.Column("time_zone", sa.String(length=64), server_default="UTC", nullable=False))
    op.add_column("locations", sa.Column("capacity", sa.Integer(), nullable=True))
    op.add_column("locations", sa.Column("overstay_minutes", sa.Integer(), nullable=True))
    op.add_column("locations", sa.Column("same_pass_s", sa.Integer(), nullable=True))


def widen_cameras() -> None:
    op.add_column("cameras", sa.Column("source_url", LONG_TEXT, nullable=True))
    op.add_column("cameras", sa.Column("sealed_source_url", LONG_TEXT, nullable=True))
    op.add_column("cameras", sa.Column("disabled_at", INSTANT, nullable=True))


def add_slots() -> None:
    op.add_column("sightings", sa.Column("captured_slot", sa.Integer(), server_default="0", nullable=False))
    op.execute(f"UPDATE sightings SET captured_slot = {SLOTS[op.get_bind().dialect.name]}")  # noqa: S608  # no input in it
    op.create_index(
        "ix_sightings_facts",
        "sightings",
        ["location_id", "captured_slot", "camera_id", "direction", "region", "vehicle_type", "confidence", "plate"],
    )
    op.create_index("ix_sightings_plates", "sightings", ["plate", "location_id", "captured_slot"])


def create_tariffs() -> None:
    op.create_table(
        "tariffs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("valid_from", INSTANT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("free_minutes", sa.Integer(), nullable=False),
        sa.Column("unit_minutes", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Integer(), nullable=False),
        sa.Column("daily_cap", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_tariffs_location_id_locations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariffs")),
        sa.UniqueConstraint("location_id", "valid_from", name=op.f("uq_tariffs_location_id_valid_from")),
        **MYSQL_TABLE,
    )


def create_passes() -> None:
    op.create_table(
        "passes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sighting_id", BIG_ID, nullable=True),
        sa.Column("location_id", BIG_ID, nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("plate_key", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("passed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_passes_location_id_locations"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sightings.id"], name=op.f("fk_passes_sighting_id_sightings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passes")),
        sa.UniqueConstraint("sighting_id", name=op.f("uq_passes_sighting_id")),
        **MYSQL_TABLE,
    )
    op.create_index(
        op.f("ix_passes_location_id_plate_key_passed_at"), "passes", ["location_id", "plate_key", "passed_at"]
    )


def create_visits() -> None:
    op.create_table(
        "visits",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=True),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("plate_key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("entry_pass_id", BIG_ID, nullable=True),
        sa.Column("exit_pass_id", BIG_ID, nullable=True),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("entered_at", INSTANT, nullable=True),
        sa.Column("left_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("entered_slot", sa.Integer(), nullable=True),
        sa.Column("ended_slot", sa.Integer(), nullable=True),
        sa.Column("duration_s", sa.BigInteger(), nullable=True),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("overstayed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_pass_id"], ["passes.id"], name=op.f("fk_visits_entry_pass_id_passes"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["exit_pass_id"], ["passes.id"], name=op.f("fk_visits_exit_pass_id_passes"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_visits_location_id_locations"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    for columns in (
        ["began_at", "id"],
        ["plate", "began_at", "id"],
        ["location_id", "began_at", "id"],
        ["location_id", "plate_key", "ended_at"],
        ["location_id", "state", "entered_at"],
        ["location_id", "entered_slot", "duration_s"],
        ["location_id", "ended_slot", "entered_slot"],
        ["entry_pass_id"],
        ["exit_pass_id"],
    ):
        op.create_index(op.f(f"ix_visits_{'_'.join(columns)}"), "visits", columns)
    op.create_table(
        "visit_locks",
        sa.Column("location_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("times_taken", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_visit_locks_location_id_locations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_visit_locks")),
        **MYSQL_TABLE,
    )
