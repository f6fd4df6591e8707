"""Enforces retention every so often, in one process at a time, and sweeps the pictures once a day."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from platewatch.audit.service import SERVER, Actor, AuditAction, AuditService, Details
from platewatch.background import BackgroundWorker
from platewatch.db.leases import Leases
from platewatch.db.tables import PrivacyRunRow
from platewatch.errors import ConflictError, StorageError
from platewatch.privacy.orphans import MediaSweeper
from platewatch.privacy.retention import Retention, Tally
from platewatch.privacy.service import PrivacyService
from platewatch.sightings.recorder import Recorder

LEASE: Final = timedelta(minutes=2)
SWEEP_INTERVAL: Final = timedelta(days=1)
_LOOK_EVERY_S: Final = 30.0
_LEASE_NAME: Final = "privacy"
_SWEEP_LEASE_NAME: Final = "media sweep"

log = structlog.get_logger(__name__)


class PrivacyJob:
    """Runs by itself once in each interval, however many processes there are, and whenever somebody asks."""

    def __init__(self, recorder: Recorder, sweeper: MediaSweeper, interval: timedelta, event_days: int) -> None:
        """Without an interval it runs only when somebody asks."""
        self._recorder = recorder
        self._sweeper = sweeper
        self._interval = interval
        self._event_days = event_days
        self._holder = secrets.token_hex(16)
        self._running = threading.Lock()
        look_every_s = min(_LOOK_EVERY_S, interval.total_seconds())
        self.worker = BackgroundWorker("privacy", self._run_if_due, look_every_s, waits_first=True)

    def start(self) -> None:
        """Begin, unless the interval is zero."""
        if self._interval:
            self.worker.start()

    def stop(self) -> None:
        """Return when the portion at hand is done."""
        self.worker.stop()

    def dry_run(self) -> Tally:
        """The counts that would be deleted now."""
        return Retention(self._recorder, self._event_days).count()

    def run(self, actor: Actor = SERVER) -> PrivacyRunRow:
        """One run, now.

        Raises:
            ConflictError: another one is at it.
        """
        if not self._running.acquire(blocking=False):
            raise _at_it()
        try:
            if not self._goes_on():
                raise _at_it()
            try:
                ended = self._run(actor)
                self._sweep_media()
                return ended
            finally:
                self._recorder.database.transact(lambda session: Leases(session).give_back(_LEASE_NAME, self._holder))
        finally:
            self._running.release()

    def _run(self, actor: Actor) -> PrivacyRunRow:
        clock = self._recorder.clock
        run_id = self._recorder.database.transact(lambda session: PrivacyService(session, clock).begin_run().id)
        tally, error = Tally(), None
        try:
            tally = Retention(self._recorder, self._event_days).run(self._goes_on)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
            raise
        finally:
            ended = self._recorder.database.transact(
                lambda session: PrivacyService(session, clock).end_run(run_id, tally.counts(), error, actor)
            )
        log.info("privacy.ran", **tally.counts())
        return ended

    def _sweep_media(self) -> None:
        """Take away the pictures that no row names, once a day: retention finds pictures by their rows alone."""
        clock = self._recorder.clock
        # Never given back: the process that takes the lease next, a day later, sweeps again.
        sweeper, now = secrets.token_hex(16), clock.now()
        if not self._recorder.database.transact(
            lambda session: Leases(session).take(_SWEEP_LEASE_NAME, sweeper, now, SWEEP_INTERVAL)
        ):
            return
        try:
            taken = self._sweeper.sweep(self._goes_on)
        except StorageError as error:  # what retention deleted stays counted
            log.warning("media.sweep_failed", error=str(error))
            return
        details: Details = {"images": taken}
        if taken:
            self._recorder.database.transact(
                lambda session: AuditService(session, clock).note(AuditAction.MEDIA_SWEPT, SERVER, None, details)
            )

    def _goes_on(self) -> bool:
        """Whether the run has to go on: nobody stops the server, and the lease is its own still."""
        if self.worker.is_stopping():
            return False
        now = self._recorder.clock.now()
        return self._recorder.database.transact(
            lambda session: Leases(session).take(_LEASE_NAME, self._holder, now, LEASE)
        )

    def _run_if_due(self) -> None:
        # Another process, or somebody who asked, may be at it.
        with suppress(ConflictError):
            if self._is_time():
                self.run()

    def _is_time(self) -> bool:
        with self._recorder.database.reading() as session:
            last = PrivacyService(session, self._recorder.clock).last_began_at()
        now = self._recorder.clock.now()
        # A run that began later than now was begun before the clock was set back.
        return last is None or last > now or now - last >= self._interval


def _at_it() -> ConflictError:
    return ConflictError("Another run is at it, here or in another process. Wait until it is done.")
