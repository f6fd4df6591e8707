"""Passes of vehicles, and the images that they were read from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from platewatch.db.base import MYSQL_TABLE, Base, BigId, CornerPoints, Points, ScoredText, ScoredTexts
from platewatch.db.tables.cameras import CameraRow
from platewatch.db.tables.locations import LocationRow
from platewatch.db.tables.users import UserRow


class ImageRow(Base):
    """One upload or frame. Several rows may share one `media_key`, because equal bytes are kept once."""

    __tablename__ = "images"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    media_key: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    width: Mapped[int]
    height: Mapped[int]
    byte_size: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]


class SightingRow(Base):
    """One pass of one vehicle, as it was read. `corners` are pixels of the upright image."""

    __tablename__ = "sightings"
    __table_args__ = (
        Index(None, "captured_at", "id"),
        Index(None, "plate", "captured_at", "id"),
        Index(None, "location_id", "captured_at"),
        Index(None, "camera_id", "captured_at"),
        MYSQL_TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate: Mapped[str] = mapped_column(String(32))
    region: Mapped[str | None] = mapped_column(String(16))
    # 64 bits: MySQL's FLOAT would turn 0.93 into 0.930000007.
    confidence: Mapped[float] = mapped_column(Double)
    characters: Mapped[list[ScoredText]] = mapped_column(ScoredTexts)
    alternatives: Mapped[list[ScoredText]] = mapped_column(ScoredTexts)
    corners: Mapped[CornerPoints] = mapped_column(Points)
    direction: Mapped[str] = mapped_column(String(16))
    camera_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cameras.id", ondelete="SET NULL"))
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id", ondelete="SET NULL"))
    image_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("images.id", ondelete="SET NULL"), index=True)
    crop_key: Mapped[str | None] = mapped_column(String(64), index=True)
    captured_at: Mapped[datetime]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    source: Mapped[str] = mapped_column(String(16))
    detector: Mapped[str] = mapped_column(String(64))
    recognizer: Mapped[str] = mapped_column(String(64))

    camera: Mapped[CameraRow | None] = relationship(lazy="raise")
    location: Mapped[LocationRow | None] = relationship(lazy="raise")
    image: Mapped[ImageRow | None] = relationship(lazy="raise")
    user: Mapped[UserRow | None] = relationship(lazy="raise")
