"""Leases: the process that does work which only one may do at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import Base


class LeaseRow(Base):
    """The holder may do the work of this name until `expires_at`, or longer if it renews in time."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
