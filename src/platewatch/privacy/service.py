"""Privacy: retention policies, legal holds, and reports about a plate."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from platewatch.audit.service import SERVER, Actor, AuditAction, AuditService, Details
from platewatch.clock import Clock
from platewatch.db.tables import AccessLogRow, LegalHoldRow, PrivacyRunRow, RetentionRow, VisitRow
from platewatch.errors import NotFoundError
from platewatch.locations.service import LocationService
from platewatch.plates.text import as_written
from platewatch.privacy.repository import LegalHoldRepository, PlateRepository, RetentionRepository, RunRepository
from platewatch.privacy.schemas import (
    HoldCreate,
    HoldRead,
    PlateReport,
    ReportedDecision,
    ReportedListing,
    ReportedVisit,
    RetentionRead,
    RetentionWrite,
)
from platewatch.sightings.schemas import SightingRead
from platewatch.sightings.service import SightingService, plate_of
from platewatch.watchlists.service import WatchlistService

MAX_REPORTED: Final = 10_000
_RUNS_SHOWN: Final = 100
_MAX_ERROR: Final = 500


class PrivacyService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._policies = RetentionRepository(session)
        self._holds = LegalHoldRepository(session)
        self._runs = RunRepository(session)
        self._audit = AuditService(session, clock)

    def policies(self) -> list[RetentionRead]:
        """The default first, which keeps everything until somebody says otherwise; then by location."""
        read = [_policy_read(row, name) for row, name in self._policies.all()]
        if not read or read[0].location_id is not None:
            read.insert(0, RetentionRead(location_id=None, location=None, updated_at=None))
        return read

    def keep(self, location_id: int | None, body: RetentionWrite, actor: Actor) -> RetentionRead:
        """The policy of a location, or of all that have none (None), as it is from now on.

        Raises:
            NotFoundError: no such location.
        """
        location = LocationService(self._session, self._clock).get_or_raise(location_id) if location_id else None
        row = self._policies.get_of(location_id)
        if row is None:
            is_default = True if location_id is None else None
            row = RetentionRow(location_id=location_id, is_default=is_default, updated_at=self._clock.now())
            self._policies.add(row)
        row.images_days, row.crops_days, row.text_days = body.images_days, body.crops_days, body.text_days
        row.updated_at = self._clock.now()
        self._audit.note(AuditAction.RETENTION_UPDATED, actor, _place(location_id), body.model_dump())
        return _policy_read(row, location.name if location else None)

    def forget_policy(self, location_id: int, actor: Actor) -> None:
        """Delete the location's policy; the default applies from then on.

        Raises:
            NotFoundError: no such location, or it has no policy of its own.
        """
        LocationService(self._session, self._clock).get_or_raise(location_id)
        row = self._policies.get_of(location_id)
        if row is None:
            raise NotFoundError("retention policy of location", location_id)
        self._policies.delete(row)
        self._audit.note(AuditAction.RETENTION_UPDATED, actor, _place(location_id), {"removed": True})

    def holds(self) -> list[LegalHoldRow]:
        """In the order in which they were set."""
        return self._holds.all()

    def hold(self, body: HoldCreate, actor: Actor) -> LegalHoldRow:
        """A new hold on a sighting or a plate.

        Raises:
            NotFoundError: no such sighting.
            FieldError: the plate has too few or too many characters.
        """
        if body.sighting_id is not None:
            SightingService(self._session, self._clock).get_or_raise(body.sighting_id)
        row = self._holds.add(
            LegalHoldRow(
                plate=None if body.plate is None else plate_of(body.plate),
                written=None if body.plate is None else as_written(body.plate),
                sighting_id=body.sighting_id,
                reason=body.reason,
                username=actor.username,
                created_at=self._clock.now(),
            )
        )
        self._audit.note(AuditAction.LEGAL_HOLD_SET, actor, _hold(row), {"hold": row.id, "reason": row.reason})
        return row

    def lift(self, hold_id: int, actor: Actor) -> None:
        """Let what was held go when its time is over.

        Raises:
            NotFoundError: no such hold.
        """
        row = self._holds.get_or_raise(hold_id)
        self._audit.note(AuditAction.LEGAL_HOLD_LIFTED, actor, _hold(row), {"hold": row.id, "reason": row.reason})
        self._holds.delete(row)

    def report(
        self, sightings: SightingService, plate: str, texts: Collection[str], asked: tuple[Actor, str | None]
    ) -> PlateReport:
        """Everything that is stored under the plate's key, by each text that stands for it.

        `asked` is who asks and why, for the audit log.
        """
        actor, reason = asked
        rows = PlateRepository(self._session, texts)
        ids = rows.sighting_ids(MAX_REPORTED + 1)
        visits = list(self._session.scalars(select(VisitRow).where(rows.visits).limit(MAX_REPORTED + 1)))
        decisions = list(self._session.scalars(select(AccessLogRow).where(rows.decisions).limit(MAX_REPORTED + 1)))
        matches = WatchlistService(self._session, self._clock).listed(plate)
        counts = {"sightings": len(ids), "visits": len(visits), "decisions": len(decisions)}
        details: Details = {**counts, "reason": reason}
        self._audit.note(AuditAction.PLATE_REPORTED, actor, plate, details)
        return PlateReport(
            plate=plate,
            is_complete=max(len(ids), len(visits), len(decisions)) <= MAX_REPORTED,
            sightings=[SightingRead.of(row) for row in sightings.get_all(ids[:MAX_REPORTED])],
            visits=[ReportedVisit.model_validate(row) for row in visits[:MAX_REPORTED]],
            decisions=[ReportedDecision.model_validate(row) for row in decisions[:MAX_REPORTED]],
            watchlists=[
                ReportedListing(
                    watchlist=match.watchlist.name,
                    kind=match.watchlist.kind,
                    entry=match.entry.plate,
                    entry_written=match.entry.written,
                    owner=match.entry.owner,
                    note=match.entry.note,
                )
                for match in matches
            ],
            holds=[HoldRead.model_validate(row) for row in self._holds.all() if row.plate == plate],
        )

    def runs(self) -> list[PrivacyRunRow]:
        """The last ones, newest first."""
        return self._runs.newest(_RUNS_SHOWN)

    def last_began_at(self) -> datetime | None:
        rows = self._runs.newest(1)
        return rows[0].started_at if rows else None

    def begin_run(self) -> PrivacyRunRow:
        return self._runs.add(PrivacyRunRow(started_at=self._clock.now(), counts={}))

    def end_run(self, run_id: int, counts: dict[str, int], error: str | None, actor: Actor = SERVER) -> PrivacyRunRow:
        """The run with what it took away, noted in the audit log."""
        row = self._runs.get_or_raise(run_id)
        row.finished_at, row.counts, row.error = self._clock.now(), counts, error and error[:_MAX_ERROR]
        self._audit.note(AuditAction.RETENTION_RUN, actor, f"run {run_id}", {**counts, "error": error})
        return row


def _policy_read(row: RetentionRow, location: str | None) -> RetentionRead:
    return RetentionRead(
        location_id=row.location_id,
        location=location,
        images_days=row.images_days,
        crops_days=row.crops_days,
        text_days=row.text_days,
        updated_at=row.updated_at,
    )


def _place(location_id: int | None) -> str:
    return "all other locations" if location_id is None else f"location {location_id}"


def _hold(row: LegalHoldRow) -> str:
    return row.plate or f"sighting {row.sighting_id}"
