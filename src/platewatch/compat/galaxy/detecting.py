"""`POST /detect_image`, and what was found in one photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from platewatch.cameras.service import CameraService
from platewatch.compat.galaxy.schemas import DetectionResult, PlateFound, PlateRegions, annotated_url, image_url
from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.compat.photos import UploadedPhoto
from platewatch.db.base import MAX_ID
from platewatch.db.tables import ImageRow, SightingRow
from platewatch.errors import FieldError, NotFoundError
from platewatch.locations.service import LocationService
from platewatch.reading.photos import ReadPhoto
from platewatch.sightings.capture_time import capture_time
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.query import SightingQuery
from platewatch.sightings.schemas import SightingRead
from platewatch.sightings.service import Circumstances, SightingService
from platewatch.sightings.staging import StagedPhoto
from platewatch.vision.types import Direction
from platewatch.web.dependencies import (
    RECOGNIZER_ONLY,
    PlateSearchDep,
    Reader,
    ReadingSession,
    Recognizer,
    StateDep,
    describe_filters,
)
from platewatch.web.error_shapes import DETAIL_ERRORS

RowId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
FormId = Annotated[int | None, Form(ge=1, le=MAX_ID)]

router = APIRouter(tags=["Galaxy ALPR"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


@dataclass(frozen=True, slots=True)
class Place:
    """The ids of a photo's location and camera."""

    location_id: int | None
    camera_id: int | None
    direction: Direction
    record_known: bool


class SeenAt(BaseModel):
    """The location and camera of the newest photo."""

    location_id: RowId = None
    camera_id: RowId = None
    reason: str | None = Field(default=None, max_length=300, description="why, for the audit log; filters nothing")


def get_place(
    location_id: FormId = None,
    camera_id: FormId = None,
    direction: Annotated[Direction, Form()] = Direction.UNKNOWN,
    record_known: Annotated[bool, Form(description="keep the photo even if it was kept before")] = False,  # noqa: FBT002
) -> Place:
    return Place(location_id, camera_id, direction, record_known)


@router.post("/detect_image", dependencies=[RECOGNIZER_ONLY])
def detect_image(
    photo: UploadedPhoto,
    place: Annotated[Place, Depends(get_place)],
    state: StateDep,
    recorder: RecorderDep,
    caller: Recognizer,
) -> DetectionResult:
    """Read the plates of a photo and keep both, also a photo without plates.

    A photo that was kept before, of the same place and time, is not kept again: the answer is what was found then.
    """
    with state.database.reading() as session:
        circumstances = _circumstances(session, state, place, caller.user_id)
    zones = recorder.capture_zones(camera=circumstances.camera, location=circumstances.location)
    time = capture_time(photo.image.data, zones, state.clock.now())
    circumstances = replace(circumstances, captured_at=time.at, captured_at_source=time.source)
    with state.database.reading() as session:
        service = recorder.sightings(session)
        if known := service.find_known(photo.image.data, circumstances):
            return _known_result(service, known)
    read = state.reading.read(photo)
    return recorder.record([read], lambda _session, service, staged: _record(service, staged[0], circumstances))


@router.get("/latest_detection")
def read_latest_detection(
    recorder: RecorderDep,
    session: ReadingSession,
    _reader: Reader,
    search: PlateSearchDep,
    place: Annotated[SeenAt, Query()],
) -> DetectionResult:
    """Give what was found in the newest photo with a plate."""
    search.note_choice("latest detection", describe_filters(place), place.reason)
    service = recorder.sightings(session)
    page = service.page(SightingQuery(limit=1, location_id=place.location_id, camera_id=place.camera_id))
    if not page.items:
        raise NotFoundError("detection")
    newest = page.items[0]
    rows = service.of_image(newest.image_id) if newest.image_id is not None else [newest]
    return _result(rows, newest.image)


@router.get("/plate_regions")
def read_plate_regions(
    recorder: RecorderDep, session: ReadingSession, _reader: Reader, image_id: RowId = None, detection_id: RowId = None
) -> PlateRegions:
    """Tell where the plates of one photo are, named by its own id or by one of its detections."""
    service = recorder.sightings(session)
    if (image_id is None) == (detection_id is None):
        raise FieldError("image_id", "Name a photo: give either `image_id` or `detection_id`.")
    if detection_id is not None:
        detected = service.get_or_raise(detection_id)
        if detected.image_id is None:
            return _regions([detected], None)
        image_id = detected.image_id
    image = service.image_or_raise(image_id or 0)
    return _regions(service.of_image(image.id), image)


def _circumstances(session: Session, state: StateDep, place: Place, user_id: int) -> Circumstances:
    """The circumstances with the names that the ids stand for.

    Raises:
        FieldError: an id stands for nothing.
    """
    location = camera = None
    try:
        if place.location_id is not None:
            location = LocationService(session, state.clock).get_or_raise(place.location_id).name
        if place.camera_id is not None:
            camera = CameraService(session, state.clock).get_or_raise(place.camera_id).name
    except NotFoundError as error:
        raise FieldError(f"{error.kind}_id", f"{error} GET /api/locations and /api/v1/cameras list them.") from error
    return Circumstances(
        captured_at=state.clock.now(),
        user_id=user_id,
        direction=place.direction,
        camera=camera,
        location=location,
        record_known=place.record_known,
    )


def _record(service: SightingService, staged: StagedPhoto, circumstances: Circumstances) -> DetectionResult:
    recorded = service.record_photo(staged, circumstances)
    if recorded.is_known:
        return _known_result(service, recorded.sightings)
    rows = [service.get_or_raise(sighting.id) for sighting in recorded.sightings]
    image = service.image_or_raise(recorded.image_id) if recorded.image_id is not None else None
    return _result(rows, image) if rows else _empty_result(staged.read, image, circumstances)


def _known_result(service: SightingService, known: Sequence[SightingRead]) -> DetectionResult:
    rows = [service.get_or_raise(sighting.id) for sighting in known]
    return _result(rows, rows[0].image).model_copy(update={"is_known": True})


def _regions(rows: list[SightingRow], image: ImageRow | None) -> PlateRegions:
    return PlateRegions(
        detection_id=rows[0].id if rows else None,
        image_id=image.id if image else None,
        image_width=image.width if image else None,
        image_height=image.height if image else None,
        plates=[PlateFound.of(row) for row in rows],
    )


def _result(rows: list[SightingRow], image: ImageRow | None) -> DetectionResult:
    """The answer to a photo with plates; the first sighting has what all share."""
    first, regions = rows[0], _regions(rows, image)
    return DetectionResult(
        **regions.model_dump(),
        timestamp=first.captured_at,
        direction=Direction(first.direction),
        location_id=first.location_id,
        location=first.location.name if first.location else None,
        camera_id=first.camera_id,
        camera=first.camera.name if first.camera else None,
        vehicles=[],
        image_url=image_url(regions.image_id),
        annotated_url=annotated_url(regions.image_id),
    )


def _empty_result(read: ReadPhoto, image: ImageRow | None, circumstances: Circumstances) -> DetectionResult:
    image_id = image.id if image else None
    return DetectionResult(
        detection_id=None,
        image_id=image_id,
        image_width=read.found.width,
        image_height=read.found.height,
        plates=[],
        timestamp=circumstances.captured_at,
        direction=circumstances.direction,
        location_id=None,
        location=circumstances.location,
        camera_id=None,
        camera=circumstances.camera,
        vehicles=[],
        image_url=image_url(image_id),
        annotated_url=annotated_url(image_id),
    )
