from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from platewatch.clock import Clock, SetClock
from platewatch.db.engine import Database
from platewatch.db.events import EventLog
from platewatch.notify import outbox
from platewatch.notify.events import Event, EventKind
from platewatch.notify.outbox import BATCH, GAP_LIFE_S, OutboxTail
from platewatch.notify.subscription import End, Subscription
from tests.databases import Kind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAIT_S = 20.0
"""Far longer than anything here takes; reached only by a failure."""
NEVER_S = 3600.0
"""A poll that does not happen within a test."""


class Log:
    """An outbox in memory, in which each event becomes visible when the test says so."""

    def __init__(self) -> None:
        self.visible: dict[int, Event] = {}
        self.failing = False
        self.queries = 0

    def commit(self, *ids: int) -> None:
        for event_id in ids:
            self.visible[event_id] = Event(event_id, EventKind.SIGHTING_RECORDED, NOON, {"number": event_id})

    def read_after(self, after_id: int, limit: int) -> list[Event]:
        self.queries += 1
        if self.failing:
            raise ConnectionError("no database")
        return [self.visible[event_id] for event_id in sorted(self.visible) if event_id > after_id][:limit]

    def last_id(self) -> int:
        if self.failing:
            raise ConnectionError("no database")
        return max(self.visible, default=0)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def tail(log: Log, clock: SetClock) -> OutboxTail:
    """A tail that has found its place and is polled by the test, without a thread."""
    tail = OutboxTail(log.read_after, log.last_id, clock)
    tail.find_position()
    return tail


@pytest.fixture
def running(log: Log, clock: SetClock) -> Iterator[OutboxTail]:
    """A tail with its thread, which looks only when it is woken."""
    tail = OutboxTail(log.read_after, log.last_id, clock, poll_s=NEVER_S)
    tail.start()
    yield tail
    tail.stop()


def queued(subscription: Subscription) -> list[int]:
    got: list[int] = []
    while (event := subscription.receive(0)) is not None:
        got.append(event.id)
    return got


def received(subscription: Subscription, count: int) -> list[int]:
    events = [subscription.receive(WAIT_S) for _ in range(count)]
    return [event.id for event in events if event is not None]


def test_every_subscriber_gets_every_new_event_in_order(log: Log, tail: OutboxTail) -> None:
    first, second = tail.subscribe(), tail.subscribe()
    log.commit(1, 2, 3)
    assert tail.poll() == 3
    assert queued(first) == queued(second) == [1, 2, 3]
    assert tail.poll() == 0
    assert queued(first) == []


def test_what_was_there_before_the_start_is_not_told(log: Log, clock: SetClock) -> None:
    log.commit(1, 2)
    tail = OutboxTail(log.read_after, log.last_id, clock)
    tail.find_position()
    one = tail.subscribe()
    log.commit(3)
    tail.poll()
    assert queued(one) == [3]


def test_more_events_than_a_batch_are_reported_at_once(log: Log, tail: OutboxTail) -> None:
    one = tail.subscribe(limit=3 * BATCH)
    log.commit(*range(1, 2 * BATCH + 2))
    tail.poll()
    assert queued(one) == list(range(1, 2 * BATCH + 2))


@pytest.mark.parametrize(
    ("commits", "told"),
    [
        pytest.param([(2,), (1,)], [2, 1], id="the first is late"),
        pytest.param([(1, 3), (2, 4)], [1, 3, 2, 4], id="late ones before new ones"),
        pytest.param([(5,), (3,), (1,), (2, 4)], [5, 3, 1, 2, 4], id="one by one"),
        pytest.param([(1, 900), (2, 899), (450,)], [1, 900, 2, 899, 450], id="a gap larger than a batch"),
        pytest.param([(10**12,), (10**11,)], [10**12, 10**11], id="a jump"),
    ],
)
def test_events_that_become_visible_late_are_reported_once(
    log: Log, tail: OutboxTail, commits: list[tuple[int, ...]], told: list[int]
) -> None:
    one = tail.subscribe()
    for ids in commits:
        log.commit(*ids)
        tail.poll()
    tail.poll()
    assert queued(one) == told


