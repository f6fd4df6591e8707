"""Deletes what no list has any more, beside all other work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.watchlists.repository import BatchRepository, EntryRepository

CHUNK: Final = 2000
"""Entries a transaction; on SQLite, other writers wait for that long."""
STAGED_AT_MOST: Final = timedelta(days=1)
"""An import that takes longer was broken off."""
INTERVAL_S: Final = 3600.0

log = structlog.get_logger(__name__)


class Sweeper:
    """Deletes the entries of lists and imports that are gone. Several processes may do it at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def sweep(self, is_over: Callable[[], bool] = lambda: False) -> int:
        """How many entries were deleted. Between two portions it ends as soon as `is_over`."""
        with self._database.reading() as session:
            gone = BatchRepository(session).gone(self._clock.now() - STAGED_AT_MOST)
        return sum(self._delete(batch_id, is_over) for batch_id in gone)

    def _delete(self, batch_id: int, is_over: Callable[[], bool]) -> int:
        self._database.transact(lambda session: BatchRepository(session).drop(batch_id))
        deleted = 0
        while some := self._database.transact(lambda session: _delete_some(session, batch_id)):
            deleted += some
            if is_over():
                return deleted
        self._database.transact(lambda session: BatchRepository(session).forget(batch_id))
        return deleted


class SweepJob:
    """Sweeps in a thread of its own: at the start, from time to time, and when it is woken."""

    def __init__(self, sweeper: Sweeper, interval_s: float = INTERVAL_S) -> None:
        self._sweeper = sweeper
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="list sweep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended; a sweep is broken off between two portions."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Let it sweep at once; it never waits."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Cleared before the sweep: a wake during it leads to another one.
            self._woken.clear()
            try:
                if deleted := self._sweeper.sweep(self._stopping.is_set):
                    log.info("watchlists.swept", entries=deleted)
            except Exception as error:  # noqa: BLE001 -- the thread must outlive the database's troubles
                log.warning("watchlists.sweep_failed", error=str(error), kind=type(error).__name__)
            if not self._stopping.is_set():
                self._woken.wait(self._interval_s)


def _delete_some(session: Session, batch_id: int) -> int:
    return EntryRepository(session).delete_some(batch_id, CHUNK)
