"""The list of sightings, its count and its export."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from platewatch.audit.service import AuditAction, Details
from platewatch.db.paging import EXPORT_PAGE, all_pages
from platewatch.errors import FieldError
from platewatch.plates.matching import search_key
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.export import EXPORT_COLUMNS, ExportFormat, ExportQuery, export_cells, json_text
from platewatch.sightings.query import SightingFilter, SightingQuery
from platewatch.sightings.schemas import SightingCount, SightingPage, SightingRead
from platewatch.web.dependencies import (
    OPENAPI_SECURITY,
    SIGHTINGS,
    ActorDep,
    PlateSearch,
    PlateSearchDep,
    Reader,
    ReadingSession,
    StateDep,
    csv_download,
)

_FILES: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {}, "application/json": {}}, "description": "the file"}
}

router = APIRouter(prefix="/api/v1", tags=["sightings"], dependencies=OPENAPI_SECURITY)


@router.get("/sightings")
def read_sightings(
    query: Annotated[SightingQuery, Query()],
    state: StateDep,
    recorder: RecorderDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> SightingPage:
    """List the sightings that fit, newest first by default."""
    # A page that follows belongs to the search that was noted with the first.
    note_search(search, query, is_new=query.cursor is None)
    with state.database.reading() as session:
        page = recorder.sightings(session).page(query)
        return SightingPage(items=[SightingRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/sightings/count")
def count_sightings(
    query: Annotated[SightingFilter, Query()],
    recorder: RecorderDep,
    session: ReadingSession,
    _reader: Reader,
    search: PlateSearchDep,
) -> SightingCount:
    """Count the sightings that fit, up to 10,000."""
    note_search(search, query, is_new=True)
    counted = recorder.sightings(session).count(query)
    return SightingCount(count=counted.count, is_exact=counted.is_exact)


@router.get("/sightings/export", response_class=StreamingResponse, responses=_FILES)
def export_sightings(
    query: Annotated[ExportQuery, Query()],
    state: StateDep,
    recorder: RecorderDep,
    actor: ActorDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> StreamingResponse:
    """Give all sightings that fit as CSV or JSON, newest first."""
    why = search.why(query.reason)
    with state.database.reading() as session:
        counted = recorder.sightings(session).count(query, state.settings.max_export_rows)
    if not counted.is_exact:
        raise FieldError(
            "captured_from",
            f"More than {counted.count} sightings fit, which is the limit of one file. Ask for a shorter time.",
        )
    details: Details = {
        "sightings": counted.count,
        "format": query.format,
        "filters": query.describe_filters(),
        "reason": why,
    }
    state.note(AuditAction.SIGHTINGS_EXPORTED, actor, query.plate and search_key(query.plate), details)

    def page(session: Session, cursor: str | None) -> tuple[list[SightingRead], str | None]:
        asked = query.as_query(EXPORT_PAGE).model_copy(update={"cursor": cursor})
        found = recorder.sightings(session).page(asked)
        return [SightingRead.of(row) for row in found.items], found.next_cursor

    rows = all_pages(state.database, page)
    if query.format is ExportFormat.CSV:
        return csv_download("sightings.csv", EXPORT_COLUMNS, (export_cells(sighting) for sighting in rows))
    headers = {"Content-Disposition": 'attachment; filename="sightings.json"'}
    return StreamingResponse(json_text(rows), HTTPStatus.OK, headers, "application/json")


def note_search(search: PlateSearch, query: SightingFilter, *, is_new: bool) -> None:
    """Note a search for a plate, if the query has one.

    Raises:
        FieldError: a reason is required, and there is none.
    """
    if query.plate is not None:
        search.note_plate(SIGHTINGS, query.plate, query, query.reason, is_new=is_new)
