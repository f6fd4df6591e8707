"""One sighting and its pictures: `/api/v1/sightings/{id}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from platewatch.db.base import MAX_ID
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.schemas import SightingRead
from platewatch.web.dependencies import OPENAPI_SECURITY, Reader, ReadingSession, StateDep

_IMAGES_NEVER_CHANGE = {"Cache-Control": "private, max-age=86400, immutable"}
_JPEG: dict[int | str, dict[str, object]] = {200: {"content": {"image/jpeg": {}}, "description": "JPEG"}}

SightingId = Annotated[int, Path(ge=1, le=MAX_ID)]
router = APIRouter(prefix="/api/v1", tags=["sightings"], dependencies=OPENAPI_SECURITY)


@router.get("/sightings/{sighting_id}")
def read_sighting(
    sighting_id: SightingId,
    recorder: RecorderDep,
    session: ReadingSession,
    _reader: Reader,
) -> SightingRead:
    """Give one sighting."""
    return SightingRead.of(recorder.sightings(session).get_or_raise(sighting_id))


@router.get("/sightings/{sighting_id}/image", response_class=Response, responses=_JPEG)
def read_image(
    sighting_id: SightingId, state: StateDep, recorder: RecorderDep, session: ReadingSession, _reader: Reader
) -> Response:
    """Give the photo, upright."""
    return _jpeg(state.media.get(recorder.sightings(session).photo_key(sighting_id)))


@router.get("/sightings/{sighting_id}/crop", response_class=Response, responses=_JPEG)
def read_crop(
    sighting_id: SightingId, state: StateDep, recorder: RecorderDep, session: ReadingSession, _reader: Reader
) -> Response:
    """Give the plate, rectified."""
    return _jpeg(state.media.get(recorder.sightings(session).crop_key(sighting_id)))


@router.get("/sightings/{sighting_id}/annotated", response_class=Response, responses=_JPEG)
def read_annotated(sighting_id: SightingId, state: StateDep, recorder: RecorderDep, _reader: Reader) -> Response:
    """Give the photo with every plate in it outlined."""
    with state.database.reading() as session:
        photo = recorder.sightings(session).outlined(sighting_id)
    data = recorder.annotated_jpeg(photo)
    # Its texts change with corrections.
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})


def _jpeg(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers=_IMAGES_NEVER_CHANGE)
