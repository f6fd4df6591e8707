"""What one server process holds: database, media, readers and the tail of the outbox."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar

import anyio
import structlog
from sqlalchemy.orm import Session

from platewatch.access.opener import GateOpener
from platewatch.app.engines import backend_options
from platewatch.app.storage_health import StorageHealth
from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.events import EventLog
from platewatch.ephemeral.cache import MAX_SHARE, NoCache, ProcessCache, RedisCache, ResultCache
from platewatch.ephemeral.limiter import Limiter
from platewatch.errors import FieldError, PlatewatchError, UnknownBackendError
from platewatch.imports.worker import ImportWorker
from platewatch.installation import own_command
from platewatch.media.copies import ImageCopies
from platewatch.media.database import DatabaseMediaStore
from platewatch.media.filesystem import FilesystemMediaStore
from platewatch.media.store import MediaStore, Staging, reclaim, staged
from platewatch.media.sweeping import MIN_AGE, count_strays, sweep
from platewatch.memory import MemoryTrim
from platewatch.notify.events import Event
from platewatch.notify.outbox import OutboxTail
from platewatch.privacy.job import PrivacyJob
from platewatch.sealing import Seal
from platewatch.server_settings.service import ServerSettings
from platewatch.settings import Settings
from platewatch.sightings.capture_time import CaptureZones, capture_zones
from platewatch.sightings.known_readings import KnownReadings, reading_options
from platewatch.sightings.photos import Photo, ReadPhoto, annotated_jpeg, read_photo
from platewatch.sightings.pseudonyms import Pseudonyms, open_pseudonyms, texts_of
from platewatch.sightings.repository import ImageRepository
from platewatch.sightings.service import OutlinedPhoto, RecordingRules, SightingService
from platewatch.users.service import UserService
from platewatch.users.setup_token import SetupToken
from platewatch.users.throttle import LoginThrottle
from platewatch.version import VERSION
from platewatch.vision.image import ImageLimits
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.pool import ReaderPool, Readers, SpareReader
from platewatch.vision.registry import BackendKind, choices, ready_choices
from platewatch.vision.turns import Turns
from platewatch.vision.zoo import BUILT_IN_MODELS
from platewatch.visits.watch import OverstayWatch
from platewatch.watchlists.sweeping import Sweeper, SweepJob

log = structlog.get_logger(__name__)

T = TypeVar("T")
ModelState = Literal["loading", "ready", "failed"]

UPLOADS_OPENED_AT_ONCE = 4
"""Uploaded files whose bytes are in memory while their headers are checked."""
SERVED_FOLDERS = ("outputs", "uploads", "static")
"""Below the data folder, made at the start as Galaxy ALPR makes them."""


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """Whether plates can be read, and why not."""

    detector: str
    recognizer: str
    state: ModelState
    error: str | None = None


class Runtime:
    """Built once for each app, started and stopped with it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database.of(settings)
        self.media: MediaStore = open_media_store(settings, self.database, clock)
        self.storage = StorageHealth(self.media, settings.data, settings.max_image_bytes, clock)
        self.image_copies = ImageCopies(settings.data / "images")
        self.recording_rules = RecordingRules(settings.unsure_below, timedelta(hours=settings.known_photo_hours))
        decoding = _decoding_turns(settings)
        self.image_limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels, decoding)
        self.stored_images = ImageLimits(sys.maxsize, sys.maxsize, decoding)
        """What is in the store passed the limits when it came."""
        self.uploads_opening = anyio.CapacityLimiter(UPLOADS_OPENED_AT_ONCE)
        self.readers = ReaderPool(self._make_reader, settings.readers, settings.waiting_line)
        self.spare_reader = SpareReader(self._make_reader, settings.waiting_line)
        self.tail = OutboxTail(self.events_after, self._last_event_id, clock, settings.event_poll_ms / 1000)
        self.overstays = OverstayWatch(self.transact, clock, settings.overstay_check_s)
        self.seal = Seal(settings.secret_key, settings.data)
        self.gates = GateOpener(self.database, self.tail, clock, self.seal)
        self.list_sweep = SweepJob(Sweeper(self.database, clock))
        self.setup_token = SetupToken(settings.data)
        self.limiter = Limiter(clock, settings.redis_url)
        options = reading_options(settings, VERSION, [BUILT_IN_MODELS, settings.models_folder])
        self.known_readings = KnownReadings(_result_cache(settings, clock), options)
        self.login_throttle = LoginThrottle(self.limiter, settings.login_failures)
        self.whole_histories = Turns(2, 8, "Too many others ask for the whole history")
        self.live_places = threading.BoundedSemaphore(settings.max_live_clients)
        self.pseudonyms: Pseudonyms | None = None
        self.import_archives = settings.data / "imports"
        interval = timedelta(minutes=settings.privacy_interval_minutes)
        self.privacy = PrivacyJob(self, interval, settings.event_days)
        self.imports = ImportWorker(self, self.import_archives, settings.import_max_files)
        self._memory_trim = MemoryTrim()
        self._warming: threading.Thread | None = None
        self._model_state: ModelState = "loading"
        self._model_error: str | None = None

    def start(self) -> None:
        """Clean up after a crash, follow the outbox and begin to load the models.

        Raises:
            SettingsError: the database can't be reached, its schema is behind, or the secret key can't be used.
        """
        log.debug("server.starting", **self.settings.shown())
        self.open_stores()
        self.seal.require_key()
        if self.settings.auth == "off":
            with self.database.transaction() as session:
                UserService(session, self.settings, self.clock).local_account()
        self.image_copies.prune(self._referenced_media)
        for name in SERVED_FOLDERS:
            (self.settings.data / name).mkdir(parents=True, exist_ok=True)
        self.tail.start()
        self.imports.start()
        self.privacy.start()
        self.overstays.start()
        self.gates.start()
        self.list_sweep.start()
        self._memory_trim.start()
        self._warming = threading.Thread(target=self._warm_up, name="model warm-up", daemon=True)
        self._warming.start()
        log.info("server.started", database=self.database.name, media=self.settings.media)

    def open_stores(self) -> None:
        """Make rows and images ready for work, which is all that a command needs, and clean up after a crash.

        Raises:
            SettingsError: the database can't be reached, or its schema is behind.
        """
        self.database.require_current()
        if self.settings.time_zone is not None:
            zone = self.settings.time_zone
            self.database.transact(lambda session: ServerSettings(session, self.clock).set_time_zone(zone))
        if self.settings.unlisted_plates == "pseudonym":
            self.pseudonyms = open_pseudonyms(self.settings.plate_key, self.settings.data)
        reclaim(self.media, self._referenced_media)

    def close_stores(self) -> None:
        """Let go of what `open_stores` opened."""
        self.media.close()
        self.database.dispose()

    def stop(self) -> None:
        self._memory_trim.stop()
        self.list_sweep.stop()
        self.gates.stop()
        self.overstays.stop()
        self.imports.stop()
        self.privacy.stop()
        self.tail.stop()
        self.readers.close()
        self.spare_reader.close()
        if self._warming is not None:
            # A process that ends while a library makes its threads crashes.
            self._warming.join()
        self.close_stores()
        log.info("server.stopped")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that is committed at the end, whose events are told right after."""
        with self.database.transaction() as session:
            yield session
        self.tail.wake()

    def transact(self, work: Callable[[Session], T]) -> T:
        """What `work` returns; it is committed, told, and done again where transactions of others got in its way."""
        done = self.database.transact(work)
        self.tail.wake()
        return done

    def note(
        self, action: AuditAction, actor: Actor, subject: str | None = None, details: Details | None = None
    ) -> None:
        """A note in the audit log, in a transaction of its own: for what only reads, or failed."""
        with self.database.transaction() as session:
            AuditService(session, self.clock).note(action, actor, subject, details)

    def sightings(self, session: Session) -> SightingService:
        """The service, storing plates as the settings say."""
        return SightingService(session, self.clock, self.pseudonyms, self.recording_rules)

    def texts_of(self, plate: str) -> frozenset[str]:
        """The texts that may stand for the plate in the database: its key, and its pseudonym."""
        return texts_of(plate, self.pseudonyms)

    @contextmanager
    def staging(self) -> Iterator[Staging]:
        """Images that stay if the block, with its transaction, ends well."""
        if self.pseudonyms is None:
            with staged(self.media, self._referenced_media) as staging:
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
            staging.discard(self._referenced_media)
            self.image_copies.prune(self._referenced_media)

    def sweep_media(self, goes_on: Callable[[], bool]) -> int:
        """How many images that no row names were taken away; none where there are suspiciously many."""
        before = self.clock.now() - MIN_AGE
        strays = count_strays(self.media, self._referenced_media, before)
        if not strays.are_plausible:
            sweeping = own_command("sweep-media --all")
            hint = f"Is this the database of this data folder? `{sweeping}` takes them away."
            log.error("media.sweep_refused", images=strays.images, without_row=strays.unnamed, hint=hint)
            return 0
        taken = sweep(self.media, self._referenced_media, before, goes_on)
        log.info("media.swept", images=strays.images, taken=taken)
        return taken

    def events_after(self, after_id: int, limit: int) -> list[Event]:
        """Up to `limit` events with a larger id, in order."""
        with self.database.reading() as session:
            rows = EventLog(session).read_after(after_id, limit)
        return [Event(row.id, row.kind, row.occurred_at, row.payload) for row in rows]

    def capture_zones(self, *, camera: str | None, location: str | None) -> CaptureZones:
        """The zones of photos from this camera or location."""
        with self.database.reading() as session:
            return capture_zones(session, self.clock, camera=camera, location=location)

    def read_photo(self, photo: Photo) -> ReadPhoto:
        """The plates of the photo, or what was read from the same bytes before.

        Raises:
            TruncatedImageError: the pixels end early or are damaged.
            BusyError: every reader is taken and the waiting line is full.
        """
        if (known := self.known_readings.get(photo)) is not None:
            log.debug("photo.known")
            return known
        began_s = self.clock.monotonic_s()
        read = read_photo(self.readers, photo)
        log.debug("photo.read", ms=round((self.clock.monotonic_s() - began_s) * 1000, 1))
        self.known_readings.put(read)
        return read

    def annotated_jpeg(self, photo: OutlinedPhoto) -> bytes:
        """The photo as JPEG with its outlines and texts.

        Raises:
            NotFoundError: it was deleted meanwhile.
            BusyError: so many pixels are in memory that this photo has to wait too long.
        """
        return annotated_jpeg(self.media, photo.media_key, photo.outlines, self.stored_images)

    def readers_with(self, recognizer: str) -> Readers:
        """The readers with this recognizer; those that are not the one set share a single reader.

        Raises:
            FieldError: no recognizer of that name is installed.
        """
        if recognizer == self.settings.recognizer:
            return self.readers
        if recognizer not in choices(BackendKind.RECOGNIZER, self.settings.models_folder):
            ready = ready_choices(BackendKind.RECOGNIZER, backend_options(self.settings, self.clock.now))
            unknown = UnknownBackendError(kind="recognizer", name=recognizer, ready=ready)
            raise FieldError("recognizer", str(unknown))
        return self.spare_reader.of(recognizer)

    def model_health(self) -> ModelHealth:
        return ModelHealth(self.settings.detector, self.settings.recognizer, self._model_state, self._model_error)

    def first_account_missing(self) -> bool:
        with self.database.reading() as session:
            return not UserService(session, self.settings, self.clock).any_account()

    def _last_event_id(self) -> int:
        with self.database.reading() as session:
            return EventLog(session).last_id()

    def _referenced_media(self, keys: Sequence[str]) -> set[str]:
        return referenced_media(self.database, keys)

    def _make_reader(self, recognizer: str | None = None) -> PlateReader:
        settings = self.settings
        log.debug("reader.loading", detector=settings.detector, recognizer=recognizer or settings.recognizer)
        return PlateReader(
            detector=settings.detector,
            recognizer=recognizer or settings.recognizer,
            threads=settings.reader_threads,
            min_confidence=settings.min_confidence,
            limits=self.image_limits,
            options=backend_options(settings, self.clock.now),
        )

    def _warm_up(self) -> None:
        try:
            self.readers.warm_up()
        except PlatewatchError as error:
            self._model_error, self._model_state = str(error), "failed"
            log.error("models.failed", error=str(error))  # noqa: TRY400 -- the message says it all
        except Exception as error:  # top of a thread: the server goes on and /health tells
            self._model_error, self._model_state = f"{type(error).__name__}: {error}", "failed"
            log.exception("models.failed")
        else:
            self._model_state = "ready"
            log.info("models.ready", detector=self.settings.detector, recognizer=self.settings.recognizer)


def referenced_media(database: Database, keys: Sequence[str]) -> set[str]:
    """Those of the keys of images that a committed row names."""
    with database.reading() as session:
        return ImageRepository(session).referenced_media(keys)


def _decoding_turns(settings: Settings) -> Turns:
    """Turns at pixels in memory; the largest photo that is allowed has its turn when no other one is there."""
    size = max(settings.max_decoding_megapixels * 1_000_000, settings.max_image_pixels)
    return Turns(size, settings.waiting_line, "As many megapixels are being read as fit into memory")


def _result_cache(settings: Settings, clock: Clock) -> ResultCache:
    max_bytes = settings.result_cache_mb * 1024 * 1024
    if not max_bytes:
        return NoCache()
    if settings.redis_url:
        return RedisCache(clock, settings.redis_url, max_bytes // MAX_SHARE)
    return ProcessCache(clock, max_bytes)


def open_media_store(settings: Settings, database: Database, clock: Clock) -> MediaStore:
    """Where the settings say that images are kept."""
    folder = settings.data / "media"
    if settings.media == "database":
        return DatabaseMediaStore(database.engine, database.reading_engine, folder / ".holders", clock)
    return FilesystemMediaStore(folder, clock)
