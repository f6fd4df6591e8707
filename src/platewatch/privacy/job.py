"""The thread that enforces retention every so often, in one process at a time, and sweeps the pictures once a day."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta
from typing import Final

import structlog

from platewatch.audit.service import SERVER, Actor, AuditAction, AuditService, Details
from platewatch.db.leases import Leases
from platewatch.db.tables import PrivacyRunRow
from platewatch.errors import ConflictError, StorageError
from platewatch.privacy.retention import PrivacyHost, Retention, Tally
from platewatch.privacy.service import PrivacyService

LEASE: Final = timedelta(minutes=2)
SWEEP_INTERVAL: Final = timedelta(days=1)
_LOOK_EVERY_S: Final = 30.0
_LEASE_NAME: Final = "privacy"
_SWEEP_LEASE_NAME: Final = "media sweep"

log = structlog.get_logger(__name__)


class PrivacyJob:
    """Runs by itself once in each interval, however many processes there are, and whenever somebody asks."""

    def __init__(self, host: PrivacyHost, interval: timedelta, event_days: int) -> None:
        self._host = host
        self._interval = interval
        self._event_days = event_days
        self._holder = secrets.token_hex(16)
        self._stopping = threading.Event()
        self._running = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless the interval is zero."""
        if self._interval:
            self._thread = threading.Thread(target=self._watch, name="privacy", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Return when the portion at hand is done."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def dry_run(self) -> Tally:
        """What would go now."""
        return Retention(self._host, self._event_days).count()

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
                self._host.transact(lambda session: Leases(session).give_back(_LEASE_NAME, self._holder))
        finally:
            self._running.release()

    def _run(self, actor: Actor) -> PrivacyRunRow:
        clock = self._host.clock
        run_id = self._host.transact(lambda session: PrivacyService(session, clock).begin_run().id)
        tally, error = Tally(), None
        try:
            tally = Retention(self._host, self._event_days).run(self._goes_on)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
            raise
        finally:
            ended = self._host.transact(
                lambda session: PrivacyService(session, clock).end_run(run_id, tally.counts(), error, actor)
            )
        log.info("privacy.ran", **tally.counts())
        return ended

    def _sweep_media(self) -> None:
        """Take away the pictures that no row names, once a day: retention finds pictures by their rows alone."""
        clock = self._host.clock
        # Never given back: whichever process takes it next, a day later, sweeps again.
        sweeper, now = secrets.token_hex(16), clock.now()
        if not self._host.transact(
            lambda session: Leases(session).take(_SWEEP_LEASE_NAME, sweeper, now, SWEEP_INTERVAL)
        ):
            return
        try:
            taken = self._host.sweep_media(self._goes_on)
        except StorageError as error:  # what retention took away stays told
            log.warning("media.sweep_failed", error=str(error))
            return
        details: Details = {"images": taken}
        if taken:
            self._host.transact(
                lambda session: AuditService(session, clock).note(AuditAction.MEDIA_SWEPT, SERVER, None, details)
            )

    def _goes_on(self) -> bool:
        """Whether the run has to go on: nobody stops the server, and the lease is its own still."""
        if self._stopping.is_set():
            return False
        now = self._host.clock.now()
        return self._host.transact(lambda session: Leases(session).take(_LEASE_NAME, self._holder, now, LEASE))

    def _watch(self) -> None:
        while not self._stopping.wait(min(_LOOK_EVERY_S, self._interval.total_seconds())):
            try:
                if self._is_time():
                    self.run()
            except ConflictError:
                continue
            except Exception:  # top of a thread: it goes on, the log tells
                log.exception("privacy.failed")

    def _is_time(self) -> bool:
        with self._host.database.reading() as session:
            last = PrivacyService(session, self._host.clock).last_began_at()
        now = self._host.clock.now()
        # A run that began later than now was begun before the clock was set back.
        return last is None or last > now or now - last >= self._interval


def _at_it() -> ConflictError:
    return ConflictError("Another run is at it, here or in another process. Wait until it is done.")
