"""Visits: vehicles inside, their times and their fees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.repository import Page
from platewatch.db.tables import PassRow, SightingRow, VisitRow
from platewatch.errors import ConflictError, FieldError
from platewatch.locations.service import LocationService
from platewatch.notify.events import EventKind
from platewatch.plates.matching import fold
from platewatch.visits.rebuild import Derivation
from platewatch.visits.repository import PassRepository, VisitLocks, VisitRepository
from platewatch.visits.schemas import VisitQuery
from platewatch.visits.stays import PassDirection, VisitState, look_alike

OVERSTAY_BATCH: Final = 500
_DIRECTIONS = frozenset(PassDirection)
_PARKED_CLOCKS_MAY_DIFFER = timedelta(minutes=5)


class VisitService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._visits = VisitRepository(session)
        self._passes = PassRepository(session)
        self._locks = VisitLocks(self._visits)
        self._locations = LocationService(session, clock)

    def apply(self, sighting: SightingRow) -> None:
        """Bring the visits in line with the sighting, which is new, or whose plate, place, way or time was changed."""
        known = next(iter(self._passes.of_sightings([sighting.id])), None)
        wanted = _pass_of(sighting)
        if _content(known) == _content(wanted):
            return
        self._lock_all([row.location_id for row in (known, wanted) if row is not None])
        moved = [_place(row) for row in (known, wanted) if row is not None]
        if known is None and wanted is not None:
            self._passes.add(wanted)
        elif known is not None and wanted is None:
            self._passes.delete(known)
        elif known is not None and wanted is not None:
            _copy(wanted, known)
        self._redo(moved)

    def forget(self, sighting_ids: Sequence[int]) -> None:
        """Bring the visits in line with these sightings being gone. Call it before they are deleted."""
        rows = self._passes.of_sightings(sighting_ids)
        self._lock_all([row.location_id for row in rows])
        moved = [_place(row) for row in rows]
        for row in rows:
            self._passes.delete(row)
        self._redo(moved)

    def lock(self, location_id: int) -> None:
        """Keep others from changing the visits there until this transaction ends, to decide by how full it is."""
        self._locks.take(location_id)

    def is_inside(self, texts: Collection[str], location_id: int) -> bool:
        """Whether the plate that these texts stand for, or one that looks alike, has an open visit there."""
        return any(
            look_alike(other, text) for text in texts for other in self._visits.open_plates(location_id, fold(text))
        )

    def occupancy(self, location_id: int) -> int:
        """The number of vehicles inside."""
        return self._locations.occupancy(location_id)

    def get_or_raise(self, visit_id: int) -> VisitRow:
        """The visit with its location and passes.

        Raises:
            NotFoundError: no such visit.
        """
        return self._visits.get_whole_or_raise(visit_id)

    def page(self, query: VisitQuery, texts: Collection[str] = ()) -> Page[VisitRow]:
        """Newest first.

        Args:
            query: Which visits.
            texts: What may stand for its plate in the database, if that is more than the plate; not for a pattern.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._visits.page(query, texts)

    def of_plate(self, texts: Collection[str], limit: int) -> list[VisitRow]:
        """The visits of the plate that these texts stand for, newest first."""
        return self._visits.of_plate(texts, limit)

    def close(self, visit_id: int, left_at: datetime | None) -> VisitRow:
        """End an open visit by hand: the vehicle left unseen.

        Raises:
            NotFoundError: no such visit.
            ConflictError: it is not open.
            FieldError: nobody can have left then.
        """
        location_id = self.get_or_raise(visit_id).location_id
        if location_id is not None:
            self._locks.take(location_id)
        row = self.get_or_raise(visit_id)
        if row.state != VisitState.OPEN or row.entered_at is None or location_id is None:
            raise ConflictError(f"The visit {visit_id} is not open, so nobody can leave it.")
        now = self._clock.now()
        left_at = left_at or now
        if not row.entered_at <= left_at <= now + _PARKED_CLOCKS_MAY_DIFFER:
            raise FieldError("left_at", f"Give a time between the entry, {row.entered_at.isoformat()}, and now.")
        leaving = self._passes.add(_manual_exit(row, location_id, left_at))
        self._redo([_place(leaving)])
        return self.get_or_raise(visit_id)

    def publish_overstays(self) -> int:
        """Publish the open visits that exceeded their location's limit since the last call; returns their number."""
        now, published = self._clock.now(), 0
        for location in self._locations.all():
            if location.overstay_minutes is None:
                continue
            limit = timedelta(minutes=location.overstay_minutes)
            if not self._visits.overstaying(location, now - limit, 1):
                continue
            self._locks.take(location.id)
            rows = self._visits.overstaying(location, now - limit, OVERSTAY_BATCH)
            for row in rows:
                row.overstayed_at = row.began_at + limit
            Derivation(self._session, self._clock, location).publish(EventKind.VISIT_OVERSTAYED, rows)
            published += len(rows)
        return published

    def _lock_all(self, location_ids: Sequence[int]) -> None:
        for location_id in sorted(set(location_ids)):
            self._locks.take(location_id)

    def _redo(self, moved: Sequence[tuple[int, str, datetime]]) -> None:
        self._session.flush()
        since: dict[tuple[int, str], datetime] = {}
        for location_id, plate_key, instant in moved:
            place = (location_id, plate_key)
            since[place] = min(instant, since.get(place, instant))
        for (location_id, plate_key), instant in sorted(since.items()):
            location = self._locations.get_or_raise(location_id)
            Derivation(self._session, self._clock, location).redo(plate_key, instant)


def _pass_of(sighting: SightingRow) -> PassRow | None:
    """The pass that the sighting makes; None if it makes none."""
    if sighting.location_id is None or sighting.direction not in _DIRECTIONS or not sighting.plate:
        return None
    return PassRow(
        sighting_id=sighting.id,
        location_id=sighting.location_id,
        plate=sighting.plate,
        written=sighting.written,
        plate_key=fold(sighting.plate),
        direction=sighting.direction,
        passed_at=sighting.captured_at,
        is_unsure=sighting.is_unsure,
    )


def _manual_exit(visit: VisitRow, location_id: int, left_at: datetime) -> PassRow:
    return PassRow(
        location_id=location_id,
        plate=visit.plate,
        written=visit.written,
        plate_key=visit.plate_key,
        direction=PassDirection.LEAVING,
        passed_at=left_at,
        is_unsure=False,
    )


def _content(row: PassRow | None) -> tuple[object, ...] | None:
    if row is None:
        return None
    return row.location_id, row.plate, row.written, row.direction, row.passed_at, row.is_unsure


def _place(row: PassRow) -> tuple[int, str, datetime]:
    return row.location_id, row.plate_key, row.passed_at


def _copy(source: PassRow, target: PassRow) -> None:
    target.location_id, target.plate, target.plate_key = source.location_id, source.plate, source.plate_key
    target.written, target.direction, target.passed_at = source.written, source.direction, source.passed_at
    target.is_unsure = source.is_unsure
