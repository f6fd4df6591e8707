"""Reading photos and recording what is in them: `POST /api/v1/read` and `POST /api/v1/sightings`."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Header, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy.orm import Session

from platewatch.errors import ConflictError, FieldError
from platewatch.fields import NO_CONTROLS, Instant
from platewatch.media.store import Staging
from platewatch.reading.photos import Photo, ReadPhoto
from platewatch.sightings.capture_time import CaptureTime, capture_time
from platewatch.sightings.endpoints.dependencies import RecorderDep, get_recorder
from platewatch.sightings.endpoints.raw_photo import RAW_BODY, PhotosOrBody, refuse_urlencoded
from platewatch.sightings.idempotency import Answered, IdempotencyKey, idempotency_key
from platewatch.sightings.recorder import Recorder
from platewatch.sightings.schemas import (
    ImagePlatesRead,
    ImageSightingsRead,
    ReadAnswer,
    RecordAnswer,
    SightingCreate,
    SightingRead,
    TimeSource,
    VehicleColor,
    VehicleMake,
    VehicleType,
)
from platewatch.sightings.service import Circumstances, RecordedPhoto, Vehicle
from platewatch.sightings.staging import StagedPhoto, stage_photo
from platewatch.vision.types import Direction
from platewatch.web.dependencies import (
    KNOWN_QUERY,
    OPENAPI_SECURITY,
    RECOGNIZER_ONLY,
    Recognizer,
    StateDep,
    open_photos,
)

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
        "record_known",
    }
)


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
    state: StateDep,
    image: Annotated[list[UploadFile], File(description="one or more photos: JPEG, PNG, WebP or BMP")],
) -> list[Photo]:
    return await open_photos(image, state)


Photos = Annotated[list[Photo], Depends(get_photos)]
router = APIRouter(prefix="/api/v1", tags=["sightings"], dependencies=OPENAPI_SECURITY)
_UPLOAD = [RECOGNIZER_ONLY, KNOWN_QUERY, Depends(refuse_unknown_fields)]


class CircumstancesForm(BaseModel):
    """The form's fields beside the photos; empty ones count as left out."""

    model_config = ConfigDict(str_strip_whitespace=True)

    camera: Annotated[str, StringConstraints(max_length=150)] = ""
    location: Annotated[str, StringConstraints(max_length=150)] = ""
    direction: Direction = Direction.UNKNOWN
    captured_at: Instant | None = None
    vehicle: Vehicle = Vehicle()
    record_known: bool = False


FormName = Annotated[str, Form(max_length=150, pattern=NO_CONTROLS, description="name; made on first mention")]


def get_vehicle(
    vehicle_type: Annotated[VehicleType | None, Form(description="of the most confident plate in each photo")] = None,
    vehicle_color: Annotated[VehicleColor | None, Form(description="of the same one")] = None,
    vehicle_make: Annotated[VehicleMake | None, Form(description="of the same one")] = None,
) -> Vehicle:
    return Vehicle(vehicle_type, vehicle_color, vehicle_make)


def get_circumstances_form(
    vehicle: Annotated[Vehicle, Depends(get_vehicle)],
    camera: FormName = "",
    location: FormName = "",
    direction: Annotated[Direction, Form()] = Direction.UNKNOWN,
    captured_at: Annotated[
        Instant | None, Form(description="ISO 8601 with offset; by default what the photo's EXIF data says, else now")
    ] = None,
    record_known: Annotated[bool, Form(description="record photos even if they were recorded before")] = False,  # noqa: FBT002
) -> CircumstancesForm:
    return CircumstancesForm(
        camera=camera,
        location=location,
        direction=direction,
        captured_at=captured_at,
        vehicle=vehicle,
        record_known=record_known,
    )


CircumstancesDep = Annotated[CircumstancesForm, Depends(get_circumstances_form)]


RecognizerName = Annotated[
    str,
    Form(max_length=64, description="another recognizer than the one that is set; see `platewatch models list`"),
]


@dataclass(frozen=True, slots=True)
class _Upload:
    """A photo with what is known of it beside its pixels."""

    photo: Photo
    time: CaptureTime
    circumstances: Circumstances


@router.post("/read", dependencies=[Depends(refuse_urlencoded), *_UPLOAD], openapi_extra=RAW_BODY)
def read(
    photos: PhotosOrBody,
    state: StateDep,
    _recognizer: Recognizer,
    recognizer: RecognizerName = "",
    asked: Annotated[
        str, Query(alias="recognizer", max_length=64, description="the same, for a photo that is the body")
    ] = "",
) -> ReadAnswer:
    """Read plates and store nothing. The photos come in a form, or one photo is the whole body."""
    # One after the other: the pixels of a photo are let go before the next one is decoded.
    level = state.settings.unsure_below
    found = ((photo.name, state.reading.read(photo, recognizer or asked).found) for photo in photos)
    return ReadAnswer(images=[ImagePlatesRead.of(*one, level) for one in found])


