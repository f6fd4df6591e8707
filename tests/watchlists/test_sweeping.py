from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import (
    WatchlistBatchRow,
    WatchlistEntryLocationRow,
    WatchlistEntryRow,
    WatchlistVariantRow,
)
from platewatch.watchlists import sweeping
from platewatch.watchlists.service import WatchlistService
from platewatch.watchlists.sweeping import Sweeper, SweepJob
from tests.watchlists.lists import ADMIN, add, make_list, make_location


def count(database: Database, row: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def test_an_import_that_was_broken_off_is_cleared_after_a_day(database: Database, clock: SetClock, filled: int) -> None:
    with database.transaction() as session:
        staged = WatchlistBatchRow(watchlist_id=filled, state="staged", max_tolerance=0, created_at=clock.now())
        session.add(staged)
        session.flush()
        row = session.scalars(select(WatchlistEntryRow).where(WatchlistEntryRow.plate == "EF56GH")).one()
        row.batch_id = staged.id
    Sweeper(database, clock).sweep()
    assert count(database, WatchlistBatchRow) == 2
    clock.advance(timedelta(days=1, seconds=1).total_seconds())
    assert Sweeper(database, clock).sweep() == 1
    assert count(database, WatchlistBatchRow) == 1
    assert count(database, WatchlistVariantRow) == 1


def test_deleting_clears_keys_and_locations_too(database: Database, clock: SetClock, filled: int) -> None:
    with database.transaction() as session:
        add(session, clock, filled, "GH78", location_ids=[make_location(session)])
    with database.transaction() as session:
        WatchlistService(session, clock).delete(filled, ADMIN)
    assert Sweeper(database, clock).sweep() == 4
    gone = (WatchlistEntryRow, WatchlistVariantRow, WatchlistEntryLocationRow, WatchlistBatchRow)
    assert [count(database, row) for row in gone] == [0, 0, 0, 0]


def test_what_counts_stays(database: Database, clock: SetClock, filled: int) -> None:
    assert Sweeper(database, clock).sweep() == 0
    assert count(database, WatchlistEntryRow) == 3


def test_several_processes_sweep_at_once(database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "CHUNK", 3)
    with database.transaction() as session:
        watchlist_id = make_list(session, clock)
        for number in range(20):
            add(session, clock, watchlist_id, f"AB{number:02d}CD", tolerance=1)
    with database.transaction() as session:
        WatchlistService(session, clock).delete(watchlist_id, ADMIN)
    together = threading.Barrier(3)
    failures: list[BaseException] = []

    def sweep() -> None:
        together.wait(10)
        try:
            Sweeper(database, clock).sweep()
        except BaseException as error:  # noqa: BLE001  # a thread's error would be lost
            failures.append(error)

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    gone = (WatchlistEntryRow, WatchlistVariantRow, WatchlistBatchRow)
    assert [count(database, row) for row in gone] == [0, 0, 0]


def test_a_sweep_ends_between_two_portions(
    sqlite_database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "CHUNK", 2)
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
        for number in range(5):
            add(session, clock, watchlist_id, f"AB{number}")
    with sqlite_database.transaction() as session:
        WatchlistService(session, clock).delete(watchlist_id, ADMIN)
    assert Sweeper(sqlite_database, clock).sweep(lambda: True) == 2
    assert Sweeper(sqlite_database, clock).sweep() == 3
    assert count(sqlite_database, WatchlistBatchRow) == 0


class CountedSweeper(Sweeper):
    """Tells when it swept, and fails the first time if it is told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.swept = threading.Semaphore(0)
        self._fails = fails

    def sweep(self, is_over: Callable[[], bool] = lambda: False) -> int:  # noqa: ARG002  # the sweeper's
        self.swept.release()
        if self._fails:
            self._fails = False
            raise ZeroDivisionError
        return 1


@pytest.mark.parametrize("fails", [False, True], ids=["well", "after a failure"])
def test_the_job_sweeps_at_the_start_and_when_it_is_woken(fails: bool) -> None:
    sweeper = CountedSweeper(fails=fails)
    job = SweepJob(sweeper)
    job.worker.start()
    try:
        for _ in range(3):
            assert sweeper.swept.acquire(timeout=10)
            job.wake()
    finally:
        job.worker.stop()


def test_the_job_sweeps_from_time_to_time_and_starts_again() -> None:
    sweeper = CountedSweeper()
    job = SweepJob(sweeper, interval_s=0.01)
    stops: list[Callable[[], None]] = [job.worker.stop, job.worker.stop]
    for stop in stops:
        job.worker.start()
        for _ in range(3):
            assert sweeper.swept.acquire(timeout=10)
        stop()
