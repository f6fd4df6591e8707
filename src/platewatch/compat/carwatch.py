"""CarWatch's own routes, in CarWatch's envelope `{"success", "message", ...}`."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.db.repository import Page
from platewatch.db.tables import ImageRow, SightingRow
from platewatch.errors import FieldError, NotFoundError
from platewatch.fields import NO_CONTROLS
from platewatch.reading.photos import Photo
from platewatch.sightings.capture_time import capture_time
from platewatch.sightings.endpoints.dependencies import RecorderDep, get_recorder
from platewatch.sightings.endpoints.searching import note_search
from platewatch.sightings.query import MAX_PAGE, SightingQuery
from platewatch.sightings.schemas import Note, PlaceName, SightingCreate, SightingSource, Subject
from platewatch.sightings.service import Circumstances, RecordedPhoto, SightingService
from platewatch.sightings.staging import StagedPhoto
from platewatch.users.schemas import PlainEnvelope
from platewatch.vision.turns import Turns
from platewatch.vision.types import Direction
from platewatch.web.dependencies import (
    RECOGNIZER_ONLY,
    PlateSearchDep,
    Reader,
    ReadingSession,
    Recognizer,
    StateDep,
    open_photos,
)

_SUBJECTS: Final = {
    Direction.ENTERING: "Vehicle Entry",
    Direction.LEAVING: "Vehicle Exit",
    Direction.UNKNOWN: "Vehicle Detection",
}
_DESCRIPTIONS: Final = {
    Direction.ENTERING: "car is available",
    Direction.LEAVING: "car has left",
    Direction.UNKNOWN: "car was seen",
}
_BY_HAND: Final = ("Manual Entry", "Manually recorded plate")
MAX_WHOLE: Final = 10_000
"""Records of a history that is asked for without pages."""
_LOCATION: Final = "where it was, made on first mention; by default PLATEWATCH_CARWATCH_LOCATION"
_OWN_NAME: Final = re.compile(r"image_\d{14,17}\.jpg", re.ASCII)

router = APIRouter(
    prefix="/api",
    tags=["CarWatch"],
    dependencies=COMPAT_DEPENDENCIES,
    responses={"4XX": {"model": PlainEnvelope, "description": "What was wrong, and what to do"}},
)


class WholeHistories(Turns):
    """Turns at histories without pages: each is large, so two are made at a time and eight wait."""

    def __init__(self) -> None:
        super().__init__(2, 8, "Too many others ask for the whole history")


class UploadAnswer(BaseModel):
    success: bool = True
    message: str = Field(
        examples=["Image received, uploaded to database, OCR processed, and data recorded successfully."],
    )
    plate_number: str | None = Field(description="the most confident plate; None if none was read", examples=["ABC123"])
    status: Direction
    image_uploaded: bool
    image_filename: str = Field(examples=["image_20250615123456789.jpg"])


class HistoryQuery(SightingQuery):
    """All filters of sightings, and CarWatch's word for the direction.

    CarWatch's clients know no pages: without `limit` and `cursor` the answer has everything, up to `MAX_WHOLE` records.
    """

    status: Direction | None = Field(default=None, description="the same as `direction`")
    limit: int = Field(
        default=MAX_PAGE,
        ge=1,
        le=MAX_PAGE,
        description=f"records a page; without it and without `cursor` all come, up to {MAX_WHOLE}",
    )

    @property
    def is_paged(self) -> bool:
        """Whether the client knows that there are pages."""
        return self.cursor is not None or "limit" in self.model_fields_set

    def sightings(self) -> SightingQuery:
        """The query as filters of sightings."""
        chosen = SightingQuery(**self.model_dump(exclude={"status"}))
        changes = {} if self.status is None else {"direction": self.status}
        return chosen.model_copy(update=changes if self.is_paged else {**changes, "limit": MAX_WHOLE})


class HistoryRecord(BaseModel):
    subject: str = Field(examples=["Vehicle Entry"])
    plate: str = Field(description="the key by which plates are compared", examples=["ABC123"])
    description: str = Field(examples=["car is available"])
    date: str = Field(description="UTC, without fractions of a second", examples=["2025-06-15T10:30:00"])
    username: str | None = Field(description="None for a deleted account", examples=["user123"])

    @classmethod
    def of(cls, row: SightingRow) -> HistoryRecord:
        direction = Direction(row.direction)
        subject, description = _SUBJECTS[direction], _DESCRIPTIONS[direction]
        if row.source == SightingSource.MANUAL:
            subject, description = _BY_HAND
        return cls(
            subject=row.subject or subject,
            plate=row.plate,
            description=row.note or description,
            date=_format_time(row.captured_at),
            username=row.user.username if row.user else None,
        )


class History(BaseModel):
    success: bool = True
    message: str = Field(default="History retrieved", description="says so where older records were left out")
    data: list[HistoryRecord]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")

    @classmethod
    def of(cls, page: Page[SightingRow], query: HistoryQuery) -> History:
        """One page, or the whole history; where that is too long, `message` says how to get the rest."""
        message = "History retrieved"
        if page.next_cursor is not None and not query.is_paged:
            message += (
                f": the newest {len(page.items)} records. Send `next_cursor` as `cursor` for older ones, "
                "or ask for a time with `captured_from` and `captured_to`."
            )
        data = [HistoryRecord.of(row) for row in page.items]
        return cls(message=message, data=data, next_cursor=page.next_cursor)


class PlateRecord(BaseModel):
    """A plate that somebody writes down."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    plate: str = Field(min_length=1, max_length=64, examples=["XYZ789"])
    subject: Subject | None = Field(default=None, examples=["Manual Entry"])
    description: Note | None = Field(default=None, examples=["Manually recorded plate"])
    status: Direction = Direction.UNKNOWN
    location: PlaceName | None = Field(default=None, description=_LOCATION)


