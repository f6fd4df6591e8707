from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from queue import Queue
from typing import Any

import pytest

from platewatch.access.actuators import Actuator, HttpActuator
from platewatch.access.opener import OPEN_WITHIN_S, SHORTEST_CALL_S, GateOpener
from platewatch.access.schemas import AccessRead, GateUpdate
from platewatch.access.service import AccessService
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.events import EventLog
from platewatch.db.tables import AccessLogRow
from platewatch.errors import GateError
from platewatch.notify.events import Event, EventKind
from platewatch.notify.outbox import OutboxTail
from platewatch.vision.types import Direction
from tests.access.relays import drip, http_relay, raw_server
from tests.access.test_service import decide, make_gate
from tests.seals import SEAL
from tests.watchlists.lists import ADMIN, add, make_list, make_location


class Gate:
    """Notes each opening, and answers as it is told to."""

    def __init__(self) -> None:
        self.opened: Queue[Actuator] = Queue()
        self.within_s = 0.0
        self.answer: Callable[[], str] = lambda: "answered 200"

    def __call__(self, actuator: Actuator, within_s: float) -> str:
        self.within_s = within_s
        self.opened.put(actuator)
        return self.answer()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def place(database: Database, clock: SetClock) -> int:
    """A location with a gate, at which AB12 is allowed."""
    with database.transaction() as session:
        add(session, clock, make_list(session, clock, "allow"), "AB12")
        place = make_location(session)
        make_gate(session, clock, place)
        return place


@pytest.fixture
def tail(database: Database, clock: SetClock) -> Iterator[OutboxTail]:
    """The database's outbox, looked at every 20 ms."""

    def read_after(after_id: int, limit: int) -> list[Event]:
        with database.reading() as session:
            rows = EventLog(session).read_after(after_id, limit)
            return [Event(row.id, row.kind, row.occurred_at, row.payload) for row in rows]

    def last_id() -> int:
        with database.reading() as session:
            return EventLog(session).last_id()

    tail = OutboxTail(read_after, last_id, clock, poll_s=0.02)
    tail.start()
    yield tail
    tail.stop()


@pytest.fixture
def make_opener(database: Database, clock: SetClock, tail: OutboxTail, gate: Gate) -> Callable[[], GateOpener]:
    """Openers that are not started, as of several processes."""
    return lambda: GateOpener(database, tail, clock, SEAL, gate)


def log_of(database: Database, clock: SetClock) -> list[AccessRead]:
    with database.reading() as session:
        return [AccessRead.of(row) for row in session.query(AccessLogRow).order_by(AccessLogRow.id)]


def gate_of(database: Database, clock: SetClock) -> tuple[str, str | None]:
    (entry,) = log_of(database, clock)
    return entry.gate.state.value, entry.gate.detail


def only_id(database: Database, clock: SetClock) -> int:
    (entry,) = log_of(database, clock)
    return entry.id


def test_a_granted_decision_opens_the_gate_and_the_log_tells(
    database: Database, clock: SetClock, place: int, tail: OutboxTail, gate: Gate, make_opener: Callable[[], GateOpener]
) -> None:
    with ExitStack() as stack:
        told = stack.enter_context(tail.subscribe())
        opener = make_opener()
        opener.start()
        stack.callback(opener.stop)
        assert decide(database, clock, "AB12", place)[0] == "granted"
        tail.wake()
        actuator = gate.opened.get(timeout=10)
        assert isinstance(actuator, HttpActuator)
        assert actuator.headers == {"X-Key": "secret"}
        kinds = [told.receive(10), told.receive(10)]
    assert [event.kind for event in kinds if event] == [EventKind.ACCESS_DECIDED, EventKind.ACCESS_UPDATED]
    assert kinds[1] is not None
    assert kinds[1].payload["gate"]["state"] == "opened"
    assert "secret" not in str([event.payload for event in kinds if event])
    assert gate_of(database, clock) == ("opened", "answered 200")


def test_a_refusal_opens_nothing(
    database: Database, clock: SetClock, place: int, tail: OutboxTail, gate: Gate, make_opener: Callable[[], GateOpener]
) -> None:
    opener = make_opener()
    opener.start()
    try:
        with tail.subscribe() as told:
            decide(database, clock, "ZZ00", place)
            tail.wake()
            assert told.receive(10) is not None
    finally:
        opener.stop()
    assert gate.opened.empty()
    assert gate_of(database, clock) == ("none", None)


