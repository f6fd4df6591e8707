"""Corrections, the search of plates known in part, imports and privacy.

Revision: 0005.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
PLATE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = (
    "sighting_corrections",
    "plate_texts",
    "plate_keys",
    "leases",
    "import_jobs",
    "import_files",
    "retention_policies",
    "legal_holds",
    "privacy_runs",
)
FOLD = str.maketrans("ODQILZSGB", "000112568")
GRAM = 3
BATCH = 1000


def upgrade() -> None:
    extend_sightings()
    create_corrections()
    create_plate_texts()
    create_leases()
    create_imports()
    create_privacy()
    fill_plate_texts()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for columns in (
        ["read_plate"],
        ["confidence", "id"],
        ["is_corrected", "captured_at", "id"],
        ["region", "captured_at", "id"],
        ["captured_at", "id", "plate", "confidence", "direction"],
    ):
        op.drop_index(op.f(f"ix_sightings_{'_'.join(columns)}"), "sightings")
    op.create_index(op.f("ix_sightings_captured_at_id"), "sightings", ["captured_at", "id"])
    for column in ("note", "subject", "is_corrected", "read_plate"):
        op.drop_column("sightings", column)


def extend_sightings() -> None:
    # Added in place: no copy of the table is made, on SQLite neither.
    op.add_column("sightings", sa.Column("read_plate", sa.String(length=32), nullable=True))
    op.add_column("sightings", sa.Column("is_corrected", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("sightings", sa.Column("subject", sa.String(length=150), nullable=True))
    op.add_column("sightings", sa.Column("note", sa.String(length=500), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("sightings", "plate", type_=sa.String(length=32, collation="C"), existing_nullable=False)
    op.drop_index(op.f("ix_sightings_captured_at_id"), "sightings")
    for columns in (
        ["captured_at", "id", "plate", "confidence", "direction"],
        ["region", "captured_at", "id"],
        ["is_corrected", "captured_at", "id"],
        ["confidence", "id"],
        ["read_plate"],
    ):
        op.create_index(op.f(f"ix_sightings_{'_'.join(columns)}"), "sightings", columns)


def create_corrections() -> None:
    op.create_table(
        "sighting_corrections",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sighting_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("username", sa.String(length=150), nullable=True),
        sa.Column("corrected_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["sighting_id"],
            ["sightings.id"],
            name=op.f("fk_sighting_corrections_sighting_id_sightings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sighting_corrections_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting_corrections")),
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_sighting_corrections_sighting_id"), "sighting_corrections", ["sighting_id"])
    op.create_index(op.f("ix_sighting_corrections_user_id"), "sighting_corrections", ["user_id"])


def create_plate_texts() -> None:
    op.create_table(
        "plate_texts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("text", PLATE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate_texts")),
        sa.UniqueConstraint("text", name=op.f("uq_plate_texts_text")),
        **MYSQL_TABLE,
    )
    op.create_table(
        "plate_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("plate_id", BIG_ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "plate_id", name=op.f("pk_plate_keys")),
        sqlite_with_rowid=False,
        **MYSQL_TABLE,
    )


def create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        **MYSQL_TABLE,
    )


def create_imports() -> None:
    op.create_table(
        "import_jobs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=1000), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("camera", sa.String(length=150), nullable=True),
        sa.Column("location", sa.String(length=150), nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_import_jobs_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_jobs")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_import_jobs_state"), "import_jobs", ["state"])
    op.create_index(op.f("ix_import_jobs_user_id"), "import_jobs", ["user_id"])
    op.create_table(
        "import_files",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("job_id", BIG_ID, nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.Column("captured_at", INSTANT, nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"], ["import_jobs.id"], name=op.f("fk_import_files_job_id_import_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_files")),
        sa.UniqueConstraint("job_id", "path", name=op.f("uq_import_files_job_id_path")),
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_import_files_job_id_state_id"), "import_files", ["job_id", "state", "id"])


def create_privacy() -> None:
    op.create_table(
        "retention_policies",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("location_id", BIG_ID, nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=True),
        sa.Column("images_days", sa.Integer(), nullable=True),
        sa.Column("crops_days", sa.Integer(), nullable=True),
        sa.Column("text_days", sa.Integer(), nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["locations.id"],
            name=op.f("fk_retention_policies_location_id_locations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_policies")),
        sa.UniqueConstraint("is_default", name=op.f("uq_retention_policies_is_default")),
        sa.UniqueConstraint("location_id", name=op.f("uq_retention_policies_location_id")),
        **MYSQL_TABLE,
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=True),
        sa.Column("sighting_id", BIG_ID, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("username", sa.String(length=150), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sightings.id"], name=op.f("fk_legal_holds_sighting_id_sightings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_legal_holds_plate"), "legal_holds", ["plate"])
    op.create_index(op.f("ix_legal_holds_sighting_id"), "legal_holds", ["sighting_id"])
    op.create_table(
        "privacy_runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_runs")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_privacy_runs_started_at"), "privacy_runs", ["started_at"])


def fill_plate_texts() -> None:
    """Make the plates that are there findable by their parts, as the service does for those that come."""
    connection = op.get_bind()
    connection.execute(sa.text("INSERT INTO plate_texts (text) SELECT DISTINCT plate FROM sightings"))
    keys = sa.table("plate_keys", sa.column("key", sa.BigInteger), sa.column("plate_id", sa.BigInteger))
    after_id = 0
    while rows := connection.execute(
        sa.text("SELECT id, text FROM plate_texts WHERE id > :after_id ORDER BY id LIMIT :batch"),
        {"after_id": after_id, "batch": BATCH},
    ).all():
        made = [{"key": key, "plate_id": plate_id} for plate_id, text in rows for key in set(keys_of(text))]
        connection.execute(sa.insert(keys), made)
        after_id = rows[-1][0]


def keys_of(text: str) -> Iterator[int]:
    folded = text.translate(FOLD)
    yield hashed("-" + folded)
    for index in range(len(folded)):
        yield hashed("-" + folded[:index] + folded[index + 1 :])
    for index in range(len(text) - GRAM + 1):
        yield hashed("+" + text[index : index + GRAM])


def hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
