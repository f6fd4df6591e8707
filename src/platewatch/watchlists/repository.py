"""Lists, entries and matches in the database."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from platewatch.db.repository import Cursor, NamedRepository, NewestFirst, Page, Repository, is_duplicate
from platewatch.db.tables import (
    LocationRow,
    WatchlistBatchRow,
    WatchlistEntryLocationRow,
    WatchlistEntryRow,
    WatchlistMatchRow,
    WatchlistRow,
    WatchlistVariantRow,
    WatchlistVersionRow,
)
from platewatch.errors import PlateTextError
from platewatch.plates.matching import LIKE_ESCAPE, is_pattern, pattern_key, wildcard_to_like
from platewatch.watchlists.matching import Entry
from platewatch.watchlists.places import Places
from platewatch.watchlists.schedule import parse_schedule
from platewatch.watchlists.schemas import EntryQuery, MatchQuery
from platewatch.watchlists.variants import PATTERN_KEY

_NEWEST_ENTRIES = NewestFirst(WatchlistEntryRow.created_at, WatchlistEntryRow.id)
_NEWEST_MATCHES = NewestFirst(WatchlistMatchRow.matched_at, WatchlistMatchRow.id)
_VERSION_ID: Final = 1

# Tables and not objects: this is asked with every sighting, and takes a third of the time.
_ENTRY = WatchlistEntryRow.__table__
_VARIANT = WatchlistVariantRow.__table__
_VERSION = WatchlistVersionRow.__table__
_COLUMNS = (
    _ENTRY.c.id,
    _ENTRY.c.batch_id,
    _ENTRY.c.plate,
    _ENTRY.c.written,
    _ENTRY.c.region,
    _ENTRY.c.tolerance,
    _ENTRY.c.valid_from,
    _ENTRY.c.valid_to,
    _ENTRY.c.schedule,
    _ENTRY.c.everywhere,
    _ENTRY.c.owner,
    _ENTRY.c.vehicle,
    _ENTRY.c.note,
    _ENTRY.c.tags,
)
_SAME_PLATE = select(*_COLUMNS).where(_ENTRY.c.plate == bindparam("plate"))
_WITH_VARIANT = (
    select(*_COLUMNS)
    .join(_VARIANT, _VARIANT.c.entry_id == _ENTRY.c.id)
    .where(_VARIANT.c.variant.in_(bindparam("keys", expanding=True)))
)
_EITHER = union_all(_SAME_PLATE, _WITH_VARIANT)
_TOKEN = select(_VERSION.c.token).where(_VERSION.c.id == _VERSION_ID)


class BatchState(StrEnum):
    STAGED = "staged"
    LIVE = "live"
    DROPPED = "dropped"


class WatchlistRepository(NamedRepository[WatchlistRow]):
    row = WatchlistRow
    kind = "watchlist"

    def all_by_name(self) -> list[WatchlistRow]:
        return list(self.session.scalars(select(WatchlistRow).order_by(WatchlistRow.name)))

    def enabled_with_batch(self) -> list[tuple[WatchlistRow, WatchlistBatchRow]]:
        query = (
            select(WatchlistRow, WatchlistBatchRow)
            .join(WatchlistBatchRow, WatchlistBatchRow.watchlist_id == WatchlistRow.id)
            .where(WatchlistRow.enabled, WatchlistBatchRow.state == BatchState.LIVE)
        )
        return [(row, batch) for row, batch in self.session.execute(query)]


class BatchRepository(Repository[WatchlistBatchRow]):
    row = WatchlistBatchRow
    kind = "batch"

    def live_of(self, watchlist_id: int) -> WatchlistBatchRow:
        """The batch that counts; every list has one."""
        query = select(WatchlistBatchRow).where(
            WatchlistBatchRow.watchlist_id == watchlist_id, WatchlistBatchRow.state == BatchState.LIVE
        )
        return self.session.scalars(query).one()

    def lock_live_of(self, watchlist_id: int) -> WatchlistBatchRow | None:
        """The batch that counts, which nobody else can replace until the transaction ends; None if the list is gone."""
        # The list's row is the lock: the batch may be another one by the time that the lock is there.
        locked = select(WatchlistRow.id).where(WatchlistRow.id == watchlist_id).with_for_update()
        if self.session.scalar(locked) is None:
            return None
        return self.live_of(watchlist_id)

    def gone(self, staged_before: datetime) -> list[int]:
        """Ids of batches that were dropped, or whose import began before then and ended without a word."""
        given_up = (WatchlistBatchRow.state == BatchState.STAGED) & (WatchlistBatchRow.created_at < staged_before)
        query = select(WatchlistBatchRow.id).where(or_(WatchlistBatchRow.state == BatchState.DROPPED, given_up))
        return list(self.session.scalars(query))

    def drop(self, batch_id: int) -> None:
        """Let the batch count no more, and nobody bring it to life."""
        dropped = update(WatchlistBatchRow).where(WatchlistBatchRow.id == batch_id)
        self.session.execute(dropped.values(state=BatchState.DROPPED))

    def forget(self, batch_id: int) -> None:
        """Take an empty batch away."""
        self.session.execute(delete(WatchlistBatchRow).where(WatchlistBatchRow.id == batch_id))


class EntryRepository(Repository[WatchlistEntryRow]):
    row = WatchlistEntryRow
    kind = "entry"

    def count(self, batch_id: int) -> int:
        query = select(func.count()).select_from(WatchlistEntryRow).where(WatchlistEntryRow.batch_id == batch_id)
        return self.session.scalar(query) or 0

    def count_patterns(self, batch_id: int) -> int:
        query = (
            select(func.count())
            .select_from(WatchlistVariantRow)
            .join(WatchlistEntryRow, WatchlistEntryRow.id == WatchlistVariantRow.entry_id)
            .where(WatchlistVariantRow.variant == PATTERN_KEY, WatchlistEntryRow.batch_id == batch_id)
        )
        return self.session.scalar(query) or 0

    def get_of_batch(self, batch_id: int, entry_id: int) -> WatchlistEntryRow | None:
        row = self.get(entry_id)
        return row if row is not None and row.batch_id == batch_id else None

    def page(self, batch_id: int, query: EntryQuery) -> Page[WatchlistEntryRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        statement = select(WatchlistEntryRow).where(WatchlistEntryRow.batch_id == batch_id)
        if query.plate is not None:
            statement = _of_plate(statement, pattern_key(query.plate))
        if query.q:
            statement = statement.where(_contains(query.q))
        if query.tag is not None:
            statement = statement.where(WatchlistEntryRow.tags.like(f"%,{_escape(query.tag)},%", escape=LIKE_ESCAPE))
        return _NEWEST_ENTRIES.page(self.session, statement, query.limit, query.cursor)

    def with_plate_or_keys(self, plate: str, keys: Collection[int]) -> dict[int, list[Entry]]:
        """Entries by their batch, locations not filled in; those with one of the keys may be too far from the plate."""
        connection = self.session.connection()
        if keys:
            return _by_batch(connection.execute(_EITHER, {"plate": plate, "keys": list(keys)}))
        return _by_batch(connection.execute(_SAME_PLATE, {"plate": plate}))

    def patterns(self) -> dict[int, list[Entry]]:
        """All patterns by their batch, locations not filled in."""
        return _by_batch(self.session.execute(_WITH_VARIANT, {"keys": [PATTERN_KEY]}))

    def located(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries with their locations filled in."""
        limited = [entry.id for entry in entries if not entry.everywhere]
        if not limited:
            return list(entries)
        places = self.locations_of(limited)
        return [replace(entry, location_ids=places.get(entry.id, frozenset())) for entry in entries]

    def locations_of(self, entry_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """The locations of those entries that have any."""
        found: dict[int, set[int]] = {}
        for first in range(0, len(entry_ids), 1000):
            ids = entry_ids[first : first + 1000]
            link = WatchlistEntryLocationRow
            query = select(link.entry_id, link.location_id).where(link.entry_id.in_(ids))
            for entry_id, location_id in self.session.execute(query):
                found.setdefault(entry_id, set()).add(location_id)
        return {entry_id: frozenset(ids) for entry_id, ids in found.items()}

    def add_plain(self, columns: Sequence[Mapping[str, Any]]) -> None:
        """New rows of which nobody needs the ids; many times as fast as `add_all`."""
        if columns:
            self.session.execute(insert(WatchlistEntryRow), list(columns))

    def add_all(self, rows: Sequence[WatchlistEntryRow]) -> None:
        """New rows, which have their ids then."""
        self.session.add_all(rows)
        self.session.flush()

    def add_keys(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Keys with the entry of each."""
        if pairs:
            rows = [{"variant": key, "entry_id": entry_id} for key, entry_id in pairs]
            self.session.execute(insert(WatchlistVariantRow), rows)

    def add_locations(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Entries with a location of each."""
        if pairs:
            rows = [{"entry_id": entry_id, "location_id": location_id} for entry_id, location_id in pairs]
            self.session.execute(insert(WatchlistEntryLocationRow), rows)

    def forget_keys_and_locations(self, entry_id: int) -> None:
        self.session.execute(delete(WatchlistVariantRow).where(WatchlistVariantRow.entry_id == entry_id))
        self.session.execute(delete(WatchlistEntryLocationRow).where(WatchlistEntryLocationRow.entry_id == entry_id))

    def same_plates(self, batch_id: int, plates: Sequence[str]) -> list[Entry]:
        """The batch's entries with one of the plates, with their locations."""
        query = select(*_COLUMNS).where(WatchlistEntryRow.batch_id == batch_id, WatchlistEntryRow.plate.in_(plates))
        return self.located([entry for entries in _by_batch(self.session.execute(query)).values() for entry in entries])

    def oldest_of(self, batch_id: int, cursor: str | None, limit: int) -> tuple[list[Entry], str | None]:
        """Up to `limit` entries of the batch behind the cursor, the oldest first, and the cursor behind them.

        Raises:
            CursorError: The cursor is not one of ours.
        """
        created_at, identity = WatchlistEntryRow.created_at, WatchlistEntryRow.id
        query = select(*_COLUMNS, _ENTRY.c.created_at).where(WatchlistEntryRow.batch_id == batch_id)
        if cursor is not None:
            last = Cursor.decode(cursor)
            # Written so that every database walks the index.
            later = or_(created_at > last.captured_at, identity > last.id)
            query = query.where(and_(created_at >= last.captured_at, later))
        rows = self.session.execute(query.order_by(created_at, identity).limit(limit + 1)).all()
        entries = self.located([entry_of(row) for row in rows[:limit]])
        if len(rows) <= limit:
            return entries, None
        return entries, Cursor(rows[limit - 1].created_at, rows[limit - 1].id).encode()

    def delete_some(self, batch_id: int, limit: int) -> int:
        """Delete up to `limit` entries of the batch; returns their number, 0 if none are left."""
        ids = list(
            self.session.scalars(
                select(WatchlistEntryRow.id).where(WatchlistEntryRow.batch_id == batch_id).limit(limit)
            )
        )
        # Not counted by what was deleted: another process may have been faster, and more may be left.
        self.session.execute(delete(WatchlistEntryRow).where(WatchlistEntryRow.id.in_(ids)))
        return len(ids)


class MatchRepository(Repository[WatchlistMatchRow]):
    row = WatchlistMatchRow
    kind = "match"

    def page(self, query: MatchQuery) -> Page[WatchlistMatchRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        statement = select(WatchlistMatchRow)
        if query.watchlist_id is not None:
            statement = statement.where(WatchlistMatchRow.watchlist_id == query.watchlist_id)
        if query.sighting_id is not None:
            statement = statement.where(WatchlistMatchRow.sighting_id == query.sighting_id)
        return _NEWEST_MATCHES.page(self.session, statement, query.limit, query.cursor)

    def forget_of(self, sighting_id: int) -> None:
        self.session.execute(delete(WatchlistMatchRow).where(WatchlistMatchRow.sighting_id == sighting_id))


class VersionRepository(Repository[WatchlistVersionRow]):
    """The token that is another one after every edit."""

    row = WatchlistVersionRow
    kind = "version"

    def token(self) -> str | None:
        """None before the first edit."""
        return self.session.connection().scalar(_TOKEN)

    def renew(self) -> None:
        """Let every process look again once this is committed."""
        if self._replace():
            return
        try:
            with self.session.begin_nested():
                self.session.add(WatchlistVersionRow(id=_VERSION_ID, token=secrets.token_hex(16)))
        except IntegrityError as error:
            # Another transaction was the first.
            if not is_duplicate(error):
                raise
            self._replace()

    def _replace(self) -> bool:
        renewed = update(WatchlistVersionRow).where(WatchlistVersionRow.id == _VERSION_ID)
        result = self.session.execute(
            renewed.values(token=secrets.token_hex(16)).execution_options(synchronize_session=False)
        )
        return cast("CursorResult[Any]", result).rowcount > 0


class PlaceRepository(Repository[LocationRow]):
    """The locations that lists name."""

    row = LocationRow
    kind = "location"

    def time_zone(self, location_id: int) -> str | None:
        return self.session.scalar(select(LocationRow.time_zone).where(LocationRow.id == location_id))

    def unknown(self, location_ids: Collection[int]) -> set[int]:
        """The ids that no location has."""
        if not location_ids:
            return set()
        known = self.session.scalars(select(LocationRow.id).where(LocationRow.id.in_(location_ids)))
        return set(location_ids) - set(known)

    def all_places(self, default_zone: str) -> Places:
        columns = (LocationRow.id, LocationRow.name, LocationRow.time_zone)
        rows = self.session.execute(select(*columns)).all()
        return Places({row.name: row.id for row in rows}, {row.id: row.time_zone for row in rows}, default_zone)


def written_tags(tags: Sequence[str]) -> str | None:
    """Tags as the column has them."""
    distinct = list(dict.fromkeys(tags))
    return f",{','.join(distinct)}," if distinct else None


def entry_of(row: WatchlistEntryRow | Row[*tuple[Any, ...]], location_ids: frozenset[int] = frozenset()) -> Entry:
    """The row, or its columns, as an entry."""
    return Entry(
        id=row.id,
        plate=row.plate,
        written=row.written,
        region=row.region,
        tolerance=row.tolerance,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        schedule=parse_schedule(row.schedule) if row.schedule else None,
        everywhere=row.everywhere,
        location_ids=location_ids,
        owner=row.owner,
        vehicle=row.vehicle,
        note=row.note,
        tags=_read_tags(row.tags),
    )


def _by_batch(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[int, list[Entry]]:
    found: dict[int, dict[int, Entry]] = {}
    for row in rows:
        # An entry that several keys lead to comes several times.
        entries = found.setdefault(row.batch_id, {})
        if row.id not in entries:
            entries[row.id] = entry_of(row)
    return {batch_id: list(entries.values()) for batch_id, entries in found.items()}


def _read_tags(tags: str | None) -> tuple[str, ...]:
    return tuple(tags.strip(",").split(",")) if tags else ()


def _of_plate(statement: Select[WatchlistEntryRow], plate: str) -> Select[WatchlistEntryRow]:
    """Entries with this text, or, if it has wildcards, all plates that fit it."""
    if not is_pattern(plate):
        return statement.where(WatchlistEntryRow.plate == plate)
    fits = WatchlistEntryRow.plate.like(wildcard_to_like(plate), escape=LIKE_ESCAPE)
    return statement.where(or_(fits, WatchlistEntryRow.plate == plate))


def _contains(part: str) -> ColumnElement[bool]:
    like = f"%{_escape(part)}%"
    try:
        plate = pattern_key(part)
    except PlateTextError:
        plate = ""  # an owner or a note may hold any letter
    columns = (WatchlistEntryRow.owner, WatchlistEntryRow.vehicle, WatchlistEntryRow.note)
    found = [func.lower(column).like(func.lower(like), escape=LIKE_ESCAPE) for column in columns]
    if plate:
        found.append(WatchlistEntryRow.plate.like(f"%{wildcard_to_like(plate)}%", escape=LIKE_ESCAPE))
    return or_(*found)


def _escape(text: str) -> str:
    for special in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(special, LIKE_ESCAPE + special)
    return text
