"""`/api/v1/privacy`: retention, legal holds, reports and erasure."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from platewatch.db.base import MAX_ID
from platewatch.privacy.erasure import Erasure, Request
from platewatch.privacy.job import PrivacyJob
from platewatch.privacy.schemas import (
    Counts,
    ErasureCreate,
    HoldAll,
    HoldCreate,
    HoldRead,
    PlateReport,
    RetentionAll,
    RetentionRead,
    RetentionWrite,
    RunAll,
    RunCreate,
    RunRead,
)
from platewatch.privacy.service import PrivacyService
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.service import plate_of
from platewatch.web.dependencies import (
    OPENAPI_SECURITY,
    ActorDep,
    Manager,
    PlateSearchDep,
    ReadingSession,
    ReasonQuery,
    StateDep,
)

RowId = Annotated[int, Path(ge=1, le=MAX_ID)]
router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"], dependencies=OPENAPI_SECURITY)


@router.get("/retention")
def read_retention(state: StateDep, session: ReadingSession, _manager: Manager) -> RetentionAll:
    """List for how long what is kept where."""
    return RetentionAll(items=PrivacyService(session, state.clock).policies())


@router.put("/retention")
def set_default(body: RetentionWrite, state: StateDep, actor: ActorDep, _manager: Manager) -> RetentionRead:
    """Set it for all locations that have no policy of their own."""
    return state.database.transact(lambda session: PrivacyService(session, state.clock).keep(None, body, actor))


@router.put("/retention/{location_id}")
def set_retention(
    location_id: RowId, body: RetentionWrite, state: StateDep, actor: ActorDep, _manager: Manager
) -> RetentionRead:
    """Set it for one location."""
    return state.database.transact(lambda session: PrivacyService(session, state.clock).keep(location_id, body, actor))


@router.delete("/retention/{location_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_retention(location_id: RowId, state: StateDep, actor: ActorDep, _manager: Manager) -> None:
    """Let the default count for a location again."""
    state.database.transact(lambda session: PrivacyService(session, state.clock).forget_policy(location_id, actor))


@router.get("/runs")
def read_runs(state: StateDep, session: ReadingSession, _manager: Manager) -> RunAll:
    """List the last runs of the job, newest first."""
    rows = PrivacyService(session, state.clock).runs()
    return RunAll(items=[RunRead.model_validate(row) for row in rows])


@router.post("/runs")
def run_now(state: StateDep, actor: ActorDep, _manager: Manager, body: RunCreate | None = None) -> Counts:
    """Enforce retention now, or (by default) only count what would go."""
    if body is None or body.dry_run:
        return Counts(**state.part(PrivacyJob).dry_run().counts())
    return Counts(**state.part(PrivacyJob).run(actor).counts)


@router.get("/holds")
def read_holds(state: StateDep, session: ReadingSession, _manager: Manager) -> HoldAll:
    """List legal holds."""
    return HoldAll(items=[HoldRead.model_validate(row) for row in PrivacyService(session, state.clock).holds()])


@router.post("/holds", status_code=HTTPStatus.CREATED)
def create_hold(body: HoldCreate, state: StateDep, actor: ActorDep, _manager: Manager) -> HoldRead:
    """Keep a sighting, or all of a plate, from going."""
    return state.database.transact(
        lambda session: HoldRead.model_validate(PrivacyService(session, state.clock).hold(body, actor))
    )


@router.delete("/holds/{hold_id}", status_code=HTTPStatus.NO_CONTENT)
def lift_hold(hold_id: RowId, state: StateDep, actor: ActorDep, _manager: Manager) -> None:
    """Lift a legal hold."""
    state.database.transact(lambda session: PrivacyService(session, state.clock).lift(hold_id, actor))


@router.get("/report")
def report_plate(
    plate: Annotated[str, Query(min_length=1, max_length=64)],
    state: StateDep,
    recorder: RecorderDep,
    actor: ActorDep,
    _manager: Manager,
    search: PlateSearchDep,
    reason: ReasonQuery = None,
) -> PlateReport:
    """Tell everything that is stored about a plate."""
    why = search.why(reason)
    text = plate_of(plate)
    texts = recorder.texts_of(text)
    return state.database.transact(
        lambda session: PrivacyService(session, state.clock).report(
            recorder.sightings(session), text, texts, (actor, why)
        )
    )


@router.post("/erasures")
def erase_plate(body: ErasureCreate, recorder: RecorderDep, actor: ActorDep, _manager: Manager) -> Counts:
    """Erase everything about a plate, or (by default) only count what would go.

    Photos that show other plates too are kept, with this one painted over. The audit log keeps who searched for it.
    """
    erasure = Erasure(recorder, Request(plate_of(body.plate), body.reason, body.watchlists))
    return Counts(**(erasure.count() if body.dry_run else erasure.run(actor)).counts())
