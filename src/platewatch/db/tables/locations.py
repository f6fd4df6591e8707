"""Sites and car parks, and what parking there costs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import LASTING_IDS, Base, BigId, NamedRow


class LocationRow(NamedRow):
    """A site or car park. `time_zone` is an IANA name, coordinates are degrees of WGS 84.

    `capacity` and `overstay_minutes` are None for no limit. Sightings of one vehicle in one direction within
    `same_pass_s` seconds (None for 0) count as one pass.
    """

    __tablename__ = "locations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address: Mapped[str | None] = mapped_column(String(500))
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    capacity: Mapped[int | None]
    overstay_minutes: Mapped[int | None]
    same_pass_s: Mapped[int | None]
    created_at: Mapped[datetime]


class TariffRow(Base):
    """The price of parking at a location from `valid_from` until its next tariff, in the currency's minor unit.

    Without a currency parking has no price from then on. `daily_cap` is the most for 24 hours, None for no limit.
    """

    __tablename__ = "tariffs"
    __table_args__ = (UniqueConstraint("location_id", "valid_from"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(BigId, ForeignKey("locations.id", ondelete="CASCADE"))
    valid_from: Mapped[datetime]
    currency: Mapped[str | None] = mapped_column(String(3))
    free_minutes: Mapped[int]
    unit_minutes: Mapped[int]
    unit_price: Mapped[int]
    daily_cap: Mapped[int | None]
