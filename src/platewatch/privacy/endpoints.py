"""`/api/v1/privacy`: retention, legal holds, reports and erasure."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from platewatch.app.dependencies import (
    OPENAPI_SECURITY,
    ActorDep,
    Manager,
    PlateSearchDep,
    ReadingSession,
    ReasonQuery,
    RuntimeDep,
)
from platewatch.db.base import MAX_ID
from platewatch.privacy.erasure import Erasure, Request
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
from platewatch.sightings.service import plate_of

RowId = Annotated[int, Path(ge=1, le=MAX_ID)]
router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"], dependencies=OPENAPI_SECURITY)


@router.get("/retention")
def read_retention(runtime: RuntimeDep, session: ReadingSession, _manager: Manager) -> RetentionAll:
    """List for how long what is kept where."""
    return RetentionAll(items=PrivacyService(session, runtime.clock).policies())


@router.put("/retention")
def set_default(body: RetentionWrite, runtime: RuntimeDep, actor: ActorDep, _manager: Manager) -> RetentionRead:
    """Set it for all locations that have no policy of their own."""
    return runtime.transact(lambda session: PrivacyService(session, runtime.clock).keep(None, body, actor))


@router.put("/retention/{location_id}")
def set_retention(
    location_id: RowId, body: RetentionWrite, runtime: RuntimeDep, actor: ActorDep, _manager: Manager
) -> RetentionRead:
    """Set it for one location."""
    return runtime.transact(lambda session: PrivacyService(session, runtime.clock).keep(location_id, body, actor))


@router.delete("/retention/{location_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_retention(location_id: RowId, runtime: RuntimeDep, actor: ActorDep, _manager: Manager) -> None:
    """Let the default count for a location again."""
    runtime.transact(lambda session: PrivacyService(session, runtime.clock).forget_policy(location_id, actor))


@router.get("/runs")
def read_runs(runtime: RuntimeDep, session: ReadingSession, _manager: Manager) -> RunAll:
    """List the last runs of the job, newest first."""
    rows = PrivacyService(session, runtime.clock).runs()
    return RunAll(items=[RunRead.model_validate(row) for row in rows])


@router.post("/runs")
def run_now(runtime: RuntimeDep, actor: ActorDep, _manager: Manager, body: RunCreate | None = None) -> Counts:
    """Enforce retention now, or (by default) only count what would go."""
    if body is None or body.dry_run:
        return Counts(**runtime.privacy.dry_run().counts())
    return Counts(**runtime.privacy.run(actor).counts)


@router.get("/holds")
def read_holds(runtime: RuntimeDep, session: ReadingSession, _manager: Manager) -> HoldAll:
    """List legal holds."""
    return HoldAll(items=[HoldRead.model_validate(row) for row in PrivacyService(session, runtime.clock).holds()])


@router.post("/holds", status_code=HTTPStatus.CREATED)
def create_hold(body: HoldCreate, runtime: RuntimeDep, actor: ActorDep, _manager: Manager) -> HoldRead:
    """Keep a sighting, or all of a plate, from going."""
    return runtime.transact(
        lambda session: HoldRead.model_validate(PrivacyService(session, runtime.clock).hold(body, actor))
    )


@router.delete("/holds/{hold_id}", status_code=HTTPStatus.NO_CONTENT)
def lift_hold(hold_id: RowId, runtime: RuntimeDep, actor: ActorDep, _manager: Manager) -> None:
    """Lift a legal hold."""
    runtime.transact(lambda session: PrivacyService(session, runtime.clock).lift(hold_id, actor))


@router.get("/report")
def report_plate(
    plate: Annotated[str, Query(min_length=1, max_length=64)],
    runtime: RuntimeDep,
    actor: ActorDep,
    _manager: Manager,
    search: PlateSearchDep,
    reason: ReasonQuery = None,
) -> PlateReport:
    """Tell everything that is stored about a plate."""
    why = search.why(reason)
    text = plate_of(plate)
    texts = runtime.texts_of(text)
    return runtime.transact(
        lambda session: PrivacyService(session, runtime.clock).report(
            runtime.sightings(session), text, texts, (actor, why)
        )
    )


@router.post("/erasures")
def erase_plate(body: ErasureCreate, runtime: RuntimeDep, actor: ActorDep, _manager: Manager) -> Counts:
    """Erase everything about a plate, or (by default) only count what would go.

    Photos that show other plates too are kept, with this one painted over. The audit log keeps who searched for it.
    """
    erasure = Erasure(runtime, runtime.media, Request(plate_of(body.plate), body.reason, body.watchlists))
    return Counts(**(erasure.count() if body.dry_run else erasure.run(actor)).counts())
