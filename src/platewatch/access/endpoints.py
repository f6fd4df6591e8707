"""`/api/v1/access`: decisions, their log, the rules of each location, and gates."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from platewatch.access.schemas import (
    AccessFilter,
    AccessPage,
    AccessQuery,
    AccessRead,
    DecideBody,
    DecisionAnswer,
    GateAll,
    GateCreate,
    GateOpen,
    GateRead,
    GateUpdate,
    PolicyRead,
    PolicyWrite,
)
from platewatch.access.service import AccessService, Evidence
from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.csv_rows import Cell
from platewatch.db.base import MAX_ID
from platewatch.db.paging import EXPORT_PAGE, all_pages
from platewatch.db.tables import AccessLogRow
from platewatch.errors import FieldError
from platewatch.plates.matching import search_key
from platewatch.plates.text import as_written, plate_key
from platewatch.reading.photos import Photo
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.vision.recognizer.regions import sure_region
from platewatch.web.dependencies import (
    CSV_ANSWER,
    MAX_REASON,
    OPENAPI_SECURITY,
    RECOGNIZER_ONLY,
    ActorDep,
    Manager,
    PlateSearch,
    PlateSearchDep,
    Reader,
    ReadingSession,
    Recognizer,
    StateDep,
    csv_download,
    open_photos,
)

router = APIRouter(prefix="/api/v1/access", tags=["access"], dependencies=OPENAPI_SECURITY)

RowId = Annotated[int, Path(ge=1, le=MAX_ID)]
LocationFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]
MAX_PLATE: Final = 32
_COLUMNS: Final = (
    "id",
    "decided_at",
    "plate",
    "written",
    "decision",
    "reason",
    "direction",
    "location_id",
    "confidence",
    "watchlist",
    "entry_plate",
    "entry_written",
    "folded",
    "source",
    "note",
    "gate",
    "gate_state",
    "gate_detail",
    "sighting_id",
    "user_id",
)
_IMAGE: Final = {"type": "string", "format": "binary", "description": "a photo: JPEG, PNG, WebP or BMP"}
_FORM: Final = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "image": _IMAGE,
        "location_id": {"type": "integer"},
        "direction": {"type": "string", "enum": ["entering", "leaving", "unknown"]},
        "dry_run": {"type": "boolean", "default": False},
    },
}
_DECIDE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": DecideBody.model_json_schema(ref_template="#/components/schemas/{model}")},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


DECIDE_DESCRIPTION: Final = (
    "Decide whether a plate may pass and write the decision into the access log. "
    "**If it is granted at a location with a gate, the gate opens.** "
    "With `dry_run` (in the body, the form or the query) nothing is logged or published and no gate opens; the answer "
    "says what would be decided and which gate would open. The audit log notes that somebody asked, as for any search; "
    "where PLATEWATCH_SEARCH_REASON is `required`, a dry run has to say why, like a search."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether the query asks for a dry run, and why somebody asks."""

    dry_run: bool
    search: PlateSearch
    query: str | None

    def why(self) -> str | None:
        """Why somebody asks.

        Raises:
            FieldError: They don't say it, and the settings require it.
        """
        return self.search.why(self.query)


def get_trial(
    search: PlateSearchDep,
    dry_run: Annotated[bool, Query(description="the same as in the body")] = False,  # noqa: FBT002 -- FastAPI's way
    query: Annotated[
        str | None, Query(alias="reason", max_length=MAX_REASON, description="of a dry run, for the audit log")
    ] = None,
) -> Trial:
    return Trial(dry_run, search, query)


TrialDep = Annotated[Trial, Depends(get_trial)]


@dataclass(frozen=True, slots=True)
class Question:
    """The question whether a plate may pass: as JSON, or as a photo whose most confident plate counts."""

    body: DecideBody
    photo: Photo | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question with who asks it."""

    question: Question
    user_id: int
    actor: Actor
    trial: Trial


async def get_question(request: Request, state: StateDep) -> AsyncIterator[Question]:
    """The question of the request.

    Raises:
        FieldError: neither JSON nor a form with a photo.
        ImageError: the photo can't be read.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            yield await _photo_question(form, state)
    else:
        yield await get_json_question(request)


async def get_json_question(request: Request) -> Question:
    """The question of a JSON body.

    Raises:
        FieldError: the body is no JSON, or names no plate.
    """
    try:
        sent = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise FieldError(
            "body", 'Send JSON like {"plate": "AB12CDE"}, or a multipart form with a photo in the field `image`.'
        ) from error
    question = Question(_validate(sent))
    if not question.body.plate:
        raise FieldError("plate", "Name the plate that wants to pass, or send a photo of it.")
    return question


