"""Deletes what no list has any more, beside all other work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session

from platewatch.background import BackgroundWorker
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.watchlists.repository import BatchRepository, EntryRepository

CHUNK: Final = 2000
"""Entries a transaction; on SQLite, other writers wait for that long."""
MAX_STAGED: Final = timedelta(days=1)
"""An import that takes longer was aborted."""
INTERVAL_S: Final = 3600.0

log = structlog.get_logger(__name__)


class Sweeper:
    """Deletes the entries of lists and imports that are gone. Several processes may do it at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def sweep(self, is_over: Callable[[], bool] = lambda: False) -> int:
        """Delete the entries of dropped batches, until `is_over`; returns their number."""
        with self._database.reading() as session:
            gone = BatchRepository(session).gone(self._clock.now() - MAX_STAGED)
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
    """Sweeps at the start, from time to time, and when it is woken; a sweep ends early between two portions."""

    def __init__(self, sweeper: Sweeper, interval_s: float = INTERVAL_S) -> None:
        self._sweeper = sweeper
        self.worker = BackgroundWorker("list sweep", self._sweep, interval_s)

    def wake(self) -> None:
        """Let it sweep at once; never waits."""
        self.worker.wake()

    def _sweep(self) -> None:
        if deleted := self._sweeper.sweep(self.worker.is_stopping):
            log.info("watchlists.swept", entries=deleted)


def _delete_some(session: Session, batch_id: int) -> int:
    return EntryRepository(session).delete_some(batch_id, CHUNK)
