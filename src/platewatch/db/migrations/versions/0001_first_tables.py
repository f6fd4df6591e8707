"""The first tables.

Revision: 0001.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Types are spelled out here and not taken from the models: a migration stays as it was when the models move on.
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")
REGION = sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
TABLES = (
    "users",
    "login_sessions",
    "api_keys",
    "locations",
    "cameras",
    "images",
    "sightings",
    "events",
    "idempotency_keys",
    "media_blobs",
    "media_marks",
)


def upgrade() -> None:
    create_users()
    create_login_sessions()
    create_api_keys()
    create_locations()
    create_cameras()
    create_images()
    create_sightings()
    create_events()
    create_idempotency_keys()
    create_media()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("username", sa.String(length=150), nullable=False),
        sa.Column("username_key", sa.String(length=150), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("is_first", name=op.f("uq_users_is_first")),
        sa.UniqueConstraint("username_key", name=op.f("uq_users_username_key")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )


def create_login_sessions() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_login_sessions_expires_at"), "login_sessions", ["expires_at"])
    op.create_index(op.f("ix_login_sessions_user_id"), "login_sessions", ["user_id"])


def create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_api_keys_user_id"), "api_keys", ["user_id"])


def create_locations() -> None:
    op.create_table(
        "locations",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint("name", name=op.f("uq_locations_name")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )


def create_cameras() -> None:
    op.create_table(
        "cameras",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("location_id", BIG_ID, nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_cameras_location_id_locations"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cameras")),
        sa.UniqueConstraint("name", name=op.f("uq_cameras_name")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_cameras_location_id"), "cameras", ["location_id"])


def create_images() -> None:
    op.create_table(
        "images",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("media_key", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("byte_size", sa.Integer(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_images_user_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_images_media_key"), "images", ["media_key"])
    op.create_index(op.f("ix_images_user_id"), "images", ["user_id"])


def create_sightings() -> None:
    op.create_table(
        "sightings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("region", REGION, nullable=True),
        sa.Column("region_confidence", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("characters", sa.JSON(), nullable=False),
        sa.Column("alternatives", sa.JSON(), nullable=False),
        sa.Column("corners", sa.JSON(), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("vehicle_type", sa.String(length=16), nullable=True),
        sa.Column("vehicle_color", sa.String(length=32), nullable=True),
        sa.Column("vehicle_make", sa.String(length=64), nullable=True),
        sa.Column("camera_id", BIG_ID, nullable=True),
        sa.Column("location_id", BIG_ID, nullable=True),
        sa.Column("image_id", BIG_ID, nullable=True),
        sa.Column("crop_key", sa.String(length=64), nullable=True),
        sa.Column("captured_at", INSTANT, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("detector", sa.String(length=64), nullable=False),
        sa.Column("recognizer", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["cameras.id"], name=op.f("fk_sightings_camera_id_cameras"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_sightings_image_id_images"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_sightings_location_id_locations"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sightings_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sightings")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_sightings_camera_id_captured_at"), "sightings", ["camera_id", "captured_at"])
    op.create_index(op.f("ix_sightings_captured_at_id"), "sightings", ["captured_at", "id"])
    op.create_index(op.f("ix_sightings_crop_key"), "sightings", ["crop_key"])
    op.create_index(op.f("ix_sightings_image_id"), "sightings", ["image_id"])
    op.create_index(op.f("ix_sightings_location_id_captured_at"), "sightings", ["location_id", "captured_at"])
    op.create_index(op.f("ix_sightings_plate_captured_at_id"), "sightings", ["plate", "captured_at", "id"])
    op.create_index(op.f("ix_sightings_user_id"), "sightings", ["user_id"])
    for column in ("vehicle_type", "vehicle_color", "vehicle_make"):
        told = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            op.f(f"ix_sightings_{column}_captured_at_id"),
            "sightings",
            [column, "captured_at", "id"],
            sqlite_where=told,
            postgresql_where=told,
        )


def create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_events_occurred_at"), "events", ["occurred_at"])


def create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("owner", "key", name=op.f("uq_idempotency_keys_owner_key")),
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])


def create_media() -> None:
    op.create_table(
        "media_blobs",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("data", BLOB, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_media_blobs")),
        **MYSQL_TABLE,
    )
    op.create_table(
        "media_marks",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("marked_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", "holder", name=op.f("pk_media_marks")),
        **MYSQL_TABLE,
    )
