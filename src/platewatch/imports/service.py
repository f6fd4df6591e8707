"""Bulk imports as records: begun, watched, paused, gone on with and taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService
from platewatch.clock import Clock
from platewatch.db.repository import Page
from platewatch.db.tables import ImportFileRow, ImportJobRow
from platewatch.errors import ConflictError
from platewatch.imports.repository import ImportFileRepository, ImportJobRepository
from platewatch.imports.schemas import (
    FileState,
    ImportFileQuery,
    ImportPlace,
    ImportQuery,
    ImportSource,
    ImportState,
    ImportUpdate,
)
from platewatch.sightings.capture_time import CaptureTime

_MAX_ERROR: Final = 500
_FROM: Final[dict[ImportState, frozenset[ImportState]]] = {
    ImportState.PAUSED: frozenset({ImportState.QUEUED, ImportState.RUNNING}),
    ImportState.QUEUED: frozenset({ImportState.PAUSED, ImportState.FAILED}),
    ImportState.CANCELLED: frozenset({ImportState.QUEUED, ImportState.RUNNING, ImportState.PAUSED, ImportState.FAILED}),
}
"""For each state, the states from which an import can be brought into it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of an import's photos: `place` is the path on the server, `name` the name for people."""

    source: ImportSource
    place: str
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one file."""

    file_id: int
    state: FileState
    sightings: int = 0
    time: CaptureTime | None = None
    error: str | None = None
    known_sighting_id: int | None = None
    """The sighting of the same photo, if that was recorded before."""

    @property
    def note(self) -> str | None:
        """The record of a file that was read."""
        if self.known_sighting_id is not None:
            return f"The same photo was recorded before, as sighting {self.known_sighting_id}."
        return self.time.note if self.time else None


class ImportService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._jobs = ImportJobRepository(session)
        self._files = ImportFileRepository(session)
        self._audit = AuditService(session, clock)

    def begin(self, origin: Origin, place: ImportPlace, actor: Actor) -> ImportJobRow:
        """A new import, which a worker takes up as soon as it can."""
        row = self._jobs.add(
            ImportJobRow(
                source=origin.source,
                place=origin.place,
                name=origin.name[-255:],
                state=ImportState.QUEUED,
                is_listed=False,
                camera=place.camera,
                location=place.location,
                direction=place.direction,
                record_known=place.record_known,
                user_id=actor.user_id,
                total=0,
                done=0,
                failed=0,
                sightings=0,
                created_at=self._clock.now(),
            )
        )
        self._audit.note(AuditAction.IMPORT_STARTED, actor, _subject(row.id), {"name": origin.name})
        return row

    def get_or_raise(self, job_id: int) -> ImportJobRow:
        """The import.

        Raises:
            NotFoundError: there is none.
        """
        return self._jobs.get_or_raise(job_id)

    def page(self, query: ImportQuery) -> Page[ImportJobRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._jobs.page(query)

    def files(self, job_id: int, query: ImportFileQuery) -> tuple[list[ImportFileRow], int | None]:
        """The import's files, and after which id the next page begins.

        Raises:
            NotFoundError: there is no such import.
        """
        self._jobs.get_or_raise(job_id)
        return self._files.page(job_id, query)

    def update(self, job_id: int, body: ImportUpdate, actor: Actor) -> ImportJobRow:
        """The import in its new state.

        Raises:
            NotFoundError: there is none.
            ConflictError: it can't come into this state from the one it is in.
        """
        row, state = self._jobs.lock_or_raise(job_id), ImportState(body.state)
        if row.state not in _FROM[state]:
            raise ConflictError(f"The import {job_id} is {row.state} and can't become {state}.")
        row.state = state
        row.error = None
        row.finished_at = self._clock.now() if state is ImportState.CANCELLED else None
        self._audit.note(AuditAction.IMPORT_CHANGED, actor, _subject(job_id), {"state": state})
        return row

    def delete(self, job_id: int, actor: Actor) -> None:
        """Take away the record of an import that is over; what it recorded stays.

        Raises:
            NotFoundError: there is none.
            ConflictError: it is not over.
        """
        row = self._jobs.lock_or_raise(job_id)
        if row.state not in (ImportState.DONE, ImportState.CANCELLED):
            raise ConflictError(f"The import {job_id} is {row.state}. Cancel it first.")
        self._files.delete_of(job_id)
        self._jobs.delete(row)
        self._audit.note(AuditAction.IMPORT_DELETED, actor, _subject(job_id))

    def settle(self, job_id: int, outcome: Outcome) -> bool:
        """Write down what became of a file; False if another worker did so before, whose word holds."""
        is_first = self._files.settle(
            outcome.file_id,
            state=outcome.state,
            sightings=outcome.sightings,
            captured_at=outcome.time and outcome.time.at,
            captured_at_source=outcome.time and outcome.time.source,
            note=outcome.note,
            known_sighting_id=outcome.known_sighting_id,
            error=outcome.error and outcome.error[:_MAX_ERROR],
            finished_at=self._clock.now(),
        )
        if is_first:
            is_known = outcome.known_sighting_id is not None
            self._jobs.count_file(job_id, outcome.state, outcome.sightings, is_known=is_known)
        return is_first

    def end(self, job_id: int, error: str | None = None) -> None:
        """The import is over, or can't go on for the reason given; one that was stopped meanwhile stays so."""
        row = self._jobs.lock_or_raise(job_id)
        if row.state == ImportState.RUNNING:
            row.state = ImportState.FAILED if error else ImportState.DONE
            row.error = error and error[:_MAX_ERROR]
            row.finished_at = self._clock.now()


def _subject(job_id: int) -> str:
    return f"import {job_id}"
