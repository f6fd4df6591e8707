"""The audit log: actions with user, time and address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import LASTING_IDS, Base, BigId


class AuditRow(Base):
    """One note; it is never changed and never deleted.

    `user_id` and `api_key_id` point to nothing and `username` is a copy: a note outlives the account that it names.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "noted_at", "id"),
        Index(None, "action", "noted_at", "id"),
        Index(None, "user_id", "noted_at", "id"),
        Index(None, "subject", "noted_at", "id"),
        LASTING_IDS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    noted_at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(BigId)
    username: Mapped[str | None] = mapped_column(String(150))
    api_key_id: Mapped[int | None] = mapped_column(BigId)
    address: Mapped[str | None] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(255))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
