"""Recording what was read, and finding it again."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from platewatch.cameras.service import CameraService
from platewatch.clock import Clock
from platewatch.db.events import EventLog
from platewatch.db.repository import Page
from platewatch.db.tables import ImageRow, SightingRow
from platewatch.errors import NotFoundError
from platewatch.locations.service import LocationService
from platewatch.media.store import MediaStore
from platewatch.notify.events import EventKind
from platewatch.sightings.photos import ReadPhoto, StagedPhoto
from platewatch.sightings.repository import ImageRepository, SightingRepository
from platewatch.sightings.schemas import (
    Direction,
    SightingQuery,
    SightingRead,
    SightingSource,
    corners_of,
    rounded_characters,
    rounded_confidence,
    rounded_corners,
)
from platewatch.vision.annotate import annotate
from platewatch.vision.image import ImageLimits, encode_jpeg, open_image
from platewatch.vision.types import Reading

_OWN_IMAGES = ImageLimits(max_bytes=sys.maxsize, max_pixels=sys.maxsize)
"""What is in the store passed the limits when it came."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When, where and by whom a photo was taken. `captured_at` is aware."""

    captured_at: datetime
    user_id: int | None = None
    direction: Direction = Direction.UNKNOWN
    camera: str | None = None
    location: str | None = None
    source: SightingSource = SightingSource.UPLOAD


@dataclass(frozen=True, slots=True)
class _Places:
    """Ids of what the rows of one photo point to."""

    image_id: int
    camera_id: int | None
    location_id: int | None


class SightingService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._sightings = SightingRepository(session)
        self._images = ImageRepository(session)

    def record(self, staged: StagedPhoto, circumstances: Circumstances) -> list[SightingRead]:
        """The sightings of one photo, stored and told in the outbox."""
        places = self._places(self._images.add(self._image(staged, circumstances)), circumstances)
        recorded = []
        for reading, crop_key in zip(staged.read.found.readings, staged.crop_keys, strict=True):
            row = self._sightings.add(self._row(staged.read, reading, crop_key, circumstances, places))
            recorded.append(SightingRead.of(self.get_or_raise(row.id)))
        self._tell(recorded)
        return recorded

    def get_or_raise(self, sighting_id: int) -> SightingRow:
        """The sighting with its camera, location, image and user.

        Raises:
            NotFoundError: no such sighting.
        """
        return self._sightings.get_whole_or_raise(sighting_id)

    def page(self, query: SightingQuery) -> Page[SightingRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._sightings.page(query)

    def photo_key(self, sighting_id: int) -> str:
        """Where the media store has the sighting's photo.

        Raises:
            NotFoundError: no such sighting, or its photo was deleted.
        """
        image = self.get_or_raise(sighting_id).image
        if image is None:
            raise NotFoundError("image of sighting", sighting_id)
        return image.media_key

    def crop_key(self, sighting_id: int) -> str:
        """Where the media store has the sighting's crop.

        Raises:
            NotFoundError: no such sighting, or its crop was deleted.
        """
        key = self.get_or_raise(sighting_id).crop_key
        if key is None:
            raise NotFoundError("crop of sighting", sighting_id)
        return key

    def annotated_jpeg(self, media: MediaStore, sighting_id: int) -> bytes:
        """The photo as JPEG with the outlines and texts of all sightings in it."""
        row = self.get_or_raise(sighting_id)
        if row.image is None:
            raise NotFoundError("image of sighting", sighting_id)
        stored = open_image(media.get(row.image.media_key), _OWN_IMAGES)
        outlines = [(corners_of(other), other.plate) for other in self._sightings.of_image(row.image.id)]
        return encode_jpeg(annotate(stored.decode(), outlines))

    def _image(self, staged: StagedPhoto, circumstances: Circumstances) -> ImageRow:
        return ImageRow(
            media_key=staged.media_key,
            filename=staged.read.photo.name[-255:],
            width=staged.read.found.width,
            height=staged.read.found.height,
            byte_size=staged.byte_size,
            user_id=circumstances.user_id,
            created_at=self._clock.now(),
        )

    def _places(self, image: ImageRow, circumstances: Circumstances) -> _Places:
        location_id = camera_id = None
        if circumstances.location:
            location_id = LocationService(self._session, self._clock).get_or_create(circumstances.location).id
        if circumstances.camera:
            cameras = CameraService(self._session, self._clock)
            camera_id = cameras.get_or_create(circumstances.camera, location_id=location_id).id
        return _Places(image.id, camera_id, location_id)

    def _row(
        self,
        read: ReadPhoto,
        reading: Reading,
        crop_key: str,
        circumstances: Circumstances,
        places: _Places,
    ) -> SightingRow:
        return SightingRow(
            plate=reading.text,
            region=reading.region,
            confidence=rounded_confidence(reading.confidence),
            characters=rounded_characters(reading.characters),
            alternatives=[(text, rounded_confidence(confidence)) for text, confidence in reading.alternatives],
            corners=rounded_corners(reading.corners),
            direction=circumstances.direction,
            image_id=places.image_id,
            camera_id=places.camera_id,
            location_id=places.location_id,
            crop_key=crop_key,
            captured_at=circumstances.captured_at,
            first_seen_at=circumstances.captured_at,
            last_seen_at=circumstances.captured_at,
            recorded_at=self._clock.now(),
            user_id=circumstances.user_id,
            source=circumstances.source,
            detector=read.detector,
            recognizer=read.recognizer,
        )

    def _tell(self, recorded: list[SightingRead]) -> None:
        log = EventLog(self._session)
        for sighting in recorded:
            log.append(EventKind.SIGHTING_RECORDED, sighting.model_dump(mode="json"), self._clock.now())
