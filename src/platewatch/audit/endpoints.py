"""`/api/v1/audit`: the audit log, to read and to export; nothing changes or deletes it."""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from platewatch.audit.schemas import EXPORT_HEADER, AuditFilter, AuditPage, AuditQuery, AuditRead
from platewatch.audit.service import AuditAction, AuditService, Details
from platewatch.csv_rows import Cell
from platewatch.db.paging import EXPORT_PAGE, all_pages
from platewatch.ephemeral.limiter import Limit
from platewatch.web.dependencies import (
    CSV_ANSWER,
    OPENAPI_SECURITY,
    ActorDep,
    Manager,
    PlateSearchDep,
    StateDep,
    csv_download,
)

_NOTED: Final = Limit("readings of the audit log noted", 1, 10 * 60)

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], dependencies=OPENAPI_SECURITY)


@router.get("")
def read_audit_log(
    query: Annotated[AuditQuery, Query()],
    state: StateDep,
    _manager: Manager,
    actor: ActorDep,
    search: PlateSearchDep,
) -> AuditPage:
    """List what was done, newest first. That somebody read it is noted, too."""
    # A subject may be a plate.
    why = search.why(query.reason) if query.subject is not None else None
    with state.database.reading() as session:
        page = AuditService(session, state.clock).page(query)
        answer = AuditPage(items=[AuditRead.of(row) for row in page.items], next_cursor=page.next_cursor)
    filters = query.model_dump(mode="json", exclude_none=True, exclude={"limit", "cursor", "reason"})
    if why is not None:
        filters["reason"] = why
    # A page that is shown again and again is read once: the notes would hide what they stand between.
    who = (str(actor.user_id), str(actor.api_key_id), json.dumps(filters, sort_keys=True))
    if query.cursor is None and not state.limiter.hit(_NOTED, *who).exceeded:
        state.note(AuditAction.AUDIT_READ, actor, None, filters)
    return answer


@router.get("/export", response_class=StreamingResponse, responses=CSV_ANSWER)
def export_audit_log(
    wanted: Annotated[AuditFilter, Query()],
    state: StateDep,
    _manager: Manager,
    actor: ActorDep,
    search: PlateSearchDep,
) -> StreamingResponse:
    """Give the whole log, or what the filters leave of it, as CSV."""
    details: Details = {**wanted.model_dump(mode="json", exclude_none=True), "reason": search.why(wanted.reason)}
    state.note(AuditAction.AUDIT_EXPORTED, actor, None, details)

    def page(session: Session, cursor: str | None) -> tuple[list[list[Cell]], str | None]:
        query = AuditQuery.model_construct(**dict(wanted), limit=EXPORT_PAGE, cursor=cursor)
        found = AuditService(session, state.clock).page(query)
        return [AuditRead.of(row).as_cells() for row in found.items], found.next_cursor

    return csv_download("audit.csv", EXPORT_HEADER, all_pages(state.database, page))