def test_what_is_rolled_back_opens_nothing(
    database: Database, clock: SetClock, place: int, gate: Gate, make_opener: Callable[[], GateOpener]
) -> None:
    opener = make_opener()
    opener.start()
    try:
        with pytest.raises(ZeroDivisionError), database.transaction() as session:
            AccessService(session, clock).decide("AB12", place, Direction.ENTERING)
            raise ZeroDivisionError
    finally:
        opener.stop()
    assert gate.opened.empty()
    assert log_of(database, clock) == []


def failing(error: Exception) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (GateError("it answered 500"), "it answered 500"),
        (ZeroDivisionError(), "the call was aborted: ZeroDivisionError"),
    ],
    ids=["the gate's", "the library's"],
)
def test_a_failure_is_in_the_log(  # noqa: PLR0917
    database: Database,
    clock: SetClock,
    place: int,
    gate: Gate,
    make_opener: Callable[[], GateOpener],
    error: Exception,
    detail: str,
) -> None:
    gate.answer = failing(error)
    decide(database, clock, "AB12", place)
    make_opener().open(only_id(database, clock))
    assert gate_of(database, clock) == ("failed", detail)


@pytest.mark.parametrize("change", ["deleted", "disabled"])
def test_a_gate_that_is_gone_by_then_is_reported(
    database: Database, clock: SetClock, place: int, gate: Gate, make_opener: Callable[[], GateOpener], change: str
) -> None:
    decide(database, clock, "AB12", place)
    with database.transaction() as session:
        service = AccessService(session, clock)
        (row,) = service.gates(place)
        if change == "deleted":
            service.delete_gate(row.id, ADMIN)
        else:
            service.update_gate(row.id, GateUpdate(enabled=False), SEAL, ADMIN)
    make_opener().open(only_id(database, clock))
    assert gate.opened.empty()
    assert gate_of(database, clock) == ("failed", "the gate was deleted or disabled meanwhile")


def test_several_processes_open_a_gate_once(
    database: Database, clock: SetClock, place: int, gate: Gate, make_opener: Callable[[], GateOpener]
) -> None:
    decide(database, clock, "AB12", place)
    log_id = only_id(database, clock)
    together = threading.Barrier(4)

    def open_it() -> None:
        opener = make_opener()
        together.wait(10)
        opener.open(log_id)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    make_opener().open(log_id)
    assert gate.opened.qsize() == 1
    assert gate_of(database, clock) == ("opened", "answered 200")


def test_a_gate_never_opens_late(
    database: Database, clock: SetClock, place: int, gate: Gate, make_opener: Callable[[], GateOpener]
) -> None:
    """As after a crash between the commit and the call: the row stays pending, and is given up."""
    decide(database, clock, "AB12", place)
    opener = make_opener()
    assert opener.sweep() == 0
    assert gate_of(database, clock) == ("pending", None)
    clock.advance(OPEN_WITHIN_S)
    opener.open(only_id(database, clock))
    assert gate_of(database, clock) == ("pending", None)
    assert opener.sweep() == 1
    state, detail = gate_of(database, clock)
    assert state == "expired"
    assert "it was not opened within 10 s" in (detail or "")
    opener.open(only_id(database, clock))
    assert gate.opened.empty()
    with database.reading() as session:
        last = EventLog(session).read_after(0, 100)[-1]
        assert (last.kind, last.payload["gate"]["state"]) == ("access.updated", "expired")


@pytest.mark.parametrize(
    ("age_s", "left_s"), [(0, OPEN_WITHIN_S), (4, OPEN_WITHIN_S - 4), (OPEN_WITHIN_S - SHORTEST_CALL_S, None)]
)
def test_a_call_has_the_time_that_is_left(  # noqa: PLR0917
    database: Database,
    clock: SetClock,
    place: int,
    gate: Gate,
    make_opener: Callable[[], GateOpener],
    age_s: float,
    left_s: float | None,
) -> None:
    decide(database, clock, "AB12", place)
    clock.advance(age_s)
    make_opener().open(only_id(database, clock))
    assert (gate.within_s if gate.opened.qsize() else None) == left_s


@pytest.mark.parametrize("state", ["pending", "opening"])
def test_a_decision_of_a_clock_that_was_set_back_opens_nothing_and_is_given_up(
    database: Database, clock: SetClock, place: int, gate: Gate, make_opener: Callable[[], GateOpener], state: str
) -> None:
    right = clock.now()
    clock.set(right + timedelta(days=2))
    decide(database, clock, "AB12", place)
    if state == "opening":
        with database.transaction() as session:
            session.query(AccessLogRow).update({"gate_state": "opening"})
    clock.set(right)
    opener = make_opener()
    opener.open(only_id(database, clock))
    assert gate.opened.empty()
    assert opener.sweep() == 1
    assert gate_of(database, clock)[0] == ("expired" if state == "pending" else "failed")


