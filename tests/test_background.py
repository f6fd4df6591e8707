from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from platewatch import background
from platewatch.background import BackgroundWorker

WAIT_S = 20


class Work:
    """Counts its turns; fails in those of `failing`, and says when `enough` are over."""

    def __init__(self, enough: int = 1, failing: tuple[int, ...] = ()) -> None:
        self.turns = 0
        self.is_enough = threading.Event()
        self._enough = enough
        self._failing = failing

    def __call__(self) -> None:
        self.turns += 1
        if self.turns >= self._enough:
            self.is_enough.set()
        if self.turns in self._failing:
            raise ConnectionError("the database is away")


@pytest.fixture
def run() -> Callable[[BackgroundWorker, Work], None]:
    def run(worker: BackgroundWorker, work: Work) -> None:
        worker.start()
        try:
            assert work.is_enough.wait(WAIT_S)
        finally:
            worker.stop()

    return run


Run = Callable[[BackgroundWorker, Work], None]


def test_work_begins_at_once_and_is_repeated(run: Run) -> None:
    work = Work(enough=5)
    run(BackgroundWorker("x", work, 0.001), work)
    assert not any(thread.name == "x" for thread in threading.enumerate())


def test_a_row_of_failures_is_logged_once_and_its_end_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FIRST_PAUSE_S", 0.001)
    work = Work(enough=8, failing=(2, 3, 4))
    with capture_logs() as logs:
        run(BackgroundWorker("x", work, 0.001), work)
    assert [entry["event"] for entry in logs] == ["background.failed", "background.recovered"]
    assert (logs[0]["worker"], logs[0]["error"], logs[1]["failures"]) == ("x", "the database is away", 3)


def test_pauses_after_failures_grow_up_to_their_maximum() -> None:
    worker = BackgroundWorker("x", lambda: None, 1, max_pause_s=10)
    pauses = []
    for failures in (1, 2, 3, 40):
        worker._failures = failures
        pauses.append([worker._pause_s() for _ in range(50)])
    for some, expected in zip(pauses, (0.4, 0.8, 1.6, 10), strict=True):
        assert expected * 0.75 <= min(some) < max(some) <= expected * 1.25


def test_a_wake_during_the_work_leads_to_another_turn() -> None:
    entered, may_end = threading.Semaphore(0), threading.Semaphore(0)

    def work() -> None:
        entered.release()
        assert may_end.acquire(timeout=WAIT_S)

    worker = BackgroundWorker("x", work, 3600)
    worker.start()
    assert entered.acquire(timeout=WAIT_S)
    worker.wake()
    may_end.release()
    assert entered.acquire(timeout=WAIT_S)
    may_end.release()
    worker.stop()


def test_stopping_waits_neither_for_the_interval_nor_for_the_pause_after_a_failure(run: Run) -> None:
    began = time.monotonic()
    for work in (Work(), Work(failing=(1,))):
        run(BackgroundWorker("x", work, 3600), work)
    assert time.monotonic() - began < WAIT_S / 2


def test_work_that_waits_first_is_not_done_at_the_start() -> None:
    work = Work()
    worker = BackgroundWorker("x", work, 3600, waits_first=True)
    worker.start()
    assert not work.is_enough.wait(0.05)
    worker.wake()
    assert work.is_enough.wait(WAIT_S)
    worker.stop()


def test_work_can_ask_whether_to_end_and_the_worker_starts_again() -> None:
    asked = threading.Event()

    def work() -> None:
        asked.set()
        assert worker.wait(WAIT_S)
        assert worker.is_stopping()

    worker = BackgroundWorker("x", work, 3600)
    for _ in range(2):
        asked.clear()
        worker.start()
        assert asked.wait(WAIT_S)
        worker.stop()


class Lease:
    def __init__(self, *, is_free: bool) -> None:
        self.is_free = is_free
        self.asked = threading.Event()
        self.given_back = 0

    def take(self) -> bool:
        self.asked.set()
        return self.is_free

    def give_back(self) -> None:
        self.given_back += 1


@pytest.mark.parametrize("is_free", [True, False])
def test_only_the_process_with_the_lease_works_and_gives_it_back(is_free: bool) -> None:
    work, lease = Work(), Lease(is_free=is_free)
    worker = BackgroundWorker("x", work, 3600, lease=lease)
    worker.start()
    assert lease.asked.wait(WAIT_S)
    worker.stop()
    assert (work.turns, lease.given_back) == (int(is_free), 1)
