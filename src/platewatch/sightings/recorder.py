"""Records readings with their circumstances as sightings, in one transaction.

Every source calls it: uploads, imports, other systems' routes, cameras.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.media.copies import ImageCopies
from platewatch.media.store import MediaStore, Staging, reclaim, staged
from platewatch.plates.matching import is_pattern
from platewatch.reading.photos import ReadPhoto
from platewatch.settings import Settings
from platewatch.sightings.capture_time import CaptureZones, capture_zones, plausible_time
from platewatch.sightings.circumstances import Circumstances, RecordingRules
from platewatch.sightings.pseudonyms import Pseudonyms, open_pseudonyms, texts_of
from platewatch.sightings.repository import ImageRepository
from platewatch.sightings.schemas import SightingCreate, SightingRead, SightingSource, TimeSource
from platewatch.sightings.service import OutlinedPhoto, SightingService
from platewatch.sightings.staging import StagedPhoto, annotated_jpeg, stage_photo
from platewatch.vision.image import ImageLimits

T = TypeVar("T")


class Recorder:
    """Stores pictures, then rows, and takes the pictures away again if the rows do not come to be."""

    def __init__(
        self, settings: Settings, clock: Clock, database: Database, media: MediaStore, stored_limits: ImageLimits
    ) -> None:
        """`stored_limits` are those of photos in the store, see `ReadingService`."""
        self._settings = settings
        self.clock = clock
        self.database = database
        self.media = media
        self.stored_limits = stored_limits
        self._rules = RecordingRules(settings.unsure_below, timedelta(hours=settings.known_photo_hours))
        self.copies = ImageCopies(settings.data / "images")
        self.pseudonyms: Pseudonyms | None = None

    def open(self) -> None:
        """Read the key of pseudonyms, where the settings want them, and clean up after a crash.

        Raises:
            SettingsError: the key can't be used.
        """
        if self._settings.unlisted_plates == "pseudonym":
            self.pseudonyms = open_pseudonyms(self._settings.plate_key, self._settings.data)
        reclaim(self.media, self.referenced_media)

    def sightings(self, session: Session) -> SightingService:
        """The service for a transaction of the caller's, storing plates as the settings say."""
        return SightingService(session, self.clock, self.pseudonyms, self._rules)

    def record(self, reads: Sequence[ReadPhoto], work: Callable[[Session, SightingService, list[StagedPhoto]], T]) -> T:
        """The result of `work`, which records the photos by the service, and perhaps other rows, in one transaction.

        Raises:
            StorageError: the pictures can't be kept.
            BusyError: so many pixels are in memory that a photo has to wait too long.
        """
        with self.staging() as staging:
            staged_photos = [stage_photo(staging, read) for read in reads]
            return self.database.transact(lambda session: work(session, self.sightings(session), staged_photos))

    def record_manual(self, body: SightingCreate, user_id: int) -> SightingRead:
        """The sighting of a pass that this user saw, without a photo.

        Raises:
            FieldError: the plate has too few or too many characters, or a letter without a key; or nobody can have
                passed at that time.
        """
        now = self.clock.now()
        circumstances = Circumstances(
            captured_at=plausible_time(body.captured_at or now, now),
            captured_at_source=TimeSource.GIVEN if body.captured_at else TimeSource.UPLOAD,
            user_id=user_id,
            direction=body.direction,
            camera=body.camera,
            location=body.location,
            source=SightingSource.MANUAL,
        )
        return self.database.transact(lambda session: self.sightings(session).record_manual(body, circumstances))

    def find_known(self, data: bytes, circumstances: Circumstances) -> list[SightingRead]:
        """The sightings that were recorded of this photo before; none if it is new, or to be recorded all the same."""
        with self.database.reading() as session:
            return self.sightings(session).find_known(data, circumstances)

    def texts_of(self, plate: str) -> frozenset[str]:
        """The texts that may stand for the plate in the database: its key, and its pseudonym."""
        return texts_of(plate, self.pseudonyms)

    def stored_texts(self, plate: str | None) -> frozenset[str]:
        """The same for a plate that is searched for; none for a pattern, which is compared as it is."""
        return self.texts_of(plate) if plate and not is_pattern(plate) else frozenset()

    def capture_zones(self, *, camera: str | None, location: str | None) -> CaptureZones:
        """The zones of photos from this camera or location."""
        with self.database.reading() as session:
            return capture_zones(session, self.clock, camera=camera, location=location)

    def annotated_jpeg(self, photo: OutlinedPhoto) -> bytes:
        """The photo as JPEG with its outlines and texts.

        Raises:
            NotFoundError: it was deleted meanwhile.
            BusyError: so many pixels are in memory that this photo has to wait too long.
        """
        return annotated_jpeg(self.media, photo.media_key, photo.outlines, self.stored_limits)

    @contextmanager
    def staging(self) -> Iterator[Staging]:
        """Images that stay if the block, with its transaction, ends well."""
        if self.pseudonyms is None:
            with staged(self.media, self.referenced_media) as staging:
                yield staging
            return
        # Images of plates that were stored as pseudonyms got no row.
        with self.releasing(()) as staging:
            yield staging

    @contextmanager
    def releasing(self, keys: Collection[str]) -> Iterator[Staging]:
        """Images that go after the block, with its transaction, unless a row names them then."""
        staging = Staging(self.media)
        staging.hold(keys)
        try:
            yield staging
        finally:
            staging.discard(self.referenced_media)
            self.copies.prune(self.referenced_media)

    def referenced_media(self, keys: Sequence[str]) -> set[str]:
        """The keys that a committed row names."""
        return referenced_media(self.database, keys)


def referenced_media(database: Database, keys: Sequence[str]) -> set[str]:
    """The keys that a committed row names."""
    with database.reading() as session:
        return ImageRepository(session).referenced_media(keys)
