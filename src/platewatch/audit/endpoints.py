"""`/api/v1/audit`: the audit log, to read and to export; nothing changes or deletes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from platewatch.app.dependencies import OPENAPI_SECURITY, ActorDep, Manager, RuntimeDep
from platewatch.audit.schemas import EXPORT_HEADER, MAX_PAGE, AuditFilter, AuditPage, AuditQuery, AuditRead
from platewatch.audit.service import AuditAction, AuditService
from platewatch.csv_rows import Cell, csv_text
from platewatch.ephemeral.limiter import Limit

_NOTED: Final = Limit("readings of the audit log noted", 1, 10 * 60)

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], dependencies=OPENAPI_SECURITY)


@router.get("")
def read_audit_log(
    query: Annotated[AuditQuery, Query()], runtime: RuntimeDep, _manager: Manager, actor: ActorDep
) -> AuditPage:
    """List what was done, newest first. That somebody read it is noted, too."""
    with runtime.database.reading() as session:
        page = AuditService(session, runtime.clock).page(query)
        told = AuditPage(items=[AuditRead.of(row) for row in page.items], next_cursor=page.next_cursor)
    filters = query.model_dump(mode="json", exclude_none=True, exclude={"limit", "cursor"})
    # A page that is shown again and again is read once: the notes would hide what they stand between.
    who = (str(actor.user_id), str(actor.api_key_id), json.dumps(filters, sort_keys=True))
    if query.cursor is None and not runtime.limiter.hit(_NOTED, *who).exceeded:
        runtime.note(AuditAction.AUDIT_READ, actor, None, filters)
    return told


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
