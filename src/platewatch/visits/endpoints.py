"""`/api/v1/visits`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from platewatch.app.dependencies import (
    CSV_ANSWER,
    OPENAPI_SECURITY,
    RECOGNIZER_ONLY,
    ActorDep,
    PlateSearchDep,
    Reader,
    ReadingSession,
    RuntimeDep,
    csv_download,
)
from platewatch.audit.service import AuditAction, AuditService, Details
from platewatch.csv_rows import Cell
from platewatch.db.base import MAX_ID
from platewatch.db.paging import EXPORT_PAGE, all_pages
from platewatch.plates.matching import is_pattern, search_key
from platewatch.visits.schemas import (
    VisitClose,
    VisitFilter,
    VisitPage,
    VisitQuery,
    VisitRead,
)
from platewatch.visits.service import VisitService

router = APIRouter(prefix="/api/v1/visits", tags=["visits"], dependencies=OPENAPI_SECURITY)

VisitId = Annotated[int, Path(ge=1, le=MAX_ID)]
EXPORT_HEADER = tuple(VisitRead.model_fields)


@router.get("")
def read_visits(
    query: Annotated[VisitQuery, Query()],
    runtime: RuntimeDep,
    session: ReadingSession,
    _reader: Reader,
    search: PlateSearchDep,
) -> VisitPage:
    """List visits, newest first."""
    if query.plate is not None:
        search.note_plate("visits", query.plate, query, query.reason, is_new=query.cursor is None)
    page = VisitService(session, runtime.clock).page(query, stored_texts(query.plate, runtime))
    return VisitPage(items=[VisitRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/export", response_class=StreamingResponse, responses=CSV_ANSWER)
def export_visits(
    chosen: Annotated[VisitFilter, Query()],
    runtime: RuntimeDep,
    actor: ActorDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> StreamingResponse:
    """Give all visits that fit as CSV. Fees are in the currency's minor unit, times in UTC."""
    why = search.why(chosen.reason)
    details: Details = {**chosen.model_dump(mode="json", exclude_none=True), "reason": why}
    runtime.note(AuditAction.VISITS_EXPORTED, actor, chosen.plate and search_key(chosen.plate), details)
    texts = stored_texts(chosen.plate, runtime)

    def page(session: Session, cursor: str | None) -> tuple[list[list[Cell]], str | None]:
        query = VisitQuery.model_construct(**dict(chosen), limit=EXPORT_PAGE, cursor=cursor)
        found = VisitService(session, runtime.clock).page(query, texts)
        return [_cells(VisitRead.of(row)) for row in found.items], found.next_cursor

    return csv_download("visits.csv", EXPORT_HEADER, all_pages(runtime.database, page))


@router.get("/{visit_id}")
def read_visit(visit_id: VisitId, runtime: RuntimeDep, session: ReadingSession, _reader: Reader) -> VisitRead:
    """Give one visit."""
    return VisitRead.of(VisitService(session, runtime.clock).get_or_raise(visit_id))


@router.post("/{visit_id}/close", dependencies=[RECOGNIZER_ONLY])
def close_visit(visit_id: VisitId, body: VisitClose, runtime: RuntimeDep, actor: ActorDep) -> VisitRead:
    """End an open visit by hand, for a vehicle that left unseen."""
    with runtime.transaction() as session:
        closed = VisitRead.of(VisitService(session, runtime.clock).close(visit_id, body.left_at))
        details = {"left_at": closed.left_at.isoformat() if closed.left_at else None}
        AuditService(session, runtime.clock).note(AuditAction.VISIT_UPDATED, actor, f"visit {visit_id}", details)
        return closed


def stored_texts(plate: str | None, runtime: RuntimeDep) -> frozenset[str]:
    """What may stand in the database for the plate that is asked for; nothing for a pattern, compared as it is."""
    return runtime.texts_of(plate) if plate and not is_pattern(plate) else frozenset()


def _cells(read: VisitRead) -> list[Cell]:
    return [getattr(read, field) for field in EXPORT_HEADER]
