"""Reading photos and recording what is in them: `POST /api/v1/read` and `POST /api/v1/sightings`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from sqlalchemy.orm import Session

from platewatch.app.dependencies import (
    OPENAPI_SECURITY,
    RECOGNIZER_ONLY,
    Recognizer,
    RuntimeDep,
    open_photos,
)
from platewatch.errors import ConflictError, FieldError
from platewatch.media.store import Staging
from platewatch.sightings.endpoints.raw_photo import RAW_BODY, PhotosOrBody, refuse_urlencoded
from platewatch.sightings.idempotency import Answered, IdempotencyKey, idempotency_key
from platewatch.sightings.photos import Photo, ReadPhoto, StagedPhoto, read_photo, stage_photo
from platewatch.sightings.schemas import (
    ImagePlatesRead,
    ImageSightingsRead,
    ReadAnswer,
    RecordAnswer,
    SightingCreate,
    SightingRead,
    SightingSource,
    VehicleColor,
    VehicleMake,
    VehicleType,
)
from platewatch.sightings.service import Circumstances, Vehicle, plausible_time
from platewatch.vision.types import Direction

_FORM_FIELDS = frozenset(
    {
        "image",
        "camera",
        "location",
        "direction",
        "captured_at",
        "vehicle_type",
        "vehicle_color",
        "vehicle_make",
        "recognizer",
    }
)
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"


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
    return await open_photos(image, runtime)


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
    vehicle: Vehicle = Vehicle()


FormName = Annotated[str, Form(max_length=150, pattern=_NO_CONTROLS, description="name; made on first mention")]


def get_vehicle(
    vehicle_type: Annotated[VehicleType | None, Form(description="of the surest plate in each photo")] = None,
    vehicle_color: Annotated[VehicleColor | None, Form(description="of the same one")] = None,
    vehicle_make: Annotated[VehicleMake | None, Form(description="of the same one")] = None,
) -> Vehicle:
    return Vehicle(vehicle_type, vehicle_color, vehicle_make)


def get_circumstances_form(
    vehicle: Annotated[Vehicle, Depends(get_vehicle)],
    camera: FormName = "",
    location: FormName = "",
    direction: Annotated[Direction, Form()] = Direction.UNKNOWN,
    captured_at: Annotated[AwareDatetime | None, Form(description="ISO 8601 with offset; now by default")] = None,
) -> CircumstancesForm:
    return CircumstancesForm(
        camera=camera, location=location, direction=direction, captured_at=captured_at, vehicle=vehicle
    )


CircumstancesDep = Annotated[CircumstancesForm, Depends(get_circumstances_form)]


RecognizerName = Annotated[
    str,
    Form(max_length=64, description="another recognizer than the one that is set; see `platewatch models list`"),
]


@router.post("/read", dependencies=[Depends(refuse_urlencoded), *_UPLOAD], openapi_extra=RAW_BODY)
def read(
    photos: PhotosOrBody,
    runtime: RuntimeDep,
    _recognizer: Recognizer,
    recognizer: RecognizerName = "",
    asked: Annotated[
        str, Query(alias="recognizer", max_length=64, description="the same, for a photo that is the body")
    ] = "",
) -> ReadAnswer:
    """Read plates and store nothing. The photos come in a form, or one photo is the whole body."""
    # One after the other: the pixels of a photo are let go before the next one is decoded.
    found = ((photo.name, _read(runtime, photo, recognizer or asked).found) for photo in photos)
    return ReadAnswer(images=[ImagePlatesRead.of(*one) for one in found])


@router.post("/sightings", status_code=HTTPStatus.CREATED, response_model=RecordAnswer, dependencies=_UPLOAD)
def record(
    photos: Photos,
    form: CircumstancesDep,
    runtime: RuntimeDep,
    caller: Recognizer,
    idempotency: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    recognizer: RecognizerName = "",
) -> Response:
    """Read plates and record each as a sighting: all photos of the request, or none if one is bad.

    Sent again with the same `Idempotency-Key`, the first answer comes back and nothing is recorded twice.
    """
    circumstances = _circumstances(form, now=runtime.clock.now(), user_id=caller.user_id)
    parts = chain([form.model_dump_json().encode(), recognizer.encode()], (photo.image.data for photo in photos))
    key = idempotency_key(str(caller.user_id), idempotency, parts)
    if key and (answer := _answer_given(runtime, key)):
        return _answer(answer, replayed=True)
    try:
        with runtime.staging() as staging:
            handled = [_read_and_stage(runtime, staging, photo, recognizer) for photo in photos]
            return _answer(_record(runtime, handled, circumstances, key))
    except ConflictError:
        if key and (answer := _answer_given(runtime, key)):
            return _answer(answer, replayed=True)
        raise


@router.post("/sightings/manual", status_code=HTTPStatus.CREATED)
def record_manual(body: SightingCreate, runtime: RuntimeDep, caller: Recognizer) -> SightingRead:
    """Record a pass that somebody saw, without a photo."""
    now = runtime.clock.now()
    circumstances = Circumstances(
        captured_at=plausible_time(body.captured_at or now, now),
        user_id=caller.user_id,
        direction=body.direction,
        camera=body.camera,
        location=body.location,
        source=SightingSource.MANUAL,
    )
    return runtime.transact(lambda session: runtime.sightings(session).record_manual(body, circumstances))


def _read(runtime: RuntimeDep, photo: Photo, recognizer: str) -> ReadPhoto:
    """What is in the photo, read by the recognizer of that name; empty for the one that is set."""
    if recognizer in {"", runtime.settings.recognizer}:
        return runtime.read_photo(photo)
    return read_photo(runtime.readers_with(recognizer), photo)


def _read_and_stage(runtime: RuntimeDep, staging: Staging, photo: Photo, recognizer: str) -> ReadPhoto | StagedPhoto:
    """The photo with its plates in the media store; only read if it has none."""
    read = _read(runtime, photo, recognizer)
    return stage_photo(staging, read) if read.found.readings else read


def _record(
    runtime: RuntimeDep,
    handled: Sequence[ReadPhoto | StagedPhoto],
    circumstances: Circumstances,
    key: IdempotencyKey | None,
) -> RecordAnswer:
    def work(session: Session) -> RecordAnswer:
        service = runtime.sightings(session)
        images = [
            _image_answer(one.read, service.record(one, circumstances))
            if isinstance(one, StagedPhoto)
            else _image_answer(one, [])
            for one in handled
        ]
        answer = RecordAnswer(images=images)
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
    return Circumstances(
        captured_at=plausible_time(form.captured_at or now, now),
        user_id=user_id,
        direction=form.direction,
        camera=form.camera or None,
        location=form.location or None,
        vehicle=form.vehicle,
    )
