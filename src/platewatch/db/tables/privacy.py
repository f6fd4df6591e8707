"""Retention policies, legal holds and records of erasures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import LASTING_IDS, Base, BigId, PlateKey, WrittenPlateText


class RetentionRow(Base):
    """Days after which images, crops and texts go; None keeps them. The row without a location is for all others.

    `is_default` is True for that row and None for all others; being unique, it keeps a second one away.
    """

    __tablename__ = "retention_policies"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id", ondelete="CASCADE"), unique=True)
    is_default: Mapped[bool | None] = mapped_column(unique=True)
    images_days: Mapped[int | None]
    crops_days: Mapped[int | None]
    text_days: Mapped[int | None]
    updated_at: Mapped[datetime]


class LegalHoldRow(Base):
    """Keeps one sighting, or all of one plate, from going. One of `plate` and `sighting_id` is set."""

    __tablename__ = "legal_holds"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate: Mapped[str | None] = mapped_column(PlateKey, index=True)
    written: Mapped[str | None] = mapped_column(WrittenPlateText)
    sighting_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sightings.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    username: Mapped[str | None] = mapped_column(String(150))
    created_at: Mapped[datetime]


class PrivacyRunRow(Base):
    """One run of the job that enforces retention, with what it took away."""

    __tablename__ = "privacy_runs"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(String(500))
