"""Recording what was read, and finding it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from platewatch.access.service import AccessService
from platewatch.cameras.service import CameraService
from platewatch.clock import Clock
from platewatch.db.events import EventLog
from platewatch.db.repository import Page
from platewatch.db.tables import ImageRow, SightingRow
from platewatch.errors import FieldError, NotFoundError
from platewatch.locations.service import LocationService
from platewatch.notify.events import EventKind
from platewatch.plates.text import MAX_LENGTH, MIN_LENGTH, as_written, is_pseudonym, plate_key
from platewatch.reading.photos import ReadPhoto
from platewatch.sightings.circumstances import (
    NO_RULES,
    Circumstances,
    Places,
    RecordedPhoto,
    RecordingRules,
    Vehicle,
    places_of,
)
from platewatch.sightings.known_photos import KnownPhotos, SentPhoto, photo_hash
from platewatch.sightings.plate_index import PlateIndex
from platewatch.sightings.pseudonyms import Pseudonyms, texts_of
from platewatch.sightings.query import SightingFilter, SightingQuery
from platewatch.sightings.repository import ImageRepository, SightingRepository
from platewatch.sightings.schemas import (
    SightingCreate,
    SightingRead,
    SightingSource,
    corners_of,
    rounded_characters,
    rounded_confidence,
    rounded_corners,
    rounded_region_confidence,
)
from platewatch.sightings.search import COUNTED, Count, SightingSearch
from platewatch.sightings.staging import StagedPhoto
from platewatch.vision.types import Corners, Reading
from platewatch.visits.service import VisitService
from platewatch.watchlists.service import WatchlistService

__all__ = [
    "Circumstances",
    "OutlinedPhoto",
    "RecordedPhoto",
    "RecordingRules",
    "SightingService",
    "Vehicle",
    "confidence_of_given",
    "plate_of",
    "strip_reading",
]

_BY_HAND = "manual"


@dataclass(frozen=True, slots=True)
class OutlinedPhoto:
    """A photo's media key, with the outlines and texts to draw on it."""

    media_key: str
    outlines: list[tuple[Corners, str]]


