"""`/logs`: the access log, and events that are written into it by hand."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from platewatch.access.endpoints import export_log
from platewatch.access.rules import Decision
from platewatch.access.schemas import (
    AccessFilter,
    AccessMatchRead,
    AccessQuery,
    AccessRead,
    AccessSource,
    Note,
)
from platewatch.access.service import AccessService, Evidence
from platewatch.audit.service import AuditAction, AuditService, Details
from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.db.tables import AccessLogRow
from platewatch.plates.fields import WrittenPlate
from platewatch.plates.text import as_written
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.service import plate_of
from platewatch.vision.types import Direction
from platewatch.web.dependencies import ActorDep, PlateSearchDep, Reader, Recognizer, StateDep
from platewatch.web.error_shapes import DETAIL_ERRORS

_PAGING = {"limit", "cursor", "format"}

router = APIRouter(prefix="/logs", tags=["SecurePass"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


class LogFormat(StrEnum):
    JSON = "json"
    CSV = "csv"


class LogQuery(AccessQuery):
    """Filters and paging, and as what the log is given; CSV has no pages."""

    format: LogFormat = LogFormat.JSON


class LogEntry(BaseModel):
    """One access event."""

    id: int = Field(examples=[91])
    timestamp: datetime
    plate: str = Field(description="the key by which plates are compared", examples=["AB12CDE"])
    written: WrittenPlate
    decision: Decision
    reason: str = Field(
        description="the rule that decided, or what was written by hand", examples=["allow_list", "let in by the guard"]
    )
    confidence: float | None
    location_id: int | None
    direction: Direction
    match: AccessMatchRead | None
    source: AccessSource

    @classmethod
    def of(cls, row: AccessLogRow) -> LogEntry:
        read = AccessRead.of(row)
        return cls(
            id=read.id,
            timestamp=read.decided_at,
            plate=read.plate,
            written=read.written,
            decision=read.decision,
            reason=read.note or read.reason,
            confidence=read.confidence,
            location_id=read.location_id,
            direction=read.direction,
            match=read.match,
            source=read.source,
        )


class LogPage(BaseModel):
    logs: list[LogEntry]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class LogCreate(BaseModel):
    """An access event that somebody writes down; no gate opens."""

    model_config = ConfigDict(extra="forbid")

    plate: str = Field(min_length=1, max_length=64, examples=["AB12CDE"])
    decision: Decision
    reason: Note | None = Field(default=None, examples=["let in by the guard"])


@router.get(
    "",
    response_model=LogPage,
    responses={200: {"content": {"text/csv": {}}, "description": "a page, or the whole log as CSV"}},
)
def read_logs(
    query: Annotated[LogQuery, Query()],
    state: StateDep,
    recorder: RecorderDep,
    actor: ActorDep,
    reader: Reader,
    search: PlateSearchDep,
) -> Response:
    """List access events, newest first."""
    if query.format is LogFormat.CSV:
        return export_log(AccessFilter(**query.model_dump(exclude=_PAGING)), state, recorder, actor, reader, search)
    if query.plate is not None:
        search.note_plate("access log", query.plate, query, query.search_reason, is_new=query.cursor is None)
    with state.database.reading() as session:
        chosen = AccessQuery(**query.model_dump(exclude={"format"}))
        page = AccessService(session, state.clock).page(chosen, recorder.stored_texts(chosen.plate))
        logs = [LogEntry.of(row) for row in page.items]
    return JSONResponse(LogPage(logs=logs, next_cursor=page.next_cursor).model_dump(mode="json"))


@router.post("", status_code=HTTPStatus.CREATED)
def write_log(body: LogCreate, state: StateDep, recorder: RecorderDep, caller: Recognizer, actor: ActorDep) -> LogEntry:
    """Write an access event into the log."""
    plate = plate_of(body.plate)

    def work(session: Session) -> LogEntry:
        stored = recorder.sightings(session).stored_plate(plate)
        evidence = Evidence(user_id=caller.user_id, written=as_written(body.plate))
        row = AccessService(session, state.clock).write_down(stored, body.decision, body.reason or None, evidence)
        details: Details = {"log": row.id, "decision": row.decision, "reason": row.reason}
        AuditService(session, state.clock).note(AuditAction.ACCESS_DECIDED, actor, stored, details)
        return LogEntry.of(row)

    return state.database.transact(work)