def test_an_event_that_was_under_way_at_the_start_is_reported(log: Log, clock: SetClock) -> None:
    log.commit(1, 3)
    tail = OutboxTail(log.read_after, log.last_id, clock)
    tail.find_position()
    one = tail.subscribe()
    log.commit(2)
    tail.poll()
    assert queued(one) == [2]


def test_an_event_committed_while_the_place_is_found_is_reported(log: Log, clock: SetClock) -> None:
    log.commit(1)

    def last_id_just_before_a_commit() -> int:
        last = log.last_id()
        log.commit(2)
        return last

    tail = OutboxTail(log.read_after, last_id_just_before_a_commit, clock)
    one = tail.subscribe()
    tail.find_position()
    tail.poll()
    assert queued(one) == [2]


def test_a_rolled_back_id_is_given_up_after_a_while(log: Log, tail: OutboxTail, clock: SetClock) -> None:
    log.commit(2)
    tail.poll()
    log.queries = 0
    tail.poll()
    assert log.queries == 2, "one look for the late, one for the new"
    clock.advance(GAP_LIFE_S)
    log.queries = 0
    tail.poll()
    assert log.queries == 1


def test_many_gaps_cost_few_queries(log: Log, tail: OutboxTail) -> None:
    log.commit(*range(2, BATCH, 2))
    tail.poll()
    log.queries = 0
    tail.poll()
    assert log.queries == 2


def test_the_place_to_resume_never_passes_an_awaited_event(log: Log, tail: OutboxTail) -> None:
    one = tail.subscribe()
    log.commit(1, 3, 4)
    tail.poll()
    log.commit(2, 5)
    tail.poll()
    seen = {event.id: event.resume_id for event in iter(lambda: one.receive(0), None)}
    assert seen == {1: 1, 3: 1, 4: 1, 2: 2, 5: 5}


def test_a_subscription_knows_up_to_where_a_backlog_is_whole(log: Log, tail: OutboxTail) -> None:
    assert tail.subscribe().settled_id == 0
    log.commit(1, 2, 4)
    tail.poll()
    assert tail.subscribe().settled_id == 2
    log.commit(3)
    tail.poll()
    assert tail.subscribe().settled_id == 4


def test_a_slow_subscriber_is_dropped_and_the_others_go_on(log: Log, tail: OutboxTail) -> None:
    slow, quick = tail.subscribe(limit=1), tail.subscribe()
    log.commit(1, 2, 3)
    with capture_logs() as logs:
        tail.poll()
    assert queued(quick) == [1, 2, 3]
    assert queued(slow) == [1]
    assert slow.end is End.OVERRUN
    assert [(entry["event"], entry["event_id"]) for entry in logs] == [("outbox.subscriber_dropped", 2)]


def test_a_closed_subscription_costs_nothing_more(log: Log, tail: OutboxTail) -> None:
    with tail.subscribe():
        pass
    log.commit(1)
    with capture_logs() as logs:
        assert tail.poll() == 1
    assert logs == []


def test_polling_before_the_start_is_a_mistake_that_says_so(log: Log, clock: SetClock) -> None:
    with pytest.raises(RuntimeError, match="not started"):
        OutboxTail(log.read_after, log.last_id, clock).poll()


def test_starting_without_a_database_fails_at_once(log: Log, clock: SetClock) -> None:
    log.failing = True
    with pytest.raises(ConnectionError):
        OutboxTail(log.read_after, log.last_id, clock).start()


def test_wake_tells_at_once_and_not_at_the_next_poll(log: Log, running: OutboxTail) -> None:
    one = running.subscribe()
    for event_id in range(1, 6):
        log.commit(event_id)
        running.wake()
        assert received(one, 1) == [event_id]


def test_one_wake_is_one_look(log: Log, running: OutboxTail) -> None:
    one = running.subscribe()
    log.commit(1)
    running.wake()
    assert received(one, 1) == [1]
    deadline = time.monotonic() + WAIT_S / 4
    while running._worker._woken.is_set() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not running._worker._woken.is_set(), "the thread goes round without rest"


