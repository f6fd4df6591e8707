"""Visits, the passes that they come from, and the locks under which they are derived, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from platewatch.db.repository import NewestFirst, Page, Repository, is_duplicate
from platewatch.db.tables import LocationRow, PassRow, VisitLockRow, VisitRow
from platewatch.errors import NotFoundError
from platewatch.plates.matching import LIKE_ESCAPE, is_pattern, pattern_key, search_key, wildcard_to_like
from platewatch.visits.schemas import VisitFilter, VisitQuery
from platewatch.visits.stays import VisitState

_NEWEST_FIRST = NewestFirst(VisitRow.began_at, VisitRow.id)


class PassRepository(Repository[PassRow]):
    row = PassRow
    kind = "pass"

    def of_sightings(self, sighting_ids: Sequence[int]) -> list[PassRow]:
        return list(self.session.scalars(select(PassRow).where(PassRow.sighting_id.in_(sighting_ids))))

    def since(self, location_id: int, plate_key: str, instant: datetime) -> list[PassRow]:
        """The passes of the neighborhood from this instant on."""
        query = select(PassRow).where(
            PassRow.location_id == location_id, PassRow.plate_key == plate_key, PassRow.passed_at >= instant
        )
        return list(self.session.scalars(query.execution_options(populate_existing=True)))


class VisitRepository(Repository[VisitRow]):
    row = VisitRow
    kind = "visit"

    def get_whole_or_raise(self, visit_id: int) -> VisitRow:
        """The visit with all that is shown of it.

        Raises:
            NotFoundError: no such visit.
        """
        query = _whole().where(VisitRow.id == visit_id).execution_options(populate_existing=True)
        row = self.session.scalars(query).one_or_none()
        if row is None:
            raise NotFoundError(self.kind, visit_id)
        return row

    def page(self, query: VisitQuery, texts: Collection[str]) -> Page[VisitRow]:
        """Newest first, by when they began; `texts` as in `VisitService.page`.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return _NEWEST_FIRST.page(self.session, _filter(query, texts), query.limit, query.cursor)

    def of_plate(self, texts: Collection[str], limit: int) -> list[VisitRow]:
        """The visits with one of these plates, newest first."""
        query = _whole().where(VisitRow.plate.in_(texts))
        return list(self.session.scalars(query.order_by(VisitRow.began_at.desc(), VisitRow.id.desc()).limit(limit)))

    def not_ended_before(self, location_id: int, plate_key: str, instant: datetime) -> list[VisitRow]:
        """The visits of the neighborhood that are open or ended at this instant or later, the oldest first."""
        query = _whole().where(
            VisitRow.location_id == location_id,
            VisitRow.plate_key == plate_key,
            or_(VisitRow.ended_at.is_(None), VisitRow.ended_at >= instant),
        )
        ordered = query.order_by(VisitRow.began_at, VisitRow.id)
        return list(self.session.scalars(ordered.execution_options(populate_existing=True)))

    def open_plates(self, location_id: int, plate_key: str) -> list[str]:
        """The plates of the neighborhood that are inside."""
        query = select(VisitRow.plate).where(
            VisitRow.location_id == location_id,
            VisitRow.plate_key == plate_key,
            VisitRow.ended_at.is_(None),
        )
        return list(self.session.scalars(query))

    def overstaying(self, location: LocationRow, entered_before: datetime, limit: int) -> list[VisitRow]:
        """Some visits that are open too long and were not published yet."""
        query = _whole().where(
            VisitRow.location_id == location.id,
            VisitRow.state == VisitState.OPEN,
            VisitRow.entered_at < entered_before,
            VisitRow.overstayed_at.is_(None),
        )
        ordered = query.order_by(VisitRow.entered_at).limit(limit)
        return list(self.session.scalars(ordered.execution_options(populate_existing=True)))


class VisitLocks:
    """One lock a location, held until the transaction ends."""

    def __init__(self, repository: VisitRepository) -> None:
        self._session = repository.session

    def take(self, location_id: int) -> None:
        """Return when no other transaction has it. Take several in the order of their ids."""
        counted = update(VisitLockRow).where(VisitLockRow.location_id == location_id)
        statement = counted.values(times_taken=VisitLockRow.times_taken + 1)
        options = {"synchronize_session": False}
        while not cast("CursorResult[Any]", self._session.execute(statement, execution_options=options)).rowcount:
            self._make(location_id)

    def _make(self, location_id: int) -> None:
        try:
            with self._session.begin_nested():
                self._session.add(VisitLockRow(location_id=location_id, times_taken=0))
        except IntegrityError as error:
            # Another transaction made it in between.
            if not is_duplicate(error):
                raise


def _whole() -> Select[VisitRow]:
    return select(VisitRow).options(
        joinedload(VisitRow.location),
        joinedload(VisitRow.entry),
        joinedload(VisitRow.exit),
    )


def _filter(chosen: VisitFilter, texts: Collection[str]) -> Select[VisitRow]:
    statement = _whole()
    if chosen.plate is not None:
        statement = statement.where(_is_plate(chosen.plate, texts))
    if chosen.location_id is not None:
        statement = statement.where(VisitRow.location_id == chosen.location_id)
    if chosen.state is not None:
        statement = statement.where(VisitRow.state == chosen.state)
    if chosen.overstayed is not None:
        exceeded = VisitRow.overstayed_at.is_not(None)
        statement = statement.where(exceeded if chosen.overstayed else ~exceeded)
    if chosen.began_from is not None:
        statement = statement.where(VisitRow.began_at >= chosen.began_from)
    if chosen.began_to is not None:
        statement = statement.where(VisitRow.began_at < chosen.began_to)
    return statement


def _is_plate(plate: str, texts: Collection[str]) -> ColumnElement[bool]:
    if is_pattern(plate):
        return VisitRow.plate.like(wildcard_to_like(pattern_key(plate)), escape=LIKE_ESCAPE)
    return VisitRow.plate.in_(texts or [search_key(plate)])
