from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from platewatch.access.queues import CALLS_AT_ONCE, CALLS_PER_GATE, MAX_WAITING, GateQueues

SICK, WELL = 1, 2


class Calls:
    """Calls that are noted, and end once they may."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.changed = threading.Condition()
        self.begun: list[int] = []
        self.running = 0

    def __call__(self, log_id: int) -> None:
        with self.changed:
            self.begun.append(log_id)
            self.running += 1
            self.changed.notify_all()
        if log_id > 0:
            self.may_end.wait(20)
        with self.changed:
            self.running -= 1
            self.changed.notify_all()
        if log_id == ERROR:
            raise ZeroDivisionError

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(is_so, 20)


ERROR = -99
"""Numbers above zero hang, others end at once, this one with an error."""


@pytest.fixture
def calls() -> Iterator[Calls]:
    calls = Calls()
    yield calls
    calls.may_end.set()


@pytest.fixture
def queues(calls: Calls) -> Iterator[GateQueues]:
    queues = GateQueues(calls)
    yield queues
    calls.may_end.set()
    queues.close()


def test_a_gate_that_hangs_takes_a_few_threads_and_others_are_called(calls: Calls, queues: GateQueues) -> None:
    for log_id in range(1, 50):
        assert queues.submit(SICK, log_id)
    assert queues.submit(WELL, -1)
    calls.wait_for(lambda: -1 in calls.begun)
    calls.wait_for(lambda: calls.running == CALLS_PER_GATE)
    assert sorted(calls.begun) == [-1, *range(1, CALLS_PER_GATE + 1)]


def test_many_gates_that_hang_leave_room_for_one_that_is_well(calls: Calls, queues: GateQueues) -> None:
    for gate_id in range(100, 100 + CALLS_AT_ONCE // CALLS_PER_GATE - 1):
        for log_id in (gate_id, gate_id + 1000, gate_id + 2000):
            assert queues.submit(gate_id, log_id)
    assert queues.submit(WELL, -1)
    calls.wait_for(lambda: -1 in calls.begun)


def test_calls_that_waited_follow_in_their_order(
    calls: Calls, queues: GateQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platewatch.access.queues.CALLS_PER_GATE", 1)
    for log_id in range(1, 21):
        queues.submit(SICK, log_id)
    calls.may_end.set()
    calls.wait_for(lambda: len(calls.begun) == 20 and calls.running == 0)
    assert calls.begun == list(range(1, 21))


def test_a_call_that_breaks_off_gives_its_place_to_the_next(calls: Calls, queues: GateQueues) -> None:
    for _ in range(10):
        queues.submit(SICK, ERROR)
    queues.submit(SICK, -1)
    calls.wait_for(lambda: sorted(calls.begun) == [ERROR] * 10 + [-1])


def test_no_more_calls_wait_than_could_ever_be_in_time(calls: Calls, queues: GateQueues) -> None:
    taken = [queues.submit(SICK, log_id) for log_id in range(1, CALLS_PER_GATE + MAX_WAITING + 3)]
    assert taken == [True] * (CALLS_PER_GATE + MAX_WAITING) + [False] * 2
    assert queues.submit(WELL, -1)


def test_what_waits_is_not_begun_after_the_end(calls: Calls) -> None:
    queues = GateQueues(calls)
    for log_id in range(1, 10):
        queues.submit(SICK, log_id)
    calls.wait_for(lambda: calls.running == CALLS_PER_GATE)
    closing = threading.Thread(target=queues.close)
    closing.start()
    while queues._waiting:
        closing.join(0.01)
    calls.may_end.set()
    closing.join(20)
    assert len(calls.begun) == CALLS_PER_GATE