@router.post("/decide", dependencies=[RECOGNIZER_ONLY], openapi_extra=_DECIDE_BODY, description=DECIDE_DESCRIPTION)
def decide(
    question: Annotated[Question, Depends(get_question)],
    state: StateDep,
    recorder: RecorderDep,
    caller: Recognizer,
    actor: ActorDep,
    trial: TrialDep,
) -> DecisionAnswer:
    """Decide whether a plate may pass, log it, and open the gate if it may; or only say what would be decided."""
    return decide_on(Inquiry(question, caller.user_id, actor, trial), state, recorder)


def decide_on(inquiry: Inquiry, state: StateDep, recorder: RecorderDep) -> DecisionAnswer:
    """The decision on a plate or photo."""
    body, photo = inquiry.question.body, inquiry.question.photo
    is_dry = body.dry_run or inquiry.trial.dry_run
    why = inquiry.trial.why() if is_dry else None
    text, confidence, region = body.plate, body.confidence, body.region
    if photo is not None:
        text, confidence, region = _read(state, photo)
    plate = _plate(text)
    written = as_written(text) if photo is None else None

    def work(session: Session) -> DecisionAnswer:
        stored = recorder.sightings(session).stored_plate(plate) if plate else ""
        texts = recorder.texts_of(plate) if plate else ()
        is_unsure = confidence is not None and confidence < state.settings.unsure_below
        evidence = Evidence(confidence, is_unsure, region, user_id=inquiry.user_id, texts=texts, written=written)
        service = AccessService(session, state.clock)
        act = service.try_out if is_dry else service.decide
        row = act(stored, body.location_id, body.direction, evidence)
        details: Details = {"log": row.id, "decision": row.decision, "reason": row.reason}
        if is_dry:
            details = {**details, "dry_run": True, "why": why}
        AuditService(session, state.clock).note(AuditAction.ACCESS_DECIDED, inquiry.actor, stored or None, details)
        return DecisionAnswer.of(row, dry_run=is_dry)

    return state.database.transact(work)


