"""Gates, the rules of each location, and the log of every decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Double, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import LASTING_IDS, LONG_TEXT, Base, BigId, NamedRow, PlateKey, WrittenPlateText


class GatePolicyRow(Base):
    """The rules of one location. With `enabled`, every sighting there is decided on."""

    __tablename__ = "gate_policies"

    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("locations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    enabled: Mapped[bool]
    min_confidence: Mapped[float] = mapped_column(Double)
    unknown: Mapped[str] = mapped_column(String(16))
    folded: Mapped[str] = mapped_column(String(16), default="accept", server_default="accept")
    free_exit: Mapped[bool]
    anti_passback: Mapped[bool]
    check_capacity: Mapped[bool]
    cool_down_s: Mapped[int]
    arrival_s: Mapped[int]
    max_age_s: Mapped[int]
    updated_at: Mapped[datetime]


class GateRow(NamedRow):
    """A barrier or door, and how it is opened: `actuator` without secrets, as it is shown, and sealed as a whole."""

    __tablename__ = "gates"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(BigId, ForeignKey("locations.id", ondelete="CASCADE"), index=True)
    camera_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cameras.id", ondelete="SET NULL"), index=True)
    direction: Mapped[str] = mapped_column(String(16))
    enabled: Mapped[bool]
    actuator: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed_actuator: Mapped[str] = mapped_column(LONG_TEXT)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AccessLogRow(Base):
    """One decision, and what became of the gate that it was to open."""

    __tablename__ = "access_log"
    __table_args__ = (
        Index(None, "decided_at", "id"),
        Index(None, "plate", "decided_at", "id"),
        Index(None, "location_id", "decided_at", "id"),
        Index(None, "gate_state", "decided_at"),
        LASTING_IDS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate: Mapped[str] = mapped_column(PlateKey)
    written: Mapped[str | None] = mapped_column(WrittenPlateText)
    confidence: Mapped[float | None] = mapped_column(Double)
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id", ondelete="SET NULL"))
    direction: Mapped[str] = mapped_column(String(16))
    decision: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(String(500))
    watchlist_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("watchlists.id", ondelete="SET NULL"), index=True
    )
    watchlist_name: Mapped[str | None] = mapped_column(String(150))
    entry_plate: Mapped[str | None] = mapped_column(PlateKey)
    entry_written: Mapped[str | None] = mapped_column(WrittenPlateText)
    match_distance: Mapped[float | None] = mapped_column(Double)
    match_folded: Mapped[bool] = mapped_column(default=False, server_default="0")
    sighting_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sightings.id", ondelete="SET NULL"), index=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    decided_at: Mapped[datetime]
    gate_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("gates.id", ondelete="SET NULL"), index=True)
    gate_name: Mapped[str | None] = mapped_column(String(150))
    gate_state: Mapped[str] = mapped_column(String(16))
    gate_detail: Mapped[str | None] = mapped_column(String(500))
    gate_at: Mapped[datetime | None]
