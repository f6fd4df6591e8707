"""One listener's stream: first what it missed, then what happens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from platewatch.notify.events import Event
from platewatch.notify.outbox import OutboxTail
from platewatch.notify.subscription import Subscription

BACKLOG_PAGE = 200
REMEMBERED_IDS = 2 * BACKLOG_PAGE
"""Events that the subscription may repeat because they came while the backlog was read."""


async def follow(
    tail: OutboxTail,
    read_after: Callable[[int, int], list[Event]],
    *,
    after_id: int | None,
    pulse_s: float,
) -> AsyncIterator[Event | None]:
    """Events after `after_id` (None: from now on) in order, and None whenever `pulse_s` went by without one.

    It ends when the outbox stops or the listener is too slow; the listener comes back with the last `resume_id`.
    """
    with tail.subscribe(listener=True) as subscription:
        sent_ids: deque[int] = deque(maxlen=REMEMBERED_IDS)
        if after_id is not None:
            async for event in _backlog(read_after, after_id):
                sent_ids.append(event.id)
                yield replace(event, settled_id=subscription.settled_id)
        async for pulse in _live(subscription, pulse_s):
            if pulse is None or pulse.id not in sent_ids:
                yield pulse


async def _backlog(read_after: Callable[[int, int], list[Event]], after_id: int) -> AsyncIterator[Event]:
    while events := await asyncio.to_thread(read_after, after_id, BACKLOG_PAGE):
        for event in events:
            yield event
        after_id = events[-1].id


async def _live(subscription: Subscription, pulse_s: float) -> AsyncIterator[Event | None]:
    while True:
        event = await subscription.receive_async(pulse_s)
        if event is None and subscription.end is not None:
            return
        yield event