def test_without_wake_the_poll_finds_what_other_processes_wrote(log: Log, clock: SetClock) -> None:
    tail = OutboxTail(log.read_after, log.last_id, clock, poll_s=0.001)
    tail.start()
    one = tail.subscribe()
    log.commit(1)
    assert received(one, 1) == [1]
    tail.stop()


def test_stop_ends_every_subscription_and_may_be_repeated(running: OutboxTail) -> None:
    subscriptions = [running.subscribe(), running.subscribe()]
    running.stop()
    running.stop()
    assert [one.receive(WAIT_S) for one in subscriptions] == [None, None]
    assert {one.end for one in subscriptions} == {End.STOPPED}


def test_a_stopped_tail_can_start_again(log: Log, running: OutboxTail) -> None:
    running.stop()
    running.start()
    one = running.subscribe()
    log.commit(1)
    running.wake()
    assert received(one, 1) == [1]


def test_trouble_with_the_database_is_logged_once_and_nothing_is_lost(
    log: Log, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_BACK_OFF_S", 0.001)
    tail = OutboxTail(log.read_after, log.last_id, clock, poll_s=0.001)
    with capture_logs() as logs:
        tail.start()
        one = tail.subscribe()
        log.failing = True
        log.commit(1)
        tried = log.queries
        deadline = time.monotonic() + WAIT_S
        while log.queries < tried + 5 and time.monotonic() < deadline:
            tail.wake()
        log.failing = False
        log.commit(2)
        assert received(one, 2) == [1, 2]
        # The recovery is logged behind the poll that told both.
        log.commit(3)
        assert received(one, 1) == [3]
        tail.stop()
    assert [entry["event"] for entry in logs] == ["background.failed", "background.recovered"]
    assert logs[0]["error"] == "no database"
    assert logs[1]["failures"] >= 4


def tail_of(database: Database) -> OutboxTail:
    def read_after(after_id: int, limit: int) -> list[Event]:
        with database.reading() as session:
            rows = EventLog(session).read_after(after_id, limit)
            return [Event(row.id, row.kind, row.occurred_at, row.payload) for row in rows]

    def last_id() -> int:
        with database.reading() as session:
            return EventLog(session).last_id()

    return OutboxTail(read_after, last_id, Clock(), poll_s=0.005)


def write_events(database: Database, seed: int, committed: list[int], rounds: int) -> None:
    """Transactions of random length, some of them rolled back, so that ids become visible out of order."""
    dice = random.Random(seed)
    for _ in range(rounds):
        try:
            with database.transaction() as session:
                rows = [EventLog(session).append("sighting.recorded", {}, NOON) for _ in range(dice.choice([1, 2]))]
                ids = [row.id for row in rows]
                threading.Event().wait(dice.choice([0, 0, 0.002, 0.02]))
                if dice.random() < 0.2:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue
        committed.extend(ids)


def test_concurrent_writers_lose_no_event_on_any_database(database: Database) -> None:
    tail = tail_of(database)
    tail.start()
    committed: list[int] = []
    writers = [threading.Thread(target=write_events, args=(database, seed, committed, 15)) for seed in range(6)]
    with tail.subscribe() as one:
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        told = received(one, len(committed))
        tail.stop()
    assert sorted(told) == sorted(committed)


@pytest.mark.parametrize("kind", [Kind.MARIADB, Kind.POSTGRESQL], ids=str)
def test_an_overtaken_transaction_is_told_late_and_not_never(migrated: Callable[[Kind], Database], kind: Kind) -> None:
    database = migrated(kind)
    tail = tail_of(database)
    tail.start()
    with tail.subscribe() as one:
        with database.transaction() as slow:
            overtaken = EventLog(slow).append("sighting.recorded", {}, NOON).id
            with database.transaction() as quick:
                overtaking = EventLog(quick).append("sighting.recorded", {}, NOON).id
            assert received(one, 1) == [overtaking]
        assert received(one, 1) == [overtaken]
    tail.stop()
    assert overtaken < overtaking
