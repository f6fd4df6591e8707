"""`/api/v1/visits`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from platewatch.audit.service import AuditAction, AuditService, Details
from platewatch.csv_rows import Cell
from platewatch.db.base import MAX_ID
from platewatch.db.paging import EXPORT_PAGE, all_pages
from platewatch.plates.matching import search_key
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.visits.schemas import (
    VisitClose,
    VisitFilter,
    VisitPage,
    VisitQuery,
    VisitRead,
)
from platewatch.visits.service import VisitService
from platewatch.web.dependencies import (
    CSV_ANSWER,
    OPENAPI_SECURITY,
    RECOGNIZER_ONLY,
    ActorDep,
    PlateSearchDep,
    Reader,
    ReadingSession,
    StateDep,
    csv_download,
)

router = APIRouter(prefix="/api/v1/visits", tags=["visits"], dependencies=OPENAPI_SECURITY)

VisitId = Annotated[int, Path(ge=1, le=MAX_ID)]
EXPORT_HEADER = tuple(VisitRead.model_fields)


@router.get("")
def read_visits(
    query: Annotated[VisitQuery, Query()],
    state: StateDep,
    recorder: RecorderDep,
    session: ReadingSession,
    _reader: Reader,
    search: PlateSearchDep,
) -> VisitPage:
    """List visits, newest first."""
    if query.plate is not None:
        search.note_plate("visits", query.plate, query, query.reason, is_new=query.cursor is None)
    page = VisitService(session, state.clock).page(query, recorder.stored_texts(query.plate))
    return VisitPage(items=[VisitRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/export", response_class=StreamingResponse, responses=CSV_ANSWER)
def export_visits(
    chosen: Annotated[VisitFilter, Query()],
    state: StateDep,
    recorder: RecorderDep,
    actor: ActorDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> StreamingResponse:
    """Give all visits that fit as CSV. Fees are in the currency's minor unit, times in UTC."""
    why = search.why(chosen.reason)
    details: Details = {**chosen.model_dump(mode="json", exclude_none=True), "reason": why}
    state.note(AuditAction.VISITS_EXPORTED, actor, chosen.plate and search_key(chosen.plate), details)
    texts = recorder.stored_texts(chosen.plate)

    def page(session: Session, cursor: str | None) -> tuple[list[list[Cell]], str | None]:
        query = VisitQuery.model_construct(**dict(chosen), limit=EXPORT_PAGE, cursor=cursor)
        found = VisitService(session, state.clock).page(query, texts)
        return [_cells(VisitRead.of(row)) for row in found.items], found.next_cursor

    return csv_download("visits.csv", EXPORT_HEADER, all_pages(state.database, page))


@router.get("/{visit_id}")
def read_visit(visit_id: VisitId, state: StateDep, session: ReadingSession, _reader: Reader) -> VisitRead:
    """Give one visit."""
    return VisitRead.of(VisitService(session, state.clock).get_or_raise(visit_id))


@router.post("/{visit_id}/close", dependencies=[RECOGNIZER_ONLY])
def close_visit(visit_id: VisitId, body: VisitClose, state: StateDep, actor: ActorDep) -> VisitRead:
    """End an open visit by hand, for a vehicle that left unseen."""
    with state.database.transaction() as session:
        closed = VisitRead.of(VisitService(session, state.clock).close(visit_id, body.left_at))
        details = {"left_at": closed.left_at.isoformat() if closed.left_at else None}
        AuditService(session, state.clock).note(AuditAction.VISIT_UPDATED, actor, f"visit {visit_id}", details)
        return closed


def _cells(read: VisitRead) -> list[Cell]:
    return [getattr(read, field) for field in EXPORT_HEADER]
