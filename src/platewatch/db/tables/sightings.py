"""Passes of vehicles, and the images that they were read from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, String, text
from sqlalchemy.engine.interfaces import ExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from platewatch.db.base import (
    LASTING_IDS,
    MYSQL_TABLE,
    Base,
    BigId,
    CornerPoints,
    PlateKey,
    Points,
    ScoredText,
    ScoredTexts,
    WrittenPlateText,
    slot_of,
)
from platewatch.db.tables.cameras import CameraRow
from platewatch.db.tables.locations import LocationRow
from platewatch.db.tables.users import UserRow

RegionText = String(16).with_variant(String(16, collation="C"), "postgresql")
"""Sorted by code points on every database, so that a country and its states lie side by side."""


def _captured_slot(context: ExecutionContext) -> int:
    return slot_of(context.get_current_parameters()["captured_at"])  # type: ignore[attr-defined]  # a default's context


_PHOTO_IS_KNOWN = text("photo_hash IS NOT NULL")


def _index_where_present(column: str) -> Index:
    """By the column and time; on SQLite and PostgreSQL only of rows that have it: others cost nothing there."""
    is_present = text(f"{column} IS NOT NULL")
    return Index(None, column, "captured_at", "id", sqlite_where=is_present, postgresql_where=is_present)


class ImageRow(Base):
    """One upload or frame. Several rows may share one `media_key`, because equal bytes are kept once."""

    __tablename__ = "images"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    media_key: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    width: Mapped[int]
    height: Mapped[int]
    byte_size: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]


class SightingRow(Base):
    """One pass of one vehicle. `corners` are pixels of the upright image; a sighting written by hand has none.

    `plate` is the key of what holds now, `written` that plate as somebody typed it, None where it was read.
    `characters` is what was read, and `read_plate` the key as it was read, None while that is `plate` still. A plate
    that no list names may stand here as a pseudonym, which begins with `~` and has no written text.
    `region_confidence` (0..1) is None where the recognizer gives none, and 1 where somebody entered the region.
    The vehicle's details are lower case; None where nobody entered them.
    `captured_at_source` says where that time comes from; None in rows of versions that didn't keep it.
    `is_unsure`: the reading was below the level of the setting when it was recorded, and nobody confirmed it since.
    `photo_hash` is the SHA-256 of the photo's file as it was sent, in hex.
    `captured_slot` is the quarter hour of `captured_at`, for statistics, which read the two last indexes alone.
    """

    __tablename__ = "sightings"
    __table_args__ = (
        # Holds what most filters ask for, so that rows that are passed over are never fetched.
        Index(None, "captured_at", "id", "plate", "confidence", "direction"),
        Index(None, "plate", "captured_at", "id"),
        Index(None, "region", "captured_at", "id"),
        Index(None, "is_corrected", "captured_at", "id"),
        Index(None, "is_unsure", "captured_at", "id"),
        Index(None, "photo_hash", sqlite_where=_PHOTO_IS_KNOWN, postgresql_where=_PHOTO_IS_KNOWN),
        _index_where_present("vehicle_type"),
        _index_where_present("vehicle_color"),
        _index_where_present("vehicle_make"),
        Index(None, "confidence", "id"),
        Index(None, "location_id", "captured_at"),
        Index(None, "camera_id", "captured_at"),
        Index(
            "ix_sightings_facts",
            "location_id",
            "captured_slot",
            "camera_id",
            "direction",
            "region",
            "vehicle_type",
            "confidence",
            "recognizer",
            "is_unsure",
            "plate",
        ),
        Index("ix_sightings_plates", "plate", "location_id", "captured_slot"),
        LASTING_IDS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plate: Mapped[str] = mapped_column(PlateKey)
    written: Mapped[str | None] = mapped_column(WrittenPlateText)
    read_plate: Mapped[str | None] = mapped_column(PlateKey, index=True)
    is_corrected: Mapped[bool] = mapped_column(default=False, server_default="0")
    is_unsure: Mapped[bool] = mapped_column(default=False, server_default="0")
    region: Mapped[str | None] = mapped_column(RegionText)
    region_confidence: Mapped[float | None] = mapped_column(Double)
    # 64 bits: MySQL's FLOAT would turn 0.93 into 0.930000007.
    confidence: Mapped[float] = mapped_column(Double)
    characters: Mapped[list[ScoredText]] = mapped_column(ScoredTexts)
    alternatives: Mapped[list[ScoredText]] = mapped_column(ScoredTexts)
    corners: Mapped[CornerPoints] = mapped_column(Points)
    direction: Mapped[str] = mapped_column(String(16))
    vehicle_type: Mapped[str | None] = mapped_column(String(16))
    vehicle_color: Mapped[str | None] = mapped_column(String(32))
    vehicle_make: Mapped[str | None] = mapped_column(String(64))
    camera_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cameras.id", ondelete="SET NULL"))
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id", ondelete="SET NULL"))
    image_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("images.id", ondelete="SET NULL"), index=True)
    crop_key: Mapped[str | None] = mapped_column(String(64), index=True)
    photo_hash: Mapped[str | None] = mapped_column(String(64))
    captured_at: Mapped[datetime]
    captured_at_source: Mapped[str | None] = mapped_column(String(8))
    captured_slot: Mapped[int] = mapped_column(default=_captured_slot, server_default="0")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    source: Mapped[str] = mapped_column(String(16))
    detector: Mapped[str] = mapped_column(String(64))
    recognizer: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(150))
    note: Mapped[str | None] = mapped_column(String(500))

    camera: Mapped[CameraRow | None] = relationship(lazy="raise")
    location: Mapped[LocationRow | None] = relationship(lazy="raise")
    image: Mapped[ImageRow | None] = relationship(lazy="raise")
    user: Mapped[UserRow | None] = relationship(lazy="raise")


class PhotoLockRow(Base):
    """A lock with one of a few numbers: photos of one number are recorded one after the other."""

    __tablename__ = "photo_locks"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    times_taken: Mapped[int] = mapped_column(BigInteger)


class CorrectionRow(Base):
    """One change of a sighting: `before` and `after` hold the fields that changed. Never changed itself."""

    __tablename__ = "sighting_corrections"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sighting_id: Mapped[int] = mapped_column(BigId, ForeignKey("sightings.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(300))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    username: Mapped[str | None] = mapped_column(String(150))
    corrected_at: Mapped[datetime]


class PlateTextRow(Base):
    """Each plate that a sighting has now, once."""

    __tablename__ = "plate_texts"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(PlateKey, unique=True)


class PlateKeyRow(Base):
    """Keys by which a plate is found that is known in part only.

    There is no foreign key: a plate's keys follow from its text, and the index that one needs would double the table.
    """

    __tablename__ = "plate_keys"
    __table_args__ = (MYSQL_TABLE | {"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    plate_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
