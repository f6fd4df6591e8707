"""`/api/v1/read` and `/api/v1/sightings`."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Header, Path, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from sqlalchemy.orm import Session

from platewatch.app.dependencies import (
    OPENAPI_SECURITY,
    RECOGNIZER_ONLY,
    Reader,
    ReadingSession,
    Recognizer,
    RuntimeDep,
)
from platewatch.errors import ConflictError, FieldError
from platewatch.sightings.idempotency import Answered, IdempotencyKey, idempotency_key
from platewatch.sightings.photos import Photo, ReadPhoto, open_photo, read_photo, stage_photo
from platewatch.sightings.schemas import (
    Direction,
    ImagePlatesRead,
    ImageSightingsRead,
    ReadAnswer,
    RecordAnswer,
    SightingPage,
    SightingQuery,
    SightingRead,
)
from platewatch.sightings.service import Circumstances, SightingService

_FORM_FIELDS = frozenset({"image", "camera", "location", "direction", "captured_at"})
_CLOCKS_MAY_DIFFER = timedelta(days=1)
_EARLIEST_YEAR = 1970
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
_IMAGES_NEVER_CHANGE = {"Cache-Control": "private, max-age=86400, immutable"}
_JPEG: dict[int | str, dict[str, object]] = {200: {"content": {"image/jpeg": {}}, "description": "JPEG"}}

SightingId = Annotated[int, Path(ge=1, le=2**63 - 1)]


async def refuse_unknown_fields(request: Request) -> None:
    """Do nothing if the form has only known fields; a misspelled one would be lost otherwise.

    Raises:
        FieldError: it has others.
    """
    unknown = sorted(set((await request.form()).keys()) - _FORM_FIELDS)
    if unknown:
        known = ", ".join(sorted(_FORM_FIELDS))
        raise FieldError(unknown[0], f"The form field {unknown[0]!r} is not known. The fields are: {known}.")


async def get_photos(
    runtime: RuntimeDep,
    image: Annotated[list[UploadFile], File(description="one or more photos: JPEG, PNG, WebP or BMP")],
) -> list[Photo]:
    limits = runtime.image_limits
    return [open_photo(upload.filename, await upload.read(limits.max_bytes + 1), limits) for upload in image]


Photos = Annotated[list[Photo], Depends(get_photos)]
router = APIRouter(prefix="/api/v1", tags=["sightings"], dependencies=OPENAPI_SECURITY)
_UPLOAD = [RECOGNIZER_ONLY, Depends(refuse_unknown_fields)]


class CircumstancesForm(BaseModel):
    """The form's fields beside the photos; empty ones count as left out."""

    model_config = ConfigDict(str_strip_whitespace=True)

    camera: Annotated[str, StringConstraints(max_length=150)] = ""
    location: Annotated[str, StringConstraints(max_length=150)] = ""
    direction: Direction = Direction.UNKNOWN
    captured_at: AwareDatetime | None = None


FormName = Annotated[str, Form(max_length=150, pattern=_NO_CONTROLS, description="name; made on first mention")]


def get_circumstances_form(
    camera: FormName = "",
    location: FormName = "",
    direction: Annotated[Direction, Form()] = Direction.UNKNOWN,
    captured_at: Annotated[AwareDatetime | None, Form(description="ISO 8601 with offset; now by default")] = None,
) -> CircumstancesForm:
    return CircumstancesForm(camera=camera, location=location, direction=direction, captured_at=captured_at)


CircumstancesDep = Annotated[CircumstancesForm, Depends(get_circumstances_form)]


@router.post("/read", dependencies=_UPLOAD)
def read(photos: Photos, runtime: RuntimeDep, _recognizer: Recognizer) -> ReadAnswer:
    """Read plates and store nothing."""
    done = [read_photo(runtime.readers, photo) for photo in photos]
    return ReadAnswer(images=[ImagePlatesRead.of(one.photo.name, one.found) for one in done])


