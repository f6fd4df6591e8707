"""`/api/v1/visits`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from platewatch.app.dependencies import (
    OPENAPI_SECURITY,
    RECOGNIZER_ONLY,
    ActorDep,
    Reader,
    ReadingSession,
    RuntimeDep,
)
from platewatch.audit.service import AuditAction, AuditService
from platewatch.csv_rows import Cell, csv_text
from platewatch.db.base import MAX_ID
from platewatch.plates.matching import is_pattern
from platewatch.visits.schemas import (
    MAX_PAGE,
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
    query: Annotated[VisitQuery, Query()], runtime: RuntimeDep, session: ReadingSession, _reader: Reader
) -> VisitPage:
    """List visits, newest first."""
    page = VisitService(session, runtime.clock).page(query, stored_texts(query.plate, runtime))
    return VisitPage(items=[VisitRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "CSV, newest first"}},
)
def export_visits(
    chosen: Annotated[VisitFilter, Query()], runtime: RuntimeDep, actor: ActorDep, _reader: Reader
) -> StreamingResponse:
    """Give all visits that fit as CSV. Fees are in the currency's minor unit, times in UTC."""
    runtime.note(AuditAction.VISITS_EXPORTED, actor, None, chosen.model_dump(mode="json", exclude_none=True))
    texts = stored_texts(chosen.plate, runtime)

    def rows() -> Iterator[list[Cell]]:
        cursor: str | None = None
        while True:
            # A session for each page: nothing is held while a slow reader takes its time.
            with runtime.database.reading() as session:
                query = VisitQuery(**chosen.model_dump(), limit=MAX_PAGE, cursor=cursor)
                page = VisitService(session, runtime.clock).page(query, texts)
                yield from (_cells(VisitRead.of(row)) for row in page.items)
            if (cursor := page.next_cursor) is None:
                return

    headers = {"Content-Disposition": 'attachment; filename="visits.csv"'}
    return StreamingResponse(csv_text(EXPORT_HEADER, rows()), media_type="text/csv; charset=utf-8", headers=headers)


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