@router.post("/sightings", status_code=HTTPStatus.CREATED, response_model=RecordAnswer, dependencies=_UPLOAD)
def record(
    photos: Photos,
    form: CircumstancesDep,
    state: StateDep,
    caller: Recognizer,
    idempotency: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    recognizer: RecognizerName = "",
) -> Response:
    """Read plates and record each as a sighting: all photos of the request, or none if one is bad.

    A photo that was recorded before, of the same place and time, is not recorded again: its answer has the
    earlier sightings.

    Sent again with the same `Idempotency-Key`, the first answer comes back and nothing is recorded twice.
    """
    recorder = get_recorder(state)
    uploads = _uploads(recorder, photos, form, caller.user_id)
    parts = chain([form.model_dump_json().encode(), recognizer.encode()], (photo.image.data for photo in photos))
    key = idempotency_key(str(caller.user_id), idempotency, parts)
    if key and (answer := _find_answer(state, key)):
        return _answer(answer, replayed=True)
    known = _find_known(recorder, uploads)
    try:
        with recorder.staging() as staging:
            handled = [
                earlier or _read_and_stage(state, staging, upload.photo, recognizer)
                for upload, earlier in zip(uploads, known, strict=True)
            ]
            return _answer(_record(state, recorder, list(zip(uploads, handled, strict=True)), key))
    except ConflictError:
        if key and (answer := _find_answer(state, key)):
            return _answer(answer, replayed=True)
        raise


@router.post("/sightings/manual", status_code=HTTPStatus.CREATED)
def record_manual(body: SightingCreate, recorder: RecorderDep, caller: Recognizer) -> SightingRead:
    """Record a pass that somebody saw, without a photo."""
    return recorder.record_manual(body, caller.user_id)


def _uploads(recorder: Recorder, photos: list[Photo], form: CircumstancesForm, user_id: int) -> list[_Upload]:
    zones = recorder.capture_zones(camera=form.camera or None, location=form.location or None)
    now = recorder.clock.now()
    times = [capture_time(photo.image.data, zones, now, given=form.captured_at) for photo in photos]
    return [
        _Upload(photo, time, _circumstances(form, time, user_id)) for photo, time in zip(photos, times, strict=True)
    ]


def _find_known(recorder: Recorder, uploads: list[_Upload]) -> list[list[SightingRead]]:
    """For each photo its earlier sightings, if it was recorded before."""
    with recorder.database.reading() as session:
        service = recorder.sightings(session)
        return [service.find_known(upload.photo.image.data, upload.circumstances) for upload in uploads]


def _read_and_stage(state: StateDep, staging: Staging, photo: Photo, recognizer: str) -> ReadPhoto | StagedPhoto:
    """The photo with its plates in the media store; only read if it has none."""
    read = state.reading.read(photo, recognizer)
    return stage_photo(staging, read) if read.found.readings else read


def _record(
    state: StateDep,
    recorder: Recorder,
    handled: list[tuple[_Upload, ReadPhoto | StagedPhoto | list[SightingRead]]],
    key: IdempotencyKey | None,
) -> RecordAnswer:
    def work(session: Session) -> RecordAnswer:
        service = recorder.sightings(session)
        # One file after the other: together they may be a quarter of a gigabyte.
        service.lock_photos(one.read.photo.image.data for _, one in handled if isinstance(one, StagedPhoto))
        images = []
        for upload, one in handled:
            if isinstance(one, StagedPhoto):
                images.append(_image_answer(upload, one.read, service.record_photo(one, upload.circumstances)))
            elif isinstance(one, ReadPhoto):
                images.append(_image_answer(upload, one, RecordedPhoto(None, [])))
            else:
                images.append(_image_answer(upload, None, RecordedPhoto(None, one, is_known=True)))
        answer = RecordAnswer(images=images)
        if key:
            Answered(session, state.clock, hours=state.settings.idempotency_hours).keep(key, answer)
        return answer

    return state.database.transact(work)


def _image_answer(upload: _Upload, read: ReadPhoto | None, recorded: RecordedPhoto) -> ImageSightingsRead:
    image = upload.photo.image
    time = _time_of_known(recorded.sightings, upload.time) if recorded.is_known else upload.time
    return ImageSightingsRead(
        image=upload.photo.name,
        width=read.found.width if read else image.width,
        height=read.found.height if read else image.height,
        ms=round(read.found.duration_ms, 1) if read else 0.0,
        captured_at=time.at,
        captured_at_source=time.source,
        captured_at_note=time.note,
        is_known=recorded.is_known,
        sightings=recorded.sightings,
    )


def _time_of_known(sightings: list[SightingRead], now: CaptureTime) -> CaptureTime:
    """The time with which the photo was recorded before, as it was corrected since."""
    first = sightings[0]
    source = first.captured_at_source or now.source
    return CaptureTime(first.captured_at, source, now.note if source is TimeSource.UPLOAD else None)


def _find_answer(state: StateDep, key: IdempotencyKey) -> RecordAnswer | None:
    with state.database.reading() as session:
        return Answered(session, state.clock, hours=state.settings.idempotency_hours).get(key)


def _answer(answer: RecordAnswer, *, replayed: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return JSONResponse(answer.model_dump(mode="json"), HTTPStatus.CREATED, headers=headers)


def _circumstances(form: CircumstancesForm, time: CaptureTime, user_id: int) -> Circumstances:
    return Circumstances(
        captured_at=time.at,
        captured_at_source=time.source,
        user_id=user_id,
        direction=form.direction,
        camera=form.camera or None,
        location=form.location or None,
        vehicle=form.vehicle,
        record_known=form.record_known,
    )
