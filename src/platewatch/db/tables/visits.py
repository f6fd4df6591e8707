"""Stays of vehicles, and the passes in and out that they are derived from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from platewatch.db.base import LASTING_IDS, Base, BigId, PlateKey, WrittenPlateText
from platewatch.db.tables.locations import LocationRow


class PassRow(Base):
    """A pass through a location's entrance: a plate went in or out. Without a sighting, the pass was entered by hand.

    `plate_key` is the plate with look-alikes folded; passes of one such key at one location are derived together.
    """

    __tablename__ = "passes"
    __table_args__ = (Index(None, "location_id", "plate_key", "passed_at"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sighting_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sightings.id", ondelete="CASCADE"), unique=True)
    location_id: Mapped[int] = mapped_column(BigId, ForeignKey("locations.id", ondelete="CASCADE"))
    plate: Mapped[str] = mapped_column(PlateKey)
    written: Mapped[str | None] = mapped_column(WrittenPlateText)
    plate_key: Mapped[str] = mapped_column(PlateKey)
    direction: Mapped[str] = mapped_column(String(16))
    passed_at: Mapped[datetime]
    is_unsure: Mapped[bool] = mapped_column(default=False, server_default="0")


class VisitRow(Base):
    """A stay. It has an entry, an exit or both; `began_at` is the time of the first of them that is known.

    `ended_at` is when the vehicle stopped counting as inside: it left, or its next entry showed that it had. The slots
    are quarters of an hour since 1970, UTC. `fee` is in the currency's minor unit.
    """

    __tablename__ = "visits"
    __table_args__ = (
        Index(None, "began_at", "id"),
        Index(None, "plate", "began_at", "id"),
        Index(None, "location_id", "began_at", "id"),
        Index(None, "location_id", "plate_key", "ended_at"),
        Index(None, "location_id", "state", "entered_at"),
        Index(None, "location_id", "entered_slot", "duration_s"),
        Index(None, "location_id", "ended_slot", "entered_slot"),
        LASTING_IDS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id", ondelete="SET NULL"))
    plate: Mapped[str] = mapped_column(PlateKey)
    written: Mapped[str | None] = mapped_column(WrittenPlateText)
    plate_key: Mapped[str] = mapped_column(PlateKey)
    state: Mapped[str] = mapped_column(String(16))
    entry_pass_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("passes.id", ondelete="SET NULL"), index=True)
    exit_pass_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("passes.id", ondelete="SET NULL"), index=True)
    began_at: Mapped[datetime]
    entered_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    entered_slot: Mapped[int | None]
    ended_slot: Mapped[int | None]
    duration_s: Mapped[int | None] = mapped_column(BigInteger)
    fee: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    overstayed_at: Mapped[datetime | None]

    location: Mapped[LocationRow | None] = relationship(lazy="raise")
    entry: Mapped[PassRow | None] = relationship(lazy="raise", foreign_keys=[entry_pass_id])
    exit: Mapped[PassRow | None] = relationship(lazy="raise", foreign_keys=[exit_pass_id])


class VisitLockRow(Base):
    """One row a location; the transaction that changes it is the only one that derives visits there until it ends."""

    __tablename__ = "visit_locks"

    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("locations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    times_taken: Mapped[int] = mapped_column(BigInteger)
