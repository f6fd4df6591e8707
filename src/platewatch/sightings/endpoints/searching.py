"""The list of sightings, its count and its export."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from platewatch.app.dependencies import (
    OPENAPI_SECURITY,
    ActorDep,
    Reader,
    ReadingSession,
    RuntimeDep,
    get_search_reason,
)
from platewatch.audit.service import Actor, AuditAction, Details
from platewatch.csv_rows import csv_text
from platewatch.errors import FieldError
from platewatch.plates.matching import search_key
from platewatch.sightings.export import EXPORT_COLUMNS, ExportFormat, ExportQuery, export_cells, json_text
from platewatch.sightings.query import SightingFilter, SightingQuery
from platewatch.sightings.schemas import SightingCount, SightingPage, SightingRead

_MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.JSON: "application/json"}
_PORTION = 1000
_FILES: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {}, "application/json": {}}, "description": "the file"}
}

ReasonHeader = Annotated[str | None, Header(alias="X-Search-Reason", max_length=300)]
router = APIRouter(prefix="/api/v1", tags=["sightings"], dependencies=OPENAPI_SECURITY)


@router.get("/sightings")
def read_sightings(
    query: Annotated[SightingQuery, Query()],
    runtime: RuntimeDep,
    actor: ActorDep,
    _reader: Reader,
    reason: ReasonHeader = None,
) -> SightingPage:
    """List the sightings that fit, newest first by default."""
    # A page that follows belongs to the search that was noted with the first.
    note_search(runtime, query, reason, actor, is_new=query.cursor is None)
    with runtime.database.reading() as session:
        page = runtime.sightings(session).page(query)
        return SightingPage(items=[SightingRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/sightings/count")
def count_sightings(
    query: Annotated[SightingFilter, Query()],
    runtime: RuntimeDep,
    actor: ActorDep,
    session: ReadingSession,
    _reader: Reader,
    reason: ReasonHeader = None,
) -> SightingCount:
    """Count the sightings that fit, up to 10,000."""
    note_search(runtime, query, reason, actor, is_new=True)
    counted = runtime.sightings(session).count(query)
    return SightingCount(count=counted.count, is_exact=counted.is_exact)


@router.get("/sightings/export", response_class=StreamingResponse, responses=_FILES)
def export_sightings(
    query: Annotated[ExportQuery, Query()],
    runtime: RuntimeDep,
    actor: ActorDep,
    _reader: Reader,
    reason: ReasonHeader = None,
) -> StreamingResponse:
    """Give all sightings that fit as CSV or JSON, newest first."""
    why = get_search_reason(runtime, reason, query.reason)
    with runtime.database.reading() as session:
        counted = runtime.sightings(session).count(query, runtime.settings.max_export_rows)
    if not counted.is_exact:
        raise FieldError(
            "captured_from",
            f"More than {counted.count} sightings fit, which is the limit of one file. Ask for a shorter time.",
        )
    details: Details = {"sightings": counted.count, "format": query.format, "filters": query.told(), "reason": why}
    runtime.note(AuditAction.SIGHTINGS_EXPORTED, actor, query.plate and search_key(query.plate), details)
    rows = _all(runtime, query)
    if query.format is ExportFormat.CSV:
        text = csv_text(EXPORT_COLUMNS, (export_cells(sighting) for sighting in rows))
    else:
        text = json_text(rows)
    headers = {"Content-Disposition": f'attachment; filename="sightings.{query.format}"'}
    return StreamingResponse(text, HTTPStatus.OK, headers, _MEDIA_TYPES[query.format])


def _all(runtime: RuntimeDep, query: ExportQuery) -> Iterator[SightingRead]:
    """All that fit, in portions with a session each, so that no long transaction holds anybody up."""
    asked = query.as_query(_PORTION)
    while True:
        with runtime.database.reading() as session:
            page = runtime.sightings(session).page(asked)
            portion = [SightingRead.of(row) for row in page.items]
        yield from portion
        if page.next_cursor is None:
            return
        asked = asked.model_copy(update={"cursor": page.next_cursor})


def note_search(runtime: RuntimeDep, query: SightingFilter, reason: str | None, actor: Actor, *, is_new: bool) -> None:
    """Search for a plate only if a reason is given where one is required, and with a note in the audit log."""
    if query.plate is None:
        return
    why = get_search_reason(runtime, reason, query.reason)
    if is_new:
        details = {"match": query.plate_match, "filters": query.told(), "reason": why}
        runtime.note(AuditAction.SIGHTINGS_SEARCHED, actor, search_key(query.plate), details)
