"""Lists of plates, and which of their entries a plate fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.clock import Clock
from platewatch.db.events import EventLog
from platewatch.db.repository import Page
from platewatch.db.tables import (
    SightingRow,
    WatchlistBatchRow,
    WatchlistEntryRow,
    WatchlistMatchRow,
    WatchlistRow,
)
from platewatch.errors import ConflictError, FieldError, NotFoundError
from platewatch.notify.events import EventKind
from platewatch.plates.matching import is_pattern
from platewatch.server_settings.service import ServerSettings
from platewatch.vision.recognizer.regions import sure_region
from platewatch.watchlists.lookup import Lookup
from platewatch.watchlists.matching import Entry, ListInfo, ListKind, Match
from platewatch.watchlists.places import Places
from platewatch.watchlists.repository import (
    BatchRepository,
    BatchState,
    EntryRepository,
    MatchRepository,
    PlaceRepository,
    VersionRepository,
    WatchlistRepository,
    entry_of,
    written_tags,
)
from platewatch.watchlists.schemas import (
    EntryQuery,
    EntryWrite,
    FitRead,
    MatchedEvent,
    MatchQuery,
    WatchlistCreate,
    WatchlistUpdate,
)
from platewatch.watchlists.variants import PATTERN_KEY, variant_keys

__all__ = ["Entry", "ListInfo", "ListKind", "Match", "WatchlistService"]

MAX_PATTERNS: Final = 5000
"""In one list: each is tried on every plate that begins like it."""


class WatchlistService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._lists = WatchlistRepository(session)
        self._batches = BatchRepository(session)
        self._entries = EntryRepository(session)
        self._matches = MatchRepository(session)
        self._places = PlaceRepository(session)
        self._versions = VersionRepository(session)
        self._lookup = Lookup(session, clock)
        self._audit = AuditService(session, clock)

    def match(
        self,
        plate: str,
        *,
        at: datetime,
        location_id: int | None,
        region: str | None = None,
        written: str | None = None,
    ) -> list[Match]:
        """The entries that count for the plate then and there, the strongest first.

        Entries for certain locations match there only. A schedule is in the location's time zone, or UTC without one.
        `plate` is a key; `written` is the plate as somebody typed it, None where it was read.
        """
        return self._lookup.match(plate, at, location_id, region, written)

    def listed(self, plate: str, written: str | None = None) -> list[Match]:
        """All entries that the plate fits, whenever and wherever they count, the strongest first."""
        return self._lookup.listed(plate, written)

    def renew_matches(self, sighting: SightingRow) -> list[Match]:
        """The matches of a sighting whose plate or place was changed, in place of the earlier ones."""
        self._matches.forget_of(sighting.id)
        return self.note_matches(sighting)

    def note_matches(self, sighting: SightingRow) -> list[Match]:
        """The matches of a new sighting, stored and published in the outbox."""
        region = sure_region(sighting.region, sighting.region_confidence)
        matches = self.match(
            sighting.plate,
            at=sighting.captured_at,
            location_id=sighting.location_id,
            region=region,
            written=sighting.written,
        )
        self._matches.forget_of(sighting.id)
        log = EventLog(self._session)
        for match in matches:
            self._matches.add(self._match_row(sighting, match))
            event = MatchedEvent(
                sighting_id=sighting.id,
                plate=match.plate,
                written=sighting.written,
                confidence=sighting.confidence,
                is_unsure=sighting.is_unsure,
                direction=sighting.direction,
                camera_id=sighting.camera_id,
                location_id=sighting.location_id,
                captured_at=sighting.captured_at,
                fit=FitRead.of(match),
            )
            log.append(EventKind.WATCHLIST_MATCHED, event.model_dump(mode="json"), self._clock.now())
        return matches

    def matches_page(self, query: MatchQuery) -> Page[WatchlistMatchRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._matches.page(query)

    def lists(self) -> list[tuple[WatchlistRow, int]]:
        """All lists by name, each with the number of its entries."""
        return [(row, self._count(row)) for row in self._lists.all_by_name()]

    def get_or_raise(self, watchlist_id: int) -> tuple[WatchlistRow, int]:
        """The list with the number of its entries.

        Raises:
            NotFoundError: no such list.
        """
        row = self._lists.get_or_raise(watchlist_id)
        return row, self._count(row)

    def create(self, body: WatchlistCreate, actor: Actor) -> WatchlistRow:
        """A new list without entries.

        Raises:
            ConflictError: there is one of that name.
        """
        now = self._clock.now()
        if self._lists.get_by_name(body.name):
            raise _name_taken(body.name)
        row = self._lists.add(
            WatchlistRow(
                name=body.name, kind=body.kind, note=body.note, enabled=body.enabled, created_at=now, updated_at=now
            )
        )
        batch = WatchlistBatchRow(watchlist_id=row.id, state=BatchState.LIVE, max_tolerance=0, created_at=now)
        self._batches.add(batch)
        self._versions.renew()
        self._audit.note(AuditAction.WATCHLIST_CREATED, actor, _subject(row.id), {"name": row.name, "kind": row.kind})
        return row

    def update(self, watchlist_id: int, body: WatchlistUpdate, actor: Actor) -> WatchlistRow:
        """The list, changed.

        Raises:
            NotFoundError: no such list.
            ConflictError: there is another one of that name.
        """
        row = self._lists.get_or_raise(watchlist_id)
        changes = {name: getattr(body, name) for name in body.model_fields_set if getattr(body, name) is not None}
        if "note" in body.model_fields_set:
            changes["note"] = body.note
        if (taken := self._lists.get_by_name(body.name or row.name)) and taken.id != row.id:
            raise _name_taken(taken.name)
        for name, value in changes.items():
            setattr(row, name, value)
        row.updated_at = self._clock.now()
        self._session.flush()
        self._versions.renew()
        self._audit.note(AuditAction.WATCHLIST_UPDATED, actor, _subject(row.id), {"changed": sorted(changes)})
        return row

    def delete(self, watchlist_id: int, actor: Actor) -> None:
        """Take the list away at once; its entries match no more and are deleted by `Sweeper`.

        Raises:
            NotFoundError: no such list.
        """
        batch = self._locked_batch(watchlist_id)
        row = self._lists.get_or_raise(watchlist_id)
        details: Details = {"name": row.name, "entries": self._entries.count(batch.id)}
        batch.state = BatchState.DROPPED
        batch.watchlist_id = None
        self._session.flush()
        self._lists.delete(row)
        self._versions.renew()
        self._audit.note(AuditAction.WATCHLIST_DELETED, actor, _subject(watchlist_id), details)

    def entries_page(self, watchlist_id: int, query: EntryQuery) -> Page[WatchlistEntryRow]:
        """Newest first; `entry_reads` shows them.

        Raises:
            NotFoundError: no such list.
            CursorError: the cursor is not one of ours.
        """
        self._lists.get_or_raise(watchlist_id)
        return self._entries.page(self._batches.live_of(watchlist_id).id, query)

    def with_locations(self, rows: Sequence[WatchlistEntryRow]) -> list[Entry]:
        """The rows as entries."""
        return self._entries.located([entry_of(row) for row in rows])

    def entry_or_raise(self, watchlist_id: int, entry_id: int) -> Entry:
        """The entry.

        Raises:
            NotFoundError: no such list, or no such entry in it.
        """
        self._lists.get_or_raise(watchlist_id)
        return self.with_locations([self._entry_row(self._batches.live_of(watchlist_id), entry_id)])[0]

    def add_entry(self, watchlist_id: int, body: EntryWrite, actor: Actor) -> Entry:
        """The new entry.

        Raises:
            NotFoundError: no such list.
            FieldError: an unknown location, or too many patterns.
        """
        batch = self._locked_batch(watchlist_id)
        self._check(batch, body)
        now = self._clock.now()
        row = self._entries.add(WatchlistEntryRow(batch_id=batch.id, **columns(body, now), created_at=now))
        self._index(batch, row, body)
        self._audit.note(AuditAction.ENTRY_CREATED, actor, row.plate, {"watchlist": watchlist_id, "entry": row.id})
        return self.with_locations([row])[0]

    def replace_entry(self, watchlist_id: int, entry_id: int, body: EntryWrite, actor: Actor) -> Entry:
        """The entry with all its fields replaced.

        Raises:
            NotFoundError: no such list, or no such entry in it.
            FieldError: an unknown location, or too many patterns.
        """
        batch = self._locked_batch(watchlist_id)
        row = self._entry_row(batch, entry_id)
        self._check(batch, body)
        before = row.plate
        for name, value in columns(body, self._clock.now()).items():
            setattr(row, name, value)
        self._session.flush()
        self._entries.forget_keys_and_locations(row.id)
        self._index(batch, row, body)
        details: Details = {"watchlist": watchlist_id, "entry": row.id, "before": before}
        self._audit.note(AuditAction.ENTRY_UPDATED, actor, row.plate, details)
        return self.with_locations([row])[0]

    def delete_entry(self, watchlist_id: int, entry_id: int, actor: Actor) -> None:
        """Take one entry away.

        Raises:
            NotFoundError: no such list, or no such entry in it.
        """
        row = self._entry_row(self._locked_batch(watchlist_id), entry_id)
        self._entries.delete(row)
        self._versions.renew()
        self._audit.note(AuditAction.ENTRY_DELETED, actor, row.plate, {"watchlist": watchlist_id, "entry": entry_id})

    def batch_id(self, watchlist_id: int) -> int:
        """The id of the list's batch of entries; a new one once the list was replaced as a whole."""
        return self._batches.live_of(watchlist_id).id

    def oldest_entries(
        self, watchlist_id: int, batch_id: int, cursor: str | None, limit: int
    ) -> tuple[list[Entry], str | None]:
        """Up to `limit` entries behind the cursor, the oldest first, and the cursor behind them.

        Raises:
            ConflictError: the list was replaced or deleted since its `batch_id` was asked for.
        """
        self._lists.get_or_raise(watchlist_id)
        if self.batch_id(watchlist_id) != batch_id:
            raise ConflictError(f"The watchlist {watchlist_id} was replaced while it was read. Export it once more.")
        return self._entries.oldest_of(batch_id, cursor, limit)

    def places(self) -> Places:
        """The locations that entries may name."""
        return self._places.all_places(ServerSettings(self._session, self._clock).time_zone())

    def _count(self, row: WatchlistRow) -> int:
        return self._entries.count(self._batches.live_of(row.id).id)

    def _locked_batch(self, watchlist_id: int) -> WatchlistBatchRow:
        batch = self._batches.lock_live_of(watchlist_id)
        if batch is None:
            raise NotFoundError(WatchlistRepository.kind, watchlist_id)
        return batch

    def _entry_row(self, batch: WatchlistBatchRow, entry_id: int) -> WatchlistEntryRow:
        row = self._entries.get_of_batch(batch.id, entry_id)
        if row is None:
            raise NotFoundError(EntryRepository.kind, entry_id)
        return row

    def _check(self, batch: WatchlistBatchRow, body: EntryWrite) -> None:
        if unknown := self._places.unknown(body.location_ids):
            raise FieldError("location_ids", f"There is no location {min(unknown)}. Give ids of /api/v1/locations.")
        if is_pattern(body.key) and self._entries.count_patterns(batch.id) >= MAX_PATTERNS:
            raise FieldError(
                "plate", f"A list has at most {MAX_PATTERNS} patterns. Delete some, or write whole plates."
            )

    def _index(self, batch: WatchlistBatchRow, row: WatchlistEntryRow, body: EntryWrite) -> None:
        """Make the entry findable, and let every process know."""
        self._entries.add_keys([(key, row.id) for key in keys_of(body)])
        self._entries.add_locations([(row.id, location_id) for location_id in dict.fromkeys(body.location_ids)])
        batch.max_tolerance = max(batch.max_tolerance, body.tolerance)
        self._session.flush()
        self._versions.renew()

    def _match_row(self, sighting: SightingRow, match: Match) -> WatchlistMatchRow:
        return WatchlistMatchRow(
            sighting_id=sighting.id,
            watchlist_id=match.watchlist.id,
            entry_id=match.entry.id,
            watchlist_name=match.watchlist.name,
            kind=match.watchlist.kind,
            plate=match.plate,
            entry_plate=match.entry.plate,
            entry_written=match.entry.written,
            distance=match.distance,
            folded=match.folded,
            captured_at=sighting.captured_at,
            matched_at=self._clock.now(),
        )


def columns(body: EntryWrite, now: datetime) -> dict[str, Any]:
    """The columns of the entry's row, without its batch and time."""
    return {
        "plate": body.key,
        "written": body.plate,
        "region": body.region,
        "tolerance": body.tolerance,
        "valid_from": body.valid_from,
        "valid_to": body.valid_to,
        "schedule": body.schedule,
        "everywhere": not body.location_ids,
        "owner": body.owner or None,
        "vehicle": body.vehicle or None,
        "note": body.note or None,
        "tags": written_tags(body.tags),
        "updated_at": now,
    }


def keys_of(body: EntryWrite) -> frozenset[int]:
    """The keys under which the entry is found; none for a plate without tolerance, whose text is the key."""
    if is_pattern(body.key):
        return frozenset({PATTERN_KEY})
    return variant_keys(body.key, body.tolerance) if body.tolerance else frozenset()


def _name_taken(name: str) -> ConflictError:
    return ConflictError(f"There is already a watchlist {name!r}. Choose another name.")


def _subject(watchlist_id: int) -> str:
    return f"watchlist {watchlist_id}"
