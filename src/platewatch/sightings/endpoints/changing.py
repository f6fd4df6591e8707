"""Correcting, merging and deleting sightings."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from fastapi import APIRouter

from platewatch.sightings.changes import SightingChanges
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.endpoints.showing import SightingId
from platewatch.sightings.recorder import Recorder
from platewatch.sightings.schemas import (
    CorrectionRead,
    SightingHistory,
    SightingMerge,
    SightingRead,
    SightingUpdate,
)
from platewatch.web.dependencies import (
    OPENAPI_SECURITY,
    ActorDep,
    Manager,
    Reader,
    ReadingSession,
    Recognizer,
    StateDep,
)

T = TypeVar("T")
router = APIRouter(prefix="/api/v1", tags=["sightings"], dependencies=OPENAPI_SECURITY)


@router.patch("/sightings/{sighting_id}")
def correct_sighting(
    sighting_id: SightingId, body: SightingUpdate, recorder: RecorderDep, actor: ActorDep, _recognizer: Recognizer
) -> SightingRead:
    """Correct a sighting. What was read stays in its history; lists are matched again."""
    return _change(recorder, sighting_id, lambda changes: changes.correct(sighting_id, body, actor))


@router.get("/sightings/{sighting_id}/history")
def read_history(sighting_id: SightingId, state: StateDep, session: ReadingSession, _reader: Reader) -> SightingHistory:
    """List all changes of a sighting, first to last."""
    rows = SightingChanges(session, state.clock).history(sighting_id)
    return SightingHistory(items=[CorrectionRead.of(row) for row in rows])


@router.post("/sightings/{sighting_id}/merge")
def merge_sightings(
    sighting_id: SightingId, body: SightingMerge, recorder: RecorderDep, actor: ActorDep, _manager: Manager
) -> SightingRead:
    """Make one sighting of two that were the same pass."""
    return _change(recorder, body.other_id, lambda changes: changes.merge(sighting_id, body, actor))


@router.delete("/sightings/{sighting_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_sighting(sighting_id: SightingId, recorder: RecorderDep, actor: ActorDep, _manager: Manager) -> None:
    """Delete a sighting with its history, and its images unless others need them."""
    _change(recorder, sighting_id, lambda changes: changes.delete(sighting_id, actor))


def _change(recorder: Recorder, sighting_id: int, work: Callable[[SightingChanges], T]) -> T:
    """The result of `work`; images of this sighting that no row needs afterwards are deleted."""
    with recorder.database.reading() as session:
        keys = recorder.sightings(session).media_keys([sighting_id])
    with recorder.releasing(keys):
        return recorder.database.transact(
            lambda session: work(SightingChanges(session, recorder.clock, recorder.pseudonyms))
        )
