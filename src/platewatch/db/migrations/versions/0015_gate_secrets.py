"""Secrets of gates hidden, keys that keys made, imports of watchlists.

What was shown of a gate had its whole address, with the tokens in it, and the text of its call; both stay sealed beside
it. The log had what gates answered with its control characters.

Revision: 0015.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
MYSQL_TABLE: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
BATCH = 1000
HIDDEN = "***"
# Copies of the rules of this revision: a migration stays as it was when the code moves on.
URL = re.compile(r"(https?://)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.IGNORECASE | re.DOTALL)
TOKEN = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[^/]{16,}|[^/]{24,}")
PLAIN_WORD = re.compile(r"[A-Za-z]{1,20}|[01]?")
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def upgrade() -> None:
    hide_secrets_of_gates()
    clean_access_log()
    # A plain column, added in place; the rows of keys go with their owners only.
    op.add_column("api_keys", sa.Column("maker_key_id", BIG_ID, nullable=True))
    create_watchlist_imports()


def downgrade() -> None:
    op.drop_table("watchlist_imports")
    op.drop_column("api_keys", "maker_key_id")


def hide_secrets_of_gates() -> None:
    gates = sa.table("gates", sa.column("id", BIG_ID), sa.column("actuator", sa.JSON()))
    connection = op.get_bind()
    for gate_id, actuator in connection.execute(sa.select(gates.c.id, gates.c.actuator)).all():
        shown = dict(actuator)
        if "url" in shown:
            shown["url"] = hidden_url(shown["url"])
        for field in ("body", "payload"):
            if shown.get(field) is not None and not PLAIN_WORD.fullmatch(shown[field]):
                shown[field] = HIDDEN
        connection.execute(sa.update(gates).where(gates.c.id == gate_id).values(actuator=shown))


def hidden_url(url: str) -> str:
    parts = URL.fullmatch(url)
    if parts is None:
        return HIDDEN
    scheme, host, path, query, fragment = (part or "" for part in parts.groups())
    account, at, host = host.rpartition("@")
    path = "/".join(HIDDEN if TOKEN.fullmatch(part) else part for part in path.split("/"))
    shown = "&".join(hidden_parameter(parameter) for parameter in query.removeprefix("?").split("&"))
    question = "?" if query else ""
    return f"{scheme}{HIDDEN if account else ''}{at}{host}{path}{question}{shown}{'#' + HIDDEN if fragment else ''}"


def hidden_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:
        return HIDDEN if name else ""
    return f"{name}={HIDDEN if value else ''}"


def clean_access_log() -> None:
    log = sa.table(
        "access_log",
        sa.column("id", BIG_ID),
        sa.column("gate_state", sa.String()),
        sa.column("gate_detail", sa.String()),
    )
    connection = op.get_bind()
    after = 0
    while True:
        # Only what failed has a device's own words.
        failed = sa.select(log.c.id, log.c.gate_detail).where(log.c.gate_state == "failed", log.c.id > after)
        rows = connection.execute(failed.order_by(log.c.id).limit(BATCH)).all()
        for row in rows:
            cleaned = CONTROLS.sub("\N{REPLACEMENT CHARACTER}", row.gate_detail or "")
            if cleaned != (row.gate_detail or ""):
                connection.execute(sa.update(log).where(log.c.id == row.id).values(gate_detail=cleaned))
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def create_watchlist_imports() -> None:
    op.create_table(
        "watchlist_imports",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("watchlist_id", BIG_ID, nullable=True),
        sa.Column("watchlist_name", sa.String(length=150), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("username", sa.String(length=150), nullable=True),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("renewed_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_watchlist_imports_user_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["watchlist_id"],
            ["watchlists.id"],
            name=op.f("fk_watchlist_imports_watchlist_id_watchlists"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist_imports")),
        sqlite_autoincrement=True,
        **MYSQL_TABLE,
    )
    op.create_index(op.f("ix_watchlist_imports_started_at_id"), "watchlist_imports", ["started_at", "id"])
    op.create_index(op.f("ix_watchlist_imports_user_id"), "watchlist_imports", ["user_id"])
    op.create_index(
        op.f("ix_watchlist_imports_watchlist_id_started_at_id"),
        "watchlist_imports",
        ["watchlist_id", "started_at", "id"],
    )