class PlateAnswer(BaseModel):
    success: bool = True
    message: str = "Plate recorded successfully"
    data: HistoryRecord


class FetchedImage(BaseModel):
    success: bool = True
    message: str = Field(examples=["Latest image saved to images/image_20250615123456.jpg"])
    filename: str = Field(examples=["image_20250615123456.jpg"])
    filepath: str = Field(description="in the data folder", examples=["images/image_20250615123456.jpg"])
    file_size: int = Field(description="bytes", examples=[252366])
    image_size: tuple[int, int] = Field(description="width and height in pixels", examples=[[1600, 1200]])
    upload_date: str = Field(description="UTC, without fractions of a second", examples=["2025-06-15T12:34:56"])


async def get_photo(
    request: Request,
    state: StateDep,
    image: Annotated[UploadFile | None, File(description="a photo: JPEG, PNG, WebP or BMP")] = None,
) -> Photo:
    """The photo of the form field `image`.

    Raises:
        FieldError: the form has no such field.
        ImageError: the photo can't be read.
    """
    if image is None:
        found = ", ".join(sorted((await request.form()).keys())) or "none"
        raise FieldError("image", f"Send the photo in the multipart form field 'image' (fields found: {found}).")
    [photo] = await open_photos([image], state)
    return photo


def get_location(
    state: StateDep,
    asked: Annotated[str, Query(alias="location", max_length=150, pattern=NO_CONTROLS, description=_LOCATION)] = "",
    sent: Annotated[str, Form(alias="location", max_length=150, pattern=NO_CONTROLS, description=_LOCATION)] = "",
) -> str | None:
    """The location of an upload: the one that it names in the query or in the form, else the one of the settings.

    Raises:
        FieldError: it names two.
    """
    names = {name.strip() for name in (asked, sent)} - {""}
    if len(names) > 1:
        raise FieldError("location", f"The query says {asked!r}, the form says {sent!r}. Name one location.")
    return names.pop() if names else state.settings.carwatch_location


