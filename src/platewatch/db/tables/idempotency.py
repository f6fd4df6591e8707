"""Answers that are kept, so that a request sent twice is done once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import LASTING_IDS, Base, BigId, Json


class IdempotencyRow(Base):
    """The answer to a request with an Idempotency-Key, written in the transaction that the request made."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("owner", "key"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(String(64))
    response: Mapped[Json] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(index=True)
