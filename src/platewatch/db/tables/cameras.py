"""Sources of frames."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from platewatch.db.base import BigId, NamedRow
from platewatch.db.tables.locations import LocationRow


class CameraRow(NamedRow):
    """A camera; `direction` says which way the vehicles that it sees go."""

    __tablename__ = "cameras"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id", ondelete="SET NULL"), index=True)
    direction: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]

    location: Mapped[LocationRow | None] = relationship(lazy="raise")
