"""What one server process holds: database, media, readers and the tail of the outbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

import structlog
from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.events import EventLog
from platewatch.errors import PlatewatchError
from platewatch.media.database import DatabaseMediaStore
from platewatch.media.filesystem import FilesystemMediaStore
from platewatch.media.store import MediaStore, Staging, reclaim, staged
from platewatch.notify.events import Event
from platewatch.notify.outbox import OutboxTail
from platewatch.settings import Settings
from platewatch.sightings.repository import ImageRepository
from platewatch.users.service import UserService
from platewatch.users.setup_token import SetupToken
from platewatch.vision.image import ImageLimits
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.pool import ReaderPool
from platewatch.vision.registry import BackendOptions, YoloLayout
from platewatch.vision.session import Provider

log = structlog.get_logger(__name__)

T = TypeVar("T")
ModelState = Literal["loading", "ready", "failed"]


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
        self.database = Database(settings.effective_database_url)
        self.media: MediaStore = _media_store(settings, self.database, clock)
        self.image_limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels)
        self.readers = ReaderPool(self._make_reader, settings.readers, settings.waiting_line)
        self.tail = OutboxTail(self.events_after, self._last_event_id, clock, settings.event_poll_ms / 1000)
        self.setup_token = SetupToken(settings.data)
        self.live_places = threading.BoundedSemaphore(settings.max_live_clients)
        self._model_state: ModelState = "loading"
        self._model_error: str | None = None

    def start(self) -> None:
        """Clean up after a crash, follow the outbox and begin to load the models.

        Raises:
            SettingsError: the database can't be reached or its schema is behind.
        """
        self.database.require_current()
        reclaim(self.media, self._referenced_media)
        self.tail.start()
        threading.Thread(target=self._warm_up, name="model warm-up", daemon=True).start()
        log.info("server.started", database=self.database.name, media=self.settings.media)

    def stop(self) -> None:
        self.tail.stop()
        self.readers.close()
        self.media.close()
        self.database.dispose()
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

    @contextmanager
    def staging(self) -> Iterator[Staging]:
        """Images that stay if the block, with its transaction, ends well."""
        with staged(self.media, self._referenced_media) as staging:
            yield staging

    def events_after(self, after_id: int, limit: int) -> list[Event]:
        """Up to `limit` events with a larger id, in order."""
        with self.database.reading() as session:
            rows = EventLog(session).read_after(after_id, limit)
        return [Event(row.id, row.kind, row.occurred_at, row.payload) for row in rows]

    def model_health(self) -> ModelHealth:
        return ModelHealth(self.settings.detector, self.settings.recognizer, self._model_state, self._model_error)

    def first_account_missing(self) -> bool:
        with self.database.reading() as session:
            return not UserService(session, self.settings, self.clock).any_account()

    def _last_event_id(self) -> int:
        with self.database.reading() as session:
            return EventLog(session).last_id()

    def _referenced_media(self, keys: Sequence[str]) -> set[str]:
        with self.database.reading() as session:
            return ImageRepository(session).referenced_media(keys)

    def _make_reader(self) -> PlateReader:
        settings = self.settings
        return PlateReader(
            detector=settings.detector,
            recognizer=settings.recognizer,
            threads=settings.reader_threads,
            min_confidence=settings.min_confidence,
            limits=self.image_limits,
            options=BackendOptions(
                provider=Provider(settings.provider),
                model=settings.detector_model,
                recognizer_model=settings.recognizer_model,
                layout=YoloLayout(settings.detector_layout),
            ),
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


def _media_store(settings: Settings, database: Database, clock: Clock) -> MediaStore:
    folder = settings.data / "media"
    if settings.media == "database":
        return DatabaseMediaStore(database.engine, database.reading_engine, folder / ".holders", clock)
    return FilesystemMediaStore(folder, clock)