def test_a_gate_opens_while_another_one_hangs(sqlite_database: Database, clock: SetClock) -> None:
    """With the real calls: a gate that answers in drops gets twelve of them, then one that is well gets one."""
    with ExitStack() as stack:
        sick = stack.enter_context(
            raw_server(lambda connection, over: drip(connection, over, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"))
        )
        well = stack.enter_context(http_relay())
        with sqlite_database.transaction() as session:
            place = make_location(session)
            gates = [
                make_gate(session, clock, place, name, actuator={"kind": "http", "url": url, "timeout_s": 2})
                for name, url in (("sick", f"http://127.0.0.1:{sick}/"), ("well", well.url))
            ]
        opener = stack.enter_context(running(sqlite_database, clock))
        for gate_id in [gates[0]] * 12 + [gates[1]]:
            sqlite_database.transact(
                lambda session, gate_id=gate_id: AccessService(session, clock).open_by_hand(gate_id, "", "try", ADMIN)  # type: ignore[misc]
            )
        began = time.monotonic()
        while not (answered := [entry for entry in log_of(sqlite_database, clock) if entry.gate.state == "opened"]):
            opener.wake()
            assert time.monotonic() - began < 20
        assert [entry.gate.name for entry in answered] == ["well"]
        assert len(well.calls) == 1


@contextmanager
def running(database: Database, clock: SetClock) -> Iterator[OutboxTail]:
    """The tail that an opener follows, with the real calls."""

    def read_after(after_id: int, limit: int) -> list[Event]:
        with database.reading() as session:
            rows = EventLog(session).read_after(after_id, limit)
            return [Event(row.id, row.kind, row.occurred_at, row.payload) for row in rows]

    tail = OutboxTail(read_after, lambda: 0, clock, poll_s=0.02)
    tail.start()
    opener = GateOpener(database, tail, clock, SEAL)
    opener.start()
    try:
        yield tail
    finally:
        opener.stop()
        tail.stop()


def test_a_call_that_was_cut_short_is_reported_as_such(
    database: Database, clock: SetClock, place: int, gate: Gate, make_opener: Callable[[], GateOpener]
) -> None:
    class PowerCut(BaseException):
        pass

    gate.answer = failing(PowerCut())  # type: ignore[arg-type]
    decide(database, clock, "AB12", place)
    opener = make_opener()
    with pytest.raises(PowerCut):
        opener.open(only_id(database, clock))
    assert gate_of(database, clock)[0] == "opening"
    clock.advance(OPEN_WITHIN_S + 59)
    assert opener.sweep() == 0
    clock.advance(1)
    assert opener.sweep() == 1
    state, detail = gate_of(database, clock)
    assert state == "failed"
    assert "nobody knows whether the gate opened" in (detail or "")


def test_a_slow_gate_holds_up_no_other(sqlite_database: Database, clock: SetClock, gate: Gate) -> None:
    """Through the thread: the first call waits for the second one's."""
    second = threading.Event()
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock, "allow")
        for plate in ("AB12", "CD34"):
            add(session, clock, watchlist_id, plate)
        place = make_location(session)
        make_gate(session, clock, place)

    def answer() -> str:
        if gate.opened.qsize() == 1:
            assert second.wait(10)
        else:
            second.set()
        return "answered 200"

    gate.answer = answer

    def read_after(after_id: int, limit: int) -> list[Event]:
        with sqlite_database.reading() as session:
            rows = EventLog(session).read_after(after_id, limit)
            return [Event(row.id, row.kind, row.occurred_at, row.payload) for row in rows]

    tail = OutboxTail(read_after, lambda: 0, clock, poll_s=0.02)
    tail.start()
    opener = GateOpener(sqlite_database, tail, clock, SEAL, gate)
    opener.start()
    try:
        decide(sqlite_database, clock, "AB12", place)
        decide(sqlite_database, clock, "CD34", place)
        tail.wake()
        assert second.wait(10)
    finally:
        opener.stop()
        tail.stop()
    assert [entry.gate.state for entry in log_of(sqlite_database, clock)] == ["opened", "opened"]


def test_an_opener_stops_without_waiting_for_the_outbox_and_starts_again(
    sqlite_database: Database, clock: SetClock, gate: Gate
) -> None:
    tail = OutboxTail(lambda *_: [], lambda: 0, clock, poll_s=600)
    tail.start()
    opener = GateOpener(sqlite_database, tail, clock, SEAL, gate)
    for _ in range(2):
        opener.start()
        done: Any = threading.Thread(target=opener.stop)
        done.start()
        done.join(60)
        assert not done.is_alive()
    tail.stop()
    opener.stop()