@router.get("/log")
def read_log(
    query: Annotated[AccessQuery, Query()],
    state: StateDep,
    recorder: RecorderDep,
    session: ReadingSession,
    _reader: Reader,
    search: PlateSearchDep,
) -> AccessPage:
    """List the decisions, newest first."""
    if query.plate is not None:
        search.note_plate("access log", query.plate, query, query.search_reason, is_new=query.cursor is None)
    page = AccessService(session, state.clock).page(query, recorder.stored_texts(query.plate))
    return AccessPage(items=[AccessRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/log/export", response_class=StreamingResponse, responses=CSV_ANSWER)
def export_log(
    query: Annotated[AccessFilter, Query()],
    state: StateDep,
    recorder: RecorderDep,
    actor: ActorDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> StreamingResponse:
    """Give the decisions as CSV, newest first."""
    why = search.why(query.search_reason)
    filters = {name: str(value) for name, value in query.model_dump(exclude_none=True).items()}
    details: Details = {**filters, "search_reason": why}
    state.note(AuditAction.ACCESS_EXPORTED, actor, query.plate and search_key(query.plate), details)
    texts = recorder.stored_texts(query.plate)

    def page(session: Session, cursor: str | None) -> tuple[list[tuple[Cell, ...]], str | None]:
        asked = AccessQuery.model_construct(**dict(query), limit=EXPORT_PAGE, cursor=cursor)
        found = AccessService(session, state.clock).page(asked, texts)
        return [_cells(row) for row in found.items], found.next_cursor

    return csv_download("access-log.csv", _COLUMNS, all_pages(state.database, page))


@router.get("/log/{log_id}")
def read_log_entry(log_id: RowId, state: StateDep, session: ReadingSession, _reader: Reader) -> AccessRead:
    """Give one decision, with what became of the gate."""
    return AccessRead.of(AccessService(session, state.clock).get_or_raise(log_id))


@router.get("/policies/{location_id}")
def read_policy(location_id: RowId, state: StateDep, session: ReadingSession, _reader: Reader) -> PolicyRead:
    """Give the rules of a location."""
    return PolicyRead.of(location_id, AccessService(session, state.clock).policy_or_raise(location_id))


@router.put("/policies/{location_id}")
def set_policy(
    location_id: RowId, body: PolicyWrite, state: StateDep, actor: ActorDep, _manager: Manager
) -> PolicyRead:
    """Set the rules of a location; what is left out gets its default."""
    return state.database.transact(
        lambda session: PolicyRead.of(
            location_id, AccessService(session, state.clock).set_policy(location_id, body, actor)
        )
    )


@router.get("/gates")
def read_gates(
    state: StateDep, session: ReadingSession, _opener: Recognizer, location_id: LocationFilter = None
) -> GateAll:
    """List the gates by name, without their secrets."""
    rows = AccessService(session, state.clock).gates(location_id)
    return GateAll(items=[GateRead.of(row) for row in rows])


@router.post("/gates", status_code=HTTPStatus.CREATED)
def create_gate(body: GateCreate, state: StateDep, actor: ActorDep, _manager: Manager) -> GateRead:
    """Set up a gate."""
    with state.database.transaction() as session:
        return GateRead.of(AccessService(session, state.clock).create_gate(body, state.seal, actor))


@router.get("/gates/{gate_id}")
def read_gate(gate_id: RowId, state: StateDep, session: ReadingSession, _opener: Recognizer) -> GateRead:
    """Give one gate, without its secrets."""
    return GateRead.of(AccessService(session, state.clock).gate_or_raise(gate_id))


@router.patch("/gates/{gate_id}")
def update_gate(gate_id: RowId, body: GateUpdate, state: StateDep, actor: ActorDep, _manager: Manager) -> GateRead:
    """Change a gate; what is left out stays."""
    with state.database.transaction() as session:
        return GateRead.of(AccessService(session, state.clock).update_gate(gate_id, body, state.seal, actor))


@router.delete("/gates/{gate_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_gate(gate_id: RowId, state: StateDep, actor: ActorDep, _manager: Manager) -> None:
    """Take a gate away; what it did stays in the log."""
    with state.database.transaction() as session:
        AccessService(session, state.clock).delete_gate(gate_id, actor)


@router.post("/gates/{gate_id}/open", status_code=HTTPStatus.ACCEPTED)
def open_gate(gate_id: RowId, body: GateOpen, state: StateDep, actor: ActorDep, _opener: Recognizer) -> AccessRead:
    """Open a gate by hand. The answer comes before it opened: look at the log entry for the result."""
    plate = _plate(body.plate)
    return state.database.transact(
        lambda session: AccessRead.of(
            AccessService(session, state.clock).open_by_hand(
                gate_id, plate, body.reason, actor, written=as_written(body.plate) or None
            )
        )
    )


async def _photo_question(form: FormData, state: StateDep) -> Question:
    image = form.get("image")
    if not isinstance(image, UploadFile):
        raise FieldError("image", "Send the photo as a file in the form field `image`.")
    [photo] = await open_photos([image], state)
    fields = {name: value for name, value in form.multi_items() if name != "image"}
    for taken in ("plate", "confidence", "region"):
        if taken in fields:
            raise FieldError(taken, f"The form field {taken!r} is not known: the photo says it.")
    return Question(_validate({"plate": "", **fields}), photo)


def _validate(sent: object) -> DecideBody:
    try:
        return DecideBody.model_validate(sent)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error


def _read(state: StateDep, photo: Photo) -> tuple[str, float | None, str | None]:
    """The most confident plate of the photo, with its region if that is sure; empty text without a plate."""
    readings = state.reading.read(photo).found.readings
    if not readings:
        return "", None, None
    best = readings[0]
    return best.text, best.confidence, sure_region(best.region, best.region_confidence)


def _plate(text: str) -> str:
    """The plate's key; empty only if the text is.

    Raises:
        FieldError: no letter or digit, or too many.
        PlateTextError: a letter or sign has no key.
    """
    plate = plate_key(text)
    if text and not 0 < len(plate) <= MAX_PLATE:
        raise FieldError("plate", f"A plate has 1 to {MAX_PLATE} letters and digits; {text[:40]!r} has {len(plate)}.")
    return plate


def _cells(row: AccessLogRow) -> tuple[Cell, ...]:
    return (
        row.id,
        row.decided_at,
        row.plate,
        row.written,
        row.decision,
        row.reason,
        row.direction,
        row.location_id,
        row.confidence,
        row.watchlist_name,
        row.entry_plate,
        row.entry_written,
        row.match_folded if row.entry_plate else None,
        row.source,
        row.note,
        row.gate_name,
        row.gate_state,
        row.gate_detail,
        row.sighting_id,
        row.user_id,
    )
