"""Sites and car parks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import BigId, NamedRow


class LocationRow(NamedRow):
    """A site or car park."""

    __tablename__ = "locations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    created_at: Mapped[datetime]
