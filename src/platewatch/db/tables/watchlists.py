"""Lists of plates, what stands on them, and the sightings that fitted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from platewatch.db.base import LASTING_IDS, MYSQL_TABLE, Base, BigId, Json, NamedRow, PlateKey, WrittenPlateText


class WatchlistRow(NamedRow):
    """A list; `kind` is `allow`, `deny` or `watch`."""

    __tablename__ = "watchlists"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(String(500))
    enabled: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class WatchlistBatchRow(Base):
    """Entries that come and go together, so that a long list is replaced at one instant.

    They count while `state` is `live`. `staged` ones are being written, `dropped` ones are being deleted. No entry has
    a larger tolerance than `max_tolerance`.
    """

    __tablename__ = "watchlist_batches"
    __table_args__ = (Index(None, "watchlist_id", "state"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    watchlist_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("watchlists.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(16))
    max_tolerance: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime]


class WatchlistEntryRow(Base):
    """A plate, or a pattern with `?` and `*`, and when and where it counts.

    `plate` is the key, `written` the text as somebody typed it, None in rows from before that was kept.
    Unless `everywhere`, it counts at its locations only: an entry whose last location was deleted counts nowhere.
    `schedule` is written like `mon-fri 08:00-18:00; sat 09:00-12:00`, None is always. `tags` are kept with a comma on
    both sides of each.
    """

    __tablename__ = "watchlist_entries"
    __table_args__ = (Index(None, "plate"), Index(None, "batch_id", "created_at", "id"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("watchlist_batches.id"))
    plate: Mapped[str] = mapped_column(PlateKey)
    written: Mapped[str | None] = mapped_column(WrittenPlateText)
    region: Mapped[str | None] = mapped_column(String(16))
    tolerance: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    schedule: Mapped[str | None] = mapped_column(String(500))
    everywhere: Mapped[bool]
    owner: Mapped[str | None] = mapped_column(String(150))
    vehicle: Mapped[str | None] = mapped_column(String(150))
    note: Mapped[str | None] = mapped_column(String(500))
    tags: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    batch: Mapped[WatchlistBatchRow] = relationship(lazy="raise")


class WatchlistEntryLocationRow(Base):
    """A location at which an entry counts."""

    __tablename__ = "watchlist_entry_locations"

    entry_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("watchlist_entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("locations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class WatchlistVariantRow(Base):
    """A key under which an entry with a tolerance is found; two plates close enough have one in common.

    Patterns have the key 0, so that they can all be found.
    """

    __tablename__ = "watchlist_variants"
    __table_args__ = (MYSQL_TABLE | {"sqlite_with_rowid": False},)

    variant: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("watchlist_entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class WatchlistImportRow(Base):
    """One import of a file into a list, noted before it begins.

    `finished_at` is None while it is at work; `renewed_at` is when it last showed that it is. `problems` are the rows
    that can't be used, with the fields of `RowProblem`; `refused` is their number, so that a page is read without them.
    """

    __tablename__ = "watchlist_imports"
    __table_args__ = (Index(None, "started_at", "id"), Index(None, "watchlist_id", "started_at", "id"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    watchlist_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("watchlists.id", ondelete="SET NULL"))
    watchlist_name: Mapped[str] = mapped_column(String(150))
    mode: Mapped[str] = mapped_column(String(16))
    filename: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16))
    added: Mapped[int]
    skipped: Mapped[int]
    removed: Mapped[int]
    error: Mapped[str | None] = mapped_column(String(500))
    refused: Mapped[int] = mapped_column(default=0, server_default="0")
    problems: Mapped[Json | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    username: Mapped[str | None] = mapped_column(String(150))
    started_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class WatchlistVersionRow(Base):
    """One row, whose token is another one after every edit, so that each process notices."""

    __tablename__ = "watchlist_versions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    token: Mapped[str] = mapped_column(String(32))


class WatchlistMatchRow(Base):
    """A sighting that fitted an entry. The texts stay as they were, also when the entry is changed or deleted.

    `folded`: the two differ in the marks of their letters, which the key does not tell.

    `captured_at` is the sighting's, so that the newest sightings of a list are found without looking at them all.
    """

    __tablename__ = "watchlist_matches"
    __table_args__ = (
        Index(None, "watchlist_id", "captured_at", "sighting_id"),
        Index(None, "watchlist_id", "matched_at", "id"),
        Index(None, "matched_at", "id"),
        LASTING_IDS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sighting_id: Mapped[int] = mapped_column(BigId, ForeignKey("sightings.id", ondelete="CASCADE"), index=True)
    watchlist_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("watchlists.id", ondelete="SET NULL"))
    entry_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("watchlist_entries.id", ondelete="SET NULL"), index=True
    )
    watchlist_name: Mapped[str] = mapped_column(String(150))
    kind: Mapped[str] = mapped_column(String(16))
    plate: Mapped[str] = mapped_column(PlateKey)
    entry_plate: Mapped[str] = mapped_column(PlateKey)
    entry_written: Mapped[str | None] = mapped_column(WrittenPlateText)
    distance: Mapped[float] = mapped_column(Double)
    folded: Mapped[bool] = mapped_column(default=False, server_default="0")
    captured_at: Mapped[datetime]
    matched_at: Mapped[datetime]