@router.post("/upload_image", dependencies=[RECOGNIZER_ONLY])
def upload_image(
    photo: Annotated[Photo, Depends(get_photo)],
    location: Annotated[str | None, Depends(get_location)],
    state: StateDep,
    caller: Recognizer,
    status: Annotated[Direction, Query()] = Direction.UNKNOWN,
    record_known: Annotated[bool, Query(description="record a photo even if it was recorded before")] = False,  # noqa: FBT002
) -> UploadAnswer:
    """Store a photo, read its plates and record them as entering or leaving; a photo that is known, only once.

    Entering and leaving opens and ends a visit.
    """
    recorder, now = get_recorder(state), state.clock.now()
    name = _name_at(now)
    read = state.reading.read(replace(photo, name=name))
    time = capture_time(photo.image.data, recorder.capture_zones(camera=None, location=location), now)
    circumstances = Circumstances(
        captured_at=time.at,
        captured_at_source=time.source,
        user_id=caller.user_id,
        direction=status,
        location=location,
        record_known=record_known,
    )

    def record(service: SightingService, staged: StagedPhoto) -> tuple[RecordedPhoto, str]:
        done = service.record_photo(staged, circumstances)
        is_kept = done.is_known and done.image_id is not None
        return done, _name_of(service.image_or_raise(done.image_id or 0)) if is_kept else name

    done, name = recorder.record([read], lambda _session, service, staged: record(service, staged[0]))
    recorded = done.sightings
    if done.is_known:
        message = f"The same photo was recorded before, as sighting {recorded[0].id}; nothing was recorded again."
    elif recorded:
        message = "Image received, uploaded to database, OCR processed, and data recorded successfully."
    else:
        message = "Image received and uploaded to database, but no plate could be read in it."
    return UploadAnswer(
        message=message,
        plate_number=recorded[0].plate if recorded else None,
        status=status,
        image_uploaded=True,
        image_filename=name,
    )


@router.get("/history", response_model=History)
def read_history(
    query: Annotated[HistoryQuery, Query()],
    state: StateDep,
    recorder: RecorderDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> Response:
    """List what was recorded, newest first: everything, or page by page with `limit` and `cursor`."""
    chosen = query.sightings()
    note_search(search, chosen, is_new=query.cursor is None)
    turn = nullcontext() if query.is_paged else state.part(WholeHistories).one()
    with turn, state.database.reading() as session:
        answer = History.of(recorder.sightings(session).page(chosen), query).model_dump_json()
    # Written here: 10,000 records would keep all others waiting while the event loop writes them.
    return Response(answer, media_type="application/json")


@router.post("/plate", status_code=HTTPStatus.CREATED)
def record_plate(body: PlateRecord, state: StateDep, recorder: RecorderDep, caller: Recognizer) -> PlateAnswer:
    """Record a plate by hand, without a photo; with a `status` of entering or leaving it opens or ends a visit."""
    written = SightingCreate(
        plate=body.plate,
        direction=body.status,
        location=body.location or state.settings.carwatch_location,
        subject=body.subject or None,
        note=body.description or None,
    )
    recorded = recorder.record_manual(written, caller.user_id)
    with state.database.reading() as session:
        return PlateAnswer(data=HistoryRecord.of(recorder.sightings(session).get_or_raise(recorded.id)))


@router.post("/fetch_img")
def fetch_image(
    state: StateDep, recorder: RecorderDep, session: ReadingSession, _recognizer: Recognizer
) -> FetchedImage:
    """Write the latest photo into the folder `images/` of the server, in place of the one fetched before."""
    row = recorder.sightings(session).get_latest_image()
    if row is None:
        raise NotFoundError("stored image")
    data, name = state.media.get(row.media_key), _name_of(row)
    path = recorder.copies.write(name, data)
    saved_as = f"{path.parent.name}/{name}"
    return FetchedImage(
        message=f"Latest image saved to {saved_as}",
        filename=name,
        filepath=saved_as,
        file_size=len(data),
        image_size=(row.width, row.height),
        upload_date=_format_time(row.created_at),
    )


def _name_of(row: ImageRow) -> str:
    """A name that can do no harm: other uploads are called whatever their sender chose."""
    return row.filename if _OWN_NAME.fullmatch(row.filename) else _name_at(row.created_at)


def _name_at(instant: datetime) -> str:
    return f"image_{instant:%Y%m%d%H%M%S}{instant.microsecond // 1000:03d}.jpg"


def _format_time(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
