"""The outbox: events for others, written in the transaction of the change that they report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import LASTING_IDS, Base, BigId


class EventRow(Base):
    """One event. Ids grow and are never used twice, so that a reader can say how far it has come."""

    __tablename__ = "events"
    __table_args__ = (LASTING_IDS,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    occurred_at: Mapped[datetime] = mapped_column(index=True)
