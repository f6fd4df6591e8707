"""`POST /verification`: may this plate pass?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from platewatch.access.endpoints import (
    DECIDE_DESCRIPTION,
    Inquiry,
    Question,
    TrialDep,
    decide_on,
    get_json_question,
)
from platewatch.access.rules import Decision, Reason
from platewatch.access.schemas import AccessMatchRead, DecideBody, Id
from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.errors import FieldError
from platewatch.plates.fields import WrittenPlate
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.vision.types import Direction
from platewatch.web.dependencies import RECOGNIZER_ONLY, ActorDep, Recognizer, StateDep, open_photos
from platewatch.web.error_shapes import DETAIL_ERRORS

_PHOTO: Final = {"type": "string", "format": "binary", "description": "a photo: JPEG, PNG, WebP or BMP"}
_FORM: Final = {
    "type": "object",
    "properties": {
        "file": _PHOTO,
        "image": _PHOTO,
        "location_id": {"type": "integer"},
        "direction": {"type": "string", "enum": ["entering", "leaving", "unknown"]},
        "dry_run": {"type": "boolean", "default": False},
    },
    "additionalProperties": False,
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": DecideBody.model_json_schema(ref_template="#/components/schemas/{model}")},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}

router = APIRouter(tags=["SecurePass"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


class VerificationAnswer(BaseModel):
    log_id: int | None = Field(description="of the entry in the access log; None for a dry run", examples=[91])
    plate: str = Field(
        description="the key by which plates are compared; empty if none could be read", examples=["AB12CDE"]
    )
    written: WrittenPlate
    confidence: float | None = Field(description="of the reading; None for a plate that was typed")
    decision: Decision
    reason: Reason
    match: AccessMatchRead | None = Field(description="the entry that the decision rests on")
    timestamp: datetime
    dry_run: bool = Field(description="nothing was logged, and no gate opened")


class _PhotoFields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    location_id: Id | None = None
    direction: Direction = Direction.ENTERING
    dry_run: bool = False


async def get_verified(request: Request, state: StateDep) -> AsyncIterator[Question]:
    """The question whether a plate may pass, from JSON or from a form with a photo in `file` or `image`.

    Raises:
        FieldError: neither.
        ImageError: the photo can't be read.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            yield await _photo_question(form, state)
    else:
        yield await get_json_question(request)


@router.post("/verification", dependencies=[RECOGNIZER_ONLY], openapi_extra=_BODY, description=DECIDE_DESCRIPTION)
def verify(
    question: Annotated[Question, Depends(get_verified)],
    state: StateDep,
    recorder: RecorderDep,
    caller: Recognizer,
    actor: ActorDep,
    trial: TrialDep,
) -> VerificationAnswer:
    """Decide whether a plate may pass, write it into the access log, and open the gate if it may."""
    decided = decide_on(Inquiry(question, caller.user_id, actor, trial), state, recorder)
    return VerificationAnswer(
        log_id=decided.id,
        plate=decided.plate,
        written=decided.written,
        confidence=decided.confidence,
        decision=decided.decision,
        reason=decided.reason,
        match=decided.match,
        timestamp=decided.decided_at,
        dry_run=decided.dry_run,
    )


async def _photo_question(form: FormData, state: StateDep) -> Question:
    uploads = [form[name] for name in ("file", "image") if name in form]
    if len(uploads) != 1 or not isinstance(uploads[0], UploadFile):
        raise FieldError("file", "Send one photo as a file in the form field 'file' or 'image'.")
    [photo] = await open_photos([uploads[0]], state)
    fields = {name: value for name, value in form.multi_items() if name not in ("file", "image")}
    try:
        photo_fields = _PhotoFields.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error
    return Question(DecideBody(plate="", **photo_fields.model_dump()), photo)
