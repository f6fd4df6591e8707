"""Bringing the stored visits of a neighborhood in line with its passes, and publishing what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.base import slot_of
from platewatch.db.events import EventLog
from platewatch.db.tables import LocationRow, PassRow, VisitRow
from platewatch.locations.service import LocationService
from platewatch.notify.events import EventKind
from platewatch.visits.fees import fee_of
from platewatch.visits.repository import PassRepository, VisitRepository
from platewatch.visits.schemas import PublishedVisit, VisitRead
from platewatch.visits.stays import Pass, PassDirection, Stay, derive

Shown: TypeAlias = tuple[str, str, str | None, datetime | None, datetime | None]
"""State, plate, its written text, entry and exit: a change of these publishes the visit again."""


class Derivation:
    """The visits at one location. The caller holds its lock, and commits."""

    def __init__(self, session: Session, clock: Clock, location: LocationRow) -> None:
        self._session = session
        self._clock = clock
        self._location = location
        self._same_pass = timedelta(seconds=location.same_pass_s or 0)
        self._visits = VisitRepository(session)
        self._passes = PassRepository(session)
        self._locations = LocationService(session, clock)

    def redo(self, plate_key: str, since: datetime) -> None:
        """Derive the visits again from the passes at `since` and after it; what ended before stays as it is."""
        rows = self._visits.not_ended_before(self._location.id, plate_key, since - self._same_pass)
        passes = [_pass(row) for row in self._passes.since(self._location.id, plate_key, since)]
        carried = [_stay(row).reopened_at(since) for row in rows if row.began_at < since]
        stays = derive(passes, carried, same_pass=self._same_pass)
        changeable = [row for row in rows if row.ended_at is None or row.ended_at >= since]
        settled = {_stay(row).first.id for row in rows if row not in changeable}
        self._reconcile(changeable, [stay for stay in stays if stay.first.id not in settled], plate_key)

    def publish(self, kind: EventKind, rows: Sequence[VisitRow]) -> None:
        """Put the visits, as they are now, into the outbox."""
        self._session.flush()
        occupancy = self._locations.occupancy(self._location.id) if rows else 0
        for row in rows:
            visit = VisitRead.of(self._visits.get_whole_or_raise(row.id))
            self._append(kind, PublishedVisit(**visit.model_dump(), occupancy=occupancy))

    def _reconcile(self, rows: Sequence[VisitRow], stays: Sequence[Stay], plate_key: str) -> None:
        opened: list[VisitRow] = []
        closed: list[VisitRow] = []
        found, free = _match_rows(rows, stays)
        for stay, known in zip(stays, found, strict=True):
            before = None if known is None else _published_fields(known)
            row = known or VisitRow(location_id=self._location.id, plate_key=plate_key)
            self._write(row, stay)
            if before is None:
                self._visits.add(row)
            if before != _published_fields(row):
                (opened if stay.is_open else closed).append(row)
        self._withdraw(free)
        self.publish(EventKind.VISIT_CLOSED, closed)
        self.publish(EventKind.VISIT_OPENED, opened)

    def _withdraw(self, rows: Sequence[VisitRow]) -> None:
        undone = [VisitRead.of(row) for row in rows]
        for row in rows:
            self._visits.delete(row)
        if undone:
            self._session.flush()
            occupancy = self._locations.occupancy(self._location.id)
            for read in undone:
                visit = PublishedVisit(**read.model_dump(), withdrawn=True, occupancy=occupancy)
                self._append(EventKind.VISIT_CLOSED, visit)

    def _write(self, row: VisitRow, stay: Stay) -> None:
        entered_at = stay.entry.passed_at if stay.entry else None
        same_entry = row.entered_at == entered_at
        row.plate, row.written = stay.first.plate, stay.first.written
        row.state = stay.state
        row.entry_pass_id = _stored_id(stay.entry)
        row.exit_pass_id = _stored_id(stay.exit)
        row.began_at = stay.first.passed_at
        row.entered_at = entered_at
        row.left_at = stay.exit.passed_at if stay.exit else None
        row.ended_at = stay.ended_at
        row.entered_slot = slot_of(entered_at) if entered_at else None
        row.ended_slot = slot_of(stay.ended_at) if stay.ended_at else None
        row.overstayed_at = self._overstayed_at(stay, row.overstayed_at if same_entry else None)
        self._price(row, stay)

    def _price(self, row: VisitRow, stay: Stay) -> None:
        row.duration_s = row.fee = row.currency = None
        if stay.entry is None or stay.exit is None:
            return
        row.duration_s = int((stay.exit.passed_at - stay.entry.passed_at).total_seconds())
        tariff = self._locations.tariff_at(self._location.id, stay.entry.passed_at)
        if tariff is not None:
            row.fee, row.currency = fee_of(tariff, row.duration_s), tariff.currency

    def _overstayed_at(self, stay: Stay, known: datetime | None) -> datetime | None:
        limit = self._location.overstay_minutes
        if stay.entry is None or stay.ended_at is None or limit is None:
            return known
        exceeded_at = stay.entry.passed_at + timedelta(minutes=limit)
        return exceeded_at if stay.ended_at > exceeded_at else None

    def _append(self, kind: EventKind, visit: PublishedVisit) -> None:
        EventLog(self._session).append(kind, visit.model_dump(mode="json"), self._clock.now())


def _match_rows(rows: Sequence[VisitRow], stays: Sequence[Stay]) -> tuple[list[VisitRow | None], list[VisitRow]]:
    """For each stay the row that was this visit until now, by its entry or else by its exit; and the rows left over."""
    by_first = {_stay(row).first.id: row for row in rows}
    found = [by_first.pop(stay.first.id, None) for stay in stays]
    by_exit = {row.exit_pass_id: row for row in by_first.values() if row.exit_pass_id is not None}
    for index, stay in enumerate(stays):
        if found[index] is None and stay.exit is not None:
            found[index] = by_exit.pop(stay.exit.id, None)
    kept = {row.id for row in found if row is not None}
    return found, [row for row in rows if row.id not in kept]


def _published_fields(row: VisitRow) -> Shown:
    return row.state, row.plate, row.written, row.entered_at, row.left_at


def _pass(row: PassRow) -> Pass:
    return Pass(row.id, row.plate, PassDirection(row.direction), row.passed_at, row.written, row.is_unsure)


def _stay(row: VisitRow) -> Stay:
    """The stay of a row. A pass whose sighting was deleted is known by its visit, with a number below 0."""
    entry = leaving = None
    if row.entered_at is not None:
        entry = Pass(row.entry_pass_id or -row.id, row.plate, PassDirection.ENTERING, row.entered_at, row.written)
    if row.left_at is not None:
        leaving = Pass(row.exit_pass_id or -row.id, row.plate, PassDirection.LEAVING, row.left_at, row.written)
    return Stay(entry, leaving, row.ended_at)


def _stored_id(one: Pass | None) -> int | None:
    return one.id if one is not None and one.id > 0 else None
