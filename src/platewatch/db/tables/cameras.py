"""Sources of frames."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from platewatch.db.base import LONG_TEXT, BigId, NamedRow
from platewatch.db.tables.locations import LocationRow


class CameraRow(NamedRow):
    """A camera; `direction` says which way the vehicles that it sees go.

    `source_url` has `***` for its secrets, as it is shown; the whole address is sealed. An enabled camera has no
    `disabled_at`.
    """

    __tablename__ = "cameras"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id", ondelete="SET NULL"), index=True)
    direction: Mapped[str] = mapped_column(String(16))
    source_url: Mapped[str | None] = mapped_column(LONG_TEXT)
    sealed_source_url: Mapped[str | None] = mapped_column(LONG_TEXT)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    location: Mapped[LocationRow | None] = relationship(lazy="raise")
