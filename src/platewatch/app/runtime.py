"""The parts of one server process, built once for each app, started and stopped with it."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog

from platewatch.access.opener import GateOpener
from platewatch.clock import Clock
from platewatch.compat.carwatch import WholeHistories
from platewatch.db.engine import Database
from platewatch.ephemeral.limiter import Limiter
from platewatch.events.service import EventReader
from platewatch.imports.worker import ImportWorker
from platewatch.media.database import DatabaseMediaStore
from platewatch.media.filesystem import FilesystemMediaStore
from platewatch.media.health import StorageHealth
from platewatch.media.store import MediaStore
from platewatch.memory import trimming
from platewatch.notify.outbox import OutboxTail
from platewatch.privacy.job import PrivacyJob
from platewatch.privacy.orphans import MediaSweeper
from platewatch.reading.service import ReadingService
from platewatch.sealing import Seal
from platewatch.server_settings.service import ServerSettings
from platewatch.settings import Settings
from platewatch.sightings.recorder import Recorder
from platewatch.users.service import UserService
from platewatch.users.setup_token import SetupToken
from platewatch.users.throttle import LoginThrottle
from platewatch.visits.watch import OverstayWatch
from platewatch.watchlists.sweeping import Sweeper, SweepJob
from platewatch.web.state import ServerState

log = structlog.get_logger(__name__)

SERVED_FOLDERS = ("outputs", "uploads", "static")
"""Below the data folder, made at the start as Galaxy ALPR makes them."""


class Runtime:
    """The parts of the server, and the order in which they start and stop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database.of(settings)
        self.media: MediaStore = open_media_store(settings, self.database, clock)
        self.reading = ReadingService(settings, clock)
        self.recorder = Recorder(settings, clock, self.database, self.media, self.reading.stored_limits)
        self.events = EventReader(self.database)
        self.tail = OutboxTail(self.events.read_after, self.events.last_id, clock, settings.event_poll_ms / 1000)
        self.database.when_committed = self.tail.wake
        self.seal = Seal(settings.secret_key, settings.data)
        self.gates = GateOpener(self.database, self.tail, clock, self.seal)
        self.overstays = OverstayWatch(self.database, clock, settings.overstay_check_s)
        self.list_sweep = SweepJob(Sweeper(self.database, clock))
        sweeper = MediaSweeper(self.media, self.recorder.referenced_media, clock)
        interval = timedelta(minutes=settings.privacy_interval_minutes)
        self.privacy = PrivacyJob(self.recorder, sweeper, interval, settings.event_days)
        archives = settings.data / "imports"
        self.imports = ImportWorker(self.reading, self.recorder, archives, settings.import_max_files)
        self._memory_trim = trimming()
        self.state = self._make_state()

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
        self.recorder.copies.prune(self.recorder.referenced_media)
        for name in SERVED_FOLDERS:
            (self.settings.data / name).mkdir(parents=True, exist_ok=True)
        self.tail.start()
        self.imports.worker.start()
        self.privacy.start()
        self.overstays.worker.start()
        self.gates.start()
        self.list_sweep.worker.start()
        self._memory_trim.start()
        self.reading.start()
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
        self.recorder.open()

    def close_stores(self) -> None:
        """Let go of what `open_stores` opened."""
        self.media.close()
        self.database.dispose()

    def stop(self) -> None:
        """Let each part end the work at hand."""
        self._memory_trim.stop()
        self.list_sweep.worker.stop()
        self.gates.stop()
        self.overstays.worker.stop()
        self.imports.worker.stop()
        self.privacy.stop()
        self.tail.stop()
        self.reading.stop()
        self.close_stores()
        log.info("server.stopped")

    def first_account_missing(self) -> bool:
        """Whether nobody has an account yet."""
        with self.database.reading() as session:
            return not UserService(session, self.settings, self.clock).any_account()

    def _make_state(self) -> ServerState:
        settings = self.settings
        limiter = Limiter(self.clock, settings.redis_url)
        state = ServerState(
            settings=settings,
            clock=self.clock,
            database=self.database,
            media=self.media,
            storage=StorageHealth(self.media, settings.data, settings.max_image_bytes, self.clock),
            tail=self.tail,
            seal=self.seal,
            limiter=limiter,
            reading=self.reading,
            live_places=threading.BoundedSemaphore(settings.max_live_clients),
        )
        throttle = LoginThrottle(limiter, settings.login_failures)
        state.add(self.recorder, self.events, self.imports, self.privacy, self.list_sweep)
        state.add(SetupToken(settings.data), throttle, WholeHistories())
        return state


def open_media_store(settings: Settings, database: Database, clock: Clock) -> MediaStore:
    """The media store that the settings name."""
    folder = settings.data / "media"
    if settings.media == "database":
        return DatabaseMediaStore(database.engine, database.reading_engine, folder / ".holders", clock)
    return FilesystemMediaStore(folder, clock)