@router.post("/sightings", status_code=HTTPStatus.CREATED, response_model=RecordAnswer, dependencies=_UPLOAD)
def record(
    photos: Photos,
    form: CircumstancesDep,
    runtime: RuntimeDep,
    caller: Recognizer,
    idempotency: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Response:
    """Read plates and record each as a sighting: all photos of the request, or none if one is bad.

    Sent again with the same `Idempotency-Key`, the first answer comes back and nothing is recorded twice.
    """
    circumstances = _circumstances(form, now=runtime.clock.now(), user_id=caller.user_id)
    parts = [form.model_dump_json().encode(), *(photo.image.data for photo in photos)]
    key = idempotency_key(str(caller.user_id), idempotency, parts)
    if key and (answer := _answer_given(runtime, key)):
        return _answer(answer, replayed=True)
    done = [read_photo(runtime.readers, photo) for photo in photos]
    try:
        return _answer(_record(runtime, done, circumstances, key))
    except ConflictError:
        if key and (answer := _answer_given(runtime, key)):
            return _answer(answer, replayed=True)
        raise


@router.get("/sightings")
def read_sightings(
    query: Annotated[SightingQuery, Query()],
    runtime: RuntimeDep,
    session: ReadingSession,
    _reader: Reader,
) -> SightingPage:
    """List sightings, newest first."""
    page = SightingService(session, runtime.clock).page(query)
    return SightingPage(items=[SightingRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/sightings/{sighting_id}")
def read_sighting(
    sighting_id: SightingId,
    runtime: RuntimeDep,
    session: ReadingSession,
    _reader: Reader,
) -> SightingRead:
    """Give one sighting."""
    return SightingRead.of(SightingService(session, runtime.clock).get_or_raise(sighting_id))


@router.get("/sightings/{sighting_id}/image", response_class=Response, responses=_JPEG)
def read_image(sighting_id: SightingId, runtime: RuntimeDep, session: ReadingSession, _reader: Reader) -> Response:
    """Give the photo, upright."""
    key = SightingService(session, runtime.clock).photo_key(sighting_id)
    return _jpeg(runtime.media.get(key))


@router.get("/sightings/{sighting_id}/crop", response_class=Response, responses=_JPEG)
def read_crop(sighting_id: SightingId, runtime: RuntimeDep, session: ReadingSession, _reader: Reader) -> Response:
    """Give the plate, rectified."""
    key = SightingService(session, runtime.clock).crop_key(sighting_id)
    return _jpeg(runtime.media.get(key))


@router.get("/sightings/{sighting_id}/annotated", response_class=Response, responses=_JPEG)
def read_annotated(sighting_id: SightingId, runtime: RuntimeDep, session: ReadingSession, _reader: Reader) -> Response:
    """Give the photo with every plate in it outlined."""
    return _jpeg(SightingService(session, runtime.clock).annotated_jpeg(runtime.media, sighting_id))


def _record(
    runtime: RuntimeDep,
    done: list[ReadPhoto],
    circumstances: Circumstances,
    key: IdempotencyKey | None,
) -> RecordAnswer:
    with runtime.staging() as staging:
        staged = [stage_photo(staging, one) if one.found.readings else None for one in done]

        def work(session: Session) -> RecordAnswer:
            service = SightingService(session, runtime.clock)
            recorded = [service.record(one, circumstances) if one else [] for one in staged]
            answer = RecordAnswer(images=[_image_answer(*pair) for pair in zip(done, recorded, strict=True)])
            if key:
                Answered(session, runtime.clock, hours=runtime.settings.idempotency_hours).keep(key, answer)
            return answer

        return runtime.transact(work)


def _image_answer(read: ReadPhoto, sightings: list[SightingRead]) -> ImageSightingsRead:
    return ImageSightingsRead(
        image=read.photo.name,
        width=read.found.width,
        height=read.found.height,
        ms=round(read.found.duration_ms, 1),
        sightings=sightings,
    )


def _answer_given(runtime: RuntimeDep, key: IdempotencyKey) -> RecordAnswer | None:
    with runtime.database.reading() as session:
        return Answered(session, runtime.clock, hours=runtime.settings.idempotency_hours).get(key)


def _answer(answer: RecordAnswer, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return JSONResponse(answer.model_dump(mode="json"), HTTPStatus.CREATED, headers=headers)


def _circumstances(form: CircumstancesForm, *, now: datetime, user_id: int) -> Circumstances:
    captured_at = form.captured_at or now
    if captured_at.year < _EARLIEST_YEAR or captured_at > now + _CLOCKS_MAY_DIFFER:
        raise FieldError(
            "captured_at", f"No photo was taken at {captured_at.isoformat()}. Check the clock that says so."
        )
    return Circumstances(
        captured_at=captured_at,
        user_id=user_id,
        direction=form.direction,
        camera=form.camera or None,
        location=form.location or None,
    )


def _jpeg(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers=_IMAGES_NEVER_CHANGE)
