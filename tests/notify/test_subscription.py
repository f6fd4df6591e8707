from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from platewatch.notify.events import Event, EventKind
from platewatch.notify.subscription import End, Subscription

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAIT_S = 20.0
"""Far longer than anything here takes; reached only by a failure."""


def event(event_id: int) -> Event:
    return Event(event_id, EventKind.SIGHTING_RECORDED, NOON, {})


def subscription(limit: int = 10) -> Subscription:
    return Subscription(limit, lambda _: None)


def test_events_come_out_in_order() -> None:
    one = subscription()
    for event_id in (1, 2, 3):
        assert one.push(event(event_id))
    assert [one.receive(0), one.receive(0), one.receive(0)] == [event(1), event(2), event(3)]
    assert one.receive(0) is None
    assert one.end is None


def test_a_slow_subscriber_gets_what_was_queued_and_then_the_end() -> None:
    one = subscription(limit=2)
    assert [one.push(event(event_id)) for event_id in (1, 2, 3, 4)] == [True, True, False, False]
    assert [got.id for got in one] == [1, 2]
    assert one.end is End.OVERRUN


def test_there_is_no_gap_before_the_end_even_if_the_queue_has_room_again() -> None:
    one = subscription(limit=1)
    one.push(event(1))
    one.push(event(2))
    assert one.receive(0) == event(1)
    assert not one.push(event(3))
    assert one.receive(0) is None


def test_a_stopped_one_gives_out_what_was_queued() -> None:
    one = subscription()
    one.push(event(1))
    one.finish(End.STOPPED)
    one.finish(End.OVERRUN)
    assert [got.id for got in one] == [1]
    assert one.end is End.STOPPED


def test_a_closed_one_is_forgotten_and_gives_nothing() -> None:
    forgotten: list[Subscription] = []
    with Subscription(10, forgotten.append) as one:
        one.push(event(1))
    assert forgotten == [one]
    assert one.receive(0) is None
    assert one.end is End.CLOSED


def test_a_thread_that_waits_is_woken() -> None:
    one = subscription()
    got: list[int] = []
    thread = threading.Thread(target=lambda: got.extend(item.id for item in one))
    thread.start()
    one.push(event(1))
    one.push(event(2))
    one.finish(End.STOPPED)
    thread.join(WAIT_S)
    assert got == [1, 2]


def test_a_task_that_waits_is_woken_by_another_thread() -> None:
    one = subscription()

    def push_and_finish() -> None:
        one.push(event(2))
        one.finish(End.STOPPED)

    async def read() -> list[int]:
        waiting = asyncio.create_task(one.receive_async(WAIT_S))
        await asyncio.sleep(0)
        assert one._waiting, "the task waits now"
        threading.Thread(target=one.push, args=(event(1),)).start()
        first = await waiting
        threading.Thread(target=push_and_finish).start()
        assert first is not None
        return [first.id] + [got.id async for got in one]

    assert asyncio.run(read()) == [1, 2]


@pytest.mark.parametrize("end", [None, End.STOPPED], ids=["timed out", "ended"])
def test_a_task_gets_none_and_can_tell_why(end: End | None) -> None:
    one = subscription()
    if end is not None:
        one.finish(end)
    assert asyncio.run(one.receive_async(0.001)) is None
    assert one.end is end
    assert one._waiting == [], "nothing is kept for a task that gave up"


def test_a_cancelled_task_loses_no_event() -> None:
    one = subscription()

    async def cancel_then_read() -> Event | None:
        waiting = asyncio.create_task(one.receive_async(WAIT_S))
        await asyncio.sleep(0)
        assert one._waiting, "the task waits now"
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        one.push(event(1))
        return await one.receive_async(WAIT_S)

    assert asyncio.run(cancel_then_read()) == event(1)


def test_a_task_of_a_closed_loop_disturbs_nobody() -> None:
    one = subscription()
    loop = asyncio.new_event_loop()
    one._waiting.append((loop, asyncio.Event()))
    loop.close()
    assert one.push(event(1))
    assert one.receive(0) == event(1)
