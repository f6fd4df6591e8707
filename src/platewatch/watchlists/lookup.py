"""Finding the entries that a plate fits, among millions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.plates.text import is_pseudonym, reading_key, spelling
from platewatch.server_settings.service import ServerSettings
from platewatch.watchlists.matching import (
    Match,
    distance_to,
    is_folded,
    is_of_region,
    is_scheduled,
    is_valid_at,
    strength,
)
from platewatch.watchlists.repository import EntryRepository, PlaceRepository
from platewatch.watchlists.snapshot import SnapshotCache
from platewatch.watchlists.variants import variant_keys
from platewatch.zones import zone_of

_SNAPSHOTS: Final = SnapshotCache()
"""Of the whole process; it holds only what the token of one edit names, which can't change."""


class Lookup:
    """Reads only. Plates are keys; `written` is the plate as somebody typed it, None where it was read."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._server = ServerSettings(session, clock)
        self._entries = EntryRepository(session)
        self._places = PlaceRepository(session)

    def match(
        self, plate: str, at: datetime, location_id: int | None, region: str | None, written: str | None = None
    ) -> list[Match]:
        """The entries that count then and there, the strongest first."""
        fitting = self._fitting(plate, written)
        if not fitting:
            return []
        valid = [match for match in fitting if is_of_region(match.entry, region) and is_valid_at(match.entry, at)]
        located = self._with_locations(valid)
        local = self._local(at, location_id) if any(match.entry.schedule for match in located) else at
        counting = [
            match
            for match in located
            if (match.entry.everywhere or location_id in match.entry.location_ids) and is_scheduled(match.entry, local)
        ]
        return sorted(counting, key=strength)

    def listed(self, plate: str, written: str | None = None) -> list[Match]:
        """All entries that the plate fits, the strongest first."""
        return sorted(self._with_locations(self._fitting(plate, written)), key=strength)

    def _fitting(self, plate: str, written: str | None) -> list[Match]:
        """Entries of enabled lists; locations are filled in for patterns only."""
        snapshot = _SNAPSHOTS.current(self._session)
        # What a pseudonym stands for is on no list; its letters must not fit a pattern by chance.
        if is_pseudonym(plate) or not snapshot.lists:
            return []
        spelled = spelling(plate if written is None else written)
        plate = reading_key(plate)
        if not plate:
            return []
        keys = variant_keys(plate, snapshot.max_tolerance) if snapshot.max_tolerance else frozenset()
        found = self._entries.with_plate_or_keys(plate, keys)
        candidates = [(batch_id, entry) for batch_id, entries in found.items() for entry in entries]
        matches = []
        for batch_id, entry in [*candidates, *snapshot.patterns_for(plate)]:
            info = snapshot.lists.get(batch_id)
            if info is not None and (distance := distance_to(entry, plate)) <= entry.tolerance:
                matches.append(Match(plate, info, entry, distance, is_folded(entry, spelled, distance)))
        return matches

    def _with_locations(self, matches: list[Match]) -> list[Match]:
        entries = self._entries.located([match.entry for match in matches])
        pairs = zip(matches, entries, strict=True)
        return [replace(match, entry=entry) for match, entry in pairs]

    def _local(self, at: datetime, location_id: int | None) -> datetime:
        zone = self._places.time_zone(location_id) if location_id is not None else None
        return at.astimezone(zone_of(zone or self._server.time_zone()))
