"""`/api/v1/audit`: the audit log, to read and to export; nothing changes or deletes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from platewatch.app.dependencies import OPENAPI_SECURITY, ActorDep, Manager, ReadingSession, RuntimeDep
from platewatch.audit.schemas import EXPORT_HEADER, MAX_PAGE, AuditFilter, AuditPage, AuditQuery, AuditRead
from platewatch.audit.service import AuditAction, AuditService
from platewatch.csv_rows import Cell, csv_text

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], dependencies=OPENAPI_SECURITY)


@router.get("")
def read_audit_log(
    query: Annotated[AuditQuery, Query()], runtime: RuntimeDep, session: ReadingSession, _manager: Manager
) -> AuditPage:
    """List what was done, newest first."""
    page = AuditService(session, runtime.clock).page(query)
    return AuditPage(items=[AuditRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "CSV, newest first"}},
)
def export_audit_log(
    wanted: Annotated[AuditFilter, Query()], runtime: RuntimeDep, _manager: Manager, actor: ActorDep
) -> StreamingResponse:
    """Give the whole log, or what the filters leave of it, as CSV."""
    filters = wanted.model_dump(mode="json", exclude_none=True)
    runtime.note(AuditAction.AUDIT_EXPORTED, actor, None, filters)

    def rows() -> Iterator[list[Cell]]:
        cursor: str | None = None
        while True:
            # A session for each page: nothing is held while a slow reader takes its time.
            with runtime.database.reading() as session:
                query = AuditQuery(**wanted.model_dump(), limit=MAX_PAGE, cursor=cursor)
                page = AuditService(session, runtime.clock).page(query)
            yield from (AuditRead.of(row).as_cells() for row in page.items)
            if (cursor := page.next_cursor) is None:
                return

    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(csv_text(EXPORT_HEADER, rows()), media_type="text/csv; charset=utf-8", headers=headers)
