"""Accounts: second factor, recovery codes, audit log.

Revision: 0002.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    add_second_factor()
    create_recovery_codes()
    create_audit_log()


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_table("recovery_codes")
    for column in ("totp_last_step", "totp_confirmed_at", "sealed_totp_secret"):
        op.drop_column("users", column)


def add_second_factor() -> None:
    # Plain columns are added in place; a batch would build `users` anew and, on SQLite, empty what points to it.
    op.add_column("users", sa.Column("sealed_totp_secret", sa.String(length=255), nullable=True))
    op.add_column("users", sa.Column("totp_confirmed_at", INSTANT, nullable=True))
    op.add_column("users", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))


def create_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_codes_user_id_code_hash")),
        **MYSQL_TABLE,
    )


def create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("username", sa.String(length=150), nullable=True),
        sa.Column("api_key_id", BIG_ID, nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_audit_log_noted_at_id"), "audit_log", ["noted_at", "id"])
    op.create_index(op.f("ix_audit_log_action_noted_at_id"), "audit_log", ["action", "noted_at", "id"])
    op.create_index(op.f("ix_audit_log_user_id_noted_at_id"), "audit_log", ["user_id", "noted_at", "id"])
    op.create_index(op.f("ix_audit_log_subject_noted_at_id"), "audit_log", ["subject", "noted_at", "id"])