class SightingService:
    """Never commits; the caller's transaction does."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        pseudonyms: Pseudonyms | None = None,
        rules: RecordingRules = NO_RULES,
    ) -> None:
        """With `pseudonyms`, plates that no list names are stored as such."""
        self._rules = rules
        self._known = KnownPhotos(session, rules.known_window)
        self._session = session
        self._clock = clock
        self._pseudonyms = pseudonyms
        self._sightings = SightingRepository(session)
        self._images = ImageRepository(session)

    def record(self, staged: StagedPhoto, circumstances: Circumstances) -> list[SightingRead]:
        """The sightings of one photo, stored and published in the outbox."""
        return self.record_photo(staged, circumstances).sightings

    def record_photo(self, staged: StagedPhoto, circumstances: Circumstances) -> RecordedPhoto:
        """The photo, kept even without plates, and its sightings, published in the outbox.

        A known photo records nothing; its earlier sightings are returned.
        """
        places = self._places(circumstances)
        if not circumstances.record_known:
            sent = self._describe_sent(staged.read.photo.image.data, circumstances, places)
            self._known.lock([sent.photo_hash])
            if known := self._known.find(sent):
                return RecordedPhoto(known[0].image_id, self._load(known), is_known=True)
        image_id = self._images.add(self._image(staged, circumstances)).id
        rows = [
            self._store_row(self._row(staged.read, reading, circumstances, places), image_id, crop_key)
            for reading, crop_key in zip(staged.read.found.readings, staged.crop_keys, strict=True)
        ]
        if rows and all(row.image_id is None for row in rows):
            self._images.delete_unseen([image_id])
            return RecordedPhoto(None, self._publish(rows))
        return RecordedPhoto(image_id, self._publish(rows))

    def find_known(self, data: bytes, circumstances: Circumstances) -> list[SightingRead]:
        """The sightings that were recorded of this photo before; none if it is new, or to be recorded all the same.

        This only reads. `record_photo` handles two requests with one photo at once.
        """
        places = None if circumstances.record_known else self._places_by_name(circumstances)
        return [] if places is None else self._load(self._known.find(self._describe_sent(data, circumstances, places)))

    def lock_photos(self, photos: Iterable[bytes]) -> None:
        """Keep other transactions from recording these photos until this one ends; first of all, for several photos."""
        self._known.lock(photo_hash(data) for data in photos)

    def record_manual(self, body: SightingCreate, circumstances: Circumstances) -> SightingRead:
        """A sighting that somebody wrote down here, or that comes without a photo from another system's records.

        Raises:
            FieldError: the plate has too few or too many characters, or a letter without a key.
        """
        row = self._written_row(body, circumstances, self._places(circumstances))
        return self._publish([self._store_row(row, None, None)])[0]

    def stored_plate(self, plate: str) -> str:
        """The text that stands for the plate in the database: itself, or its pseudonym."""
        if self._pseudonyms is None or WatchlistService(self._session, self._clock).listed(plate):
            return plate
        return self._pseudonyms.of(plate)

    def _store_row(self, row: SightingRow, image_id: int | None, crop_key: str | None) -> SightingRow:
        """The row in the database, with all that follows from it."""
        texts = texts_of(row.plate, self._pseudonyms)
        row.plate = self.stored_plate(row.plate)
        row.image_id, row.crop_key = image_id, crop_key
        if is_pseudonym(row.plate):
            strip_reading(row)
        self._sightings.add(row)
        PlateIndex(self._session).add(row.plate)
        matches = WatchlistService(self._session, self._clock).note_matches(row)
        # Before the visit: who is inside by this very sighting was not inside when the gate was asked.
        AccessService(self._session, self._clock).decide_on(row, matches, texts)
        VisitService(self._session, self._clock).apply(row)
        return row

    def get_or_raise(self, sighting_id: int) -> SightingRow:
        """The sighting with its camera, location, image and user.

        Raises:
            NotFoundError: no such sighting.
        """
        return self._sightings.get_whole_or_raise(sighting_id)

    def get_all(self, sighting_ids: Sequence[int]) -> list[SightingRow]:
        """The sightings that exist, with all that is shown of them, in the order of the ids."""
        return self._sightings.get_all_whole(sighting_ids)

    def page(self, query: SightingQuery) -> Page[SightingRow]:
        """The sightings that fit, in the order that is asked for.

        Raises:
            CursorError: the cursor is not one of ours, or of another order.
        """
        return SightingSearch(self._session, self._pseudonyms).page(query)

    def count(self, query: SightingFilter, limit: int = COUNTED) -> Count:
        """The number of sightings that fit, counted up to `limit`."""
        return SightingSearch(self._session, self._pseudonyms).count(query, limit)

    def image_or_raise(self, image_id: int) -> ImageRow:
        """The photo with this id.

        Raises:
            NotFoundError: no such photo.
        """
        return self._images.get_or_raise(image_id)

    def get_latest_image(self) -> ImageRow | None:
        """The photo that was stored last."""
        return self._images.latest()

    def of_image(self, image_id: int) -> list[SightingRow]:
        """The sightings of one photo with all that is shown of them, the most confident first."""
        return self._sightings.of_image(image_id)

    def media_keys(self, sighting_ids: Sequence[int]) -> set[str]:
        """The images that may be needed no more once these sightings are changed or gone.

        None is taken out of the store here: hold these before the transaction, and discard them after it.
        """
        return self._sightings.media_keys_of(sighting_ids)

    def remove(self, sighting_ids: Sequence[int]) -> None:
        """Take the sightings away with all that follows from them. Whether they may go is for the caller to know."""
        VisitService(self._session, self._clock).forget(sighting_ids)
        self.let_go(sighting_ids)

    def let_go(self, sighting_ids: Sequence[int]) -> None:
        """Take sightings away that were kept long enough; they were seen all the same, so visits stay as they are."""
        rows = self._sightings.all_of(sighting_ids)
        images = [row.image_id for row in rows if row.image_id is not None]
        self._sightings.delete_all(sighting_ids)
        PlateIndex(self._session).drop_unused([row.plate for row in rows])
        self._images.delete_unseen(images)

    def remove_unseen_images(self, image_ids: Sequence[int]) -> None:
        """Take those of the photos away to which no sighting points any more."""
        self._images.delete_unseen(image_ids)

    def photo_key(self, sighting_id: int) -> str:
        """The media key of the sighting's photo.

        Raises:
            NotFoundError: no such sighting, or its photo was deleted.
        """
        image = self.get_or_raise(sighting_id).image
        if image is None:
            raise NotFoundError("image of sighting", sighting_id)
        return image.media_key

    def crop_key(self, sighting_id: int) -> str:
        """The media key of the sighting's crop.

        Raises:
            NotFoundError: no such sighting, or its crop was deleted.
        """
        key = self.get_or_raise(sighting_id).crop_key
        if key is None:
            raise NotFoundError("crop of sighting", sighting_id)
        return key

    def outlined(self, sighting_id: int) -> OutlinedPhoto:
        """The sighting's photo with the outlines and texts of all sightings in it.

        Raises:
            NotFoundError: no such sighting, or its photo was deleted.
        """
        row = self.get_or_raise(sighting_id)
        if row.image is None:
            raise NotFoundError("image of sighting", sighting_id)
        return self.outlined_image(row.image)

    def outlined_image(self, image: ImageRow) -> OutlinedPhoto:
        """The photo with the outlines and texts of all sightings in it."""
        seen = [(corners_of(other), other.plate) for other in self._sightings.of_image(image.id)]
        return OutlinedPhoto(image.media_key, [(corners, plate) for corners, plate in seen if corners is not None])

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

    def _places(self, circumstances: Circumstances) -> Places:
        location_id = camera = None
        if circumstances.location:
            location_id = LocationService(self._session, self._clock).get_or_create(circumstances.location).id
        if circumstances.camera:
            cameras = CameraService(self._session, self._clock)
            camera = cameras.get_or_create(circumstances.camera, location_id=location_id)
        return places_of(camera, location_id, circumstances.direction)

    def _places_by_name(self, circumstances: Circumstances) -> Places | None:
        """The places as they are; None if one of them is named for the first time."""
        location = camera = None
        if circumstances.location:
            location = LocationService(self._session, self._clock).get_by_name(circumstances.location)
        if circumstances.camera:
            camera = CameraService(self._session, self._clock).get_by_name(circumstances.camera)
        if bool(circumstances.location) != bool(location) or bool(circumstances.camera) != bool(camera):
            return None
        return places_of(camera, location.id if location else None, circumstances.direction)

    def _describe_sent(self, data: bytes, circumstances: Circumstances, places: Places) -> SentPhoto:
        return SentPhoto(
            photo_hash(data),
            camera_id=places.camera_id,
            location_id=places.location_id,
            direction=places.direction,
            captured_at=circumstances.captured_at,
            captured_at_source=circumstances.captured_at_source,
            now=self._clock.now(),
        )

    def _load(self, rows: Sequence[SightingRow]) -> list[SightingRead]:
        return [SightingRead.of(row) for row in self.get_all([row.id for row in rows])]

    def _row(self, read: ReadPhoto, reading: Reading, circumstances: Circumstances, places: Places) -> SightingRow:
        vehicle = circumstances.vehicle if reading is read.found.readings[0] else Vehicle()
        confidence = rounded_confidence(reading.confidence)
        return SightingRow(
            plate=reading.text,
            region=reading.region,
            region_confidence=rounded_region_confidence(reading),
            confidence=confidence,
            is_unsure=confidence < self._rules.unsure_below,
            characters=rounded_characters(reading.characters),
            alternatives=[(text, rounded_confidence(confidence)) for text, confidence in reading.alternatives],
            corners=rounded_corners(reading.corners),
            direction=places.direction,
            vehicle_type=vehicle.type,
            vehicle_color=vehicle.color,
            vehicle_make=vehicle.make,
            camera_id=places.camera_id,
            location_id=places.location_id,
            captured_at=circumstances.captured_at,
            captured_at_source=circumstances.captured_at_source,
            photo_hash=photo_hash(read.photo.image.data),
            first_seen_at=circumstances.captured_at,
            last_seen_at=circumstances.captured_at,
            recorded_at=self._clock.now(),
            user_id=circumstances.user_id,
            source=circumstances.source,
            detector=read.detector,
            recognizer=read.recognizer,
        )

    def _written_row(self, body: SightingCreate, circumstances: Circumstances, places: Places) -> SightingRow:
        return SightingRow(
            plate=plate_of(body.plate),
            written=as_written(body.plate),
            region=body.region,
            region_confidence=confidence_of_given(body.region),
            confidence=1.0,
            is_unsure=False,
            characters=[],
            alternatives=[],
            corners=(),
            direction=places.direction,
            vehicle_type=body.vehicle_type,
            vehicle_color=body.vehicle_color,
            vehicle_make=body.vehicle_make,
            camera_id=places.camera_id,
            location_id=places.location_id,
            captured_at=circumstances.captured_at,
            captured_at_source=circumstances.captured_at_source,
            first_seen_at=circumstances.captured_at,
            last_seen_at=circumstances.captured_at,
            recorded_at=self._clock.now(),
            user_id=circumstances.user_id,
            source=SightingSource.IMPORT if circumstances.source is SightingSource.IMPORT else SightingSource.MANUAL,
            detector=_BY_HAND,
            recognizer=_BY_HAND,
            subject=body.subject,
            note=body.note,
        )

    def _publish(self, rows: list[SightingRow]) -> list[SightingRead]:
        log, published = EventLog(self._session), []
        for row in rows:
            published.append(SightingRead.of(self.get_or_raise(row.id)))
            log.append(EventKind.SIGHTING_RECORDED, published[-1].model_dump(mode="json"), self._clock.now())
        return published


def plate_of(text: str) -> str:
    """The key of the plate that somebody typed.

    Raises:
        FieldError: it has too few or too many characters.
        PlateTextError: a letter or sign has no key.
    """
    plate = plate_key(text)
    if not MIN_LENGTH <= len(plate) <= MAX_LENGTH:
        raise FieldError("plate", f"{text!r} is no plate: one has {MIN_LENGTH} to {MAX_LENGTH} letters and digits.")
    return plate


def confidence_of_given(region: str | None) -> float | None:
    """The confidence of a region that somebody entered: 1, or None without a region."""
    return None if region is None else 1.0


def strip_reading(row: SightingRow) -> None:
    """Remove what reveals the plate beside its pseudonym."""
    row.written = None
    row.characters, row.alternatives = [], []
    row.image_id = row.crop_key = row.photo_hash = None
