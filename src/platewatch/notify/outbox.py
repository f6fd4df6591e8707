"""The outbox's reader: one thread a process publishes every committed event to all subscribers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import structlog

from platewatch.background import BackgroundWorker
from platewatch.clock import Clock
from platewatch.notify.events import Event
from platewatch.notify.gaps import Gaps
from platewatch.notify.subscription import End, Subscription

BATCH = 500
"""Events a query."""
QUEUE_LIMIT = 1000
"""Events that a subscriber may be behind."""
LOOK_BACK = 1000
"""Ids before the last one among which, at the start, slow transactions are looked for."""
GAP_LIFE_S = 30.0
"""The time within which a transaction must commit after its event got its id."""
MAX_BACK_OFF_S = 5.0

log = structlog.get_logger(__name__)


class OutboxTail:
    """Reads the outbox by id, at least once each event, and hands it to all subscriptions.

    `read_after(id, limit)` gives events with larger ids, smallest first; `last_id()` the largest id, 0 without events.
    Both must see what other processes have committed. Events come in the order of their ids, but one whose transaction
    was overtaken comes late rather than never.
    """

    def __init__(
        self,
        read_after: Callable[[int, int], list[Event]],
        last_id: Callable[[], int],
        clock: Clock,
        poll_s: float = 0.2,
    ) -> None:
        self._read_after = read_after
        self._last_id = last_id
        self._clock = clock
        self._gaps: Gaps | None = None
        self._subscriptions: set[Subscription] = set()
        self._listeners: set[Subscription] = set()
        """The subscriptions of connections from outside."""
        self._takes_listeners = True
        self._mutex = threading.Lock()
        self._worker = BackgroundWorker("outbox", self.poll, poll_s, max_pause_s=MAX_BACK_OFF_S)

    def start(self) -> None:
        """Begins behind the last event that is visible now.

        Raises whatever `read_after` and `last_id` raise: without a database there is no place to begin.
        """
        self.find_position()
        self._takes_listeners = True
        self._worker.start()

    def stop(self) -> None:
        """Returns when the thread has ended. All subscriptions end."""
        self._worker.stop()
        with self._mutex:
            subscriptions = list(self._subscriptions)
            self._subscriptions.clear()
            self._listeners.clear()
        for subscription in subscriptions:
            subscription.finish(End.STOPPED)

    def end_listeners(self) -> None:
        """End the subscriptions of connections from outside, and those that still come; the others go on."""
        with self._mutex:
            self._takes_listeners = False
            listeners = list(self._listeners)
            self._listeners.clear()
        for subscription in listeners:
            subscription.finish(End.STOPPED)

    def wake(self) -> None:
        """Lets the thread look at once. Call it after a commit that wrote events; it never waits."""
        self._worker.wake()

    def subscribe(self, limit: int = QUEUE_LIMIT, *, listener: bool = False) -> Subscription:
        """All events that are published from now on. Close it, or use it as a context manager.

        A `listener` belongs to a connection from outside, which must not hold up the end of the process.
        """
        settled_id = 0 if self._gaps is None else self._gaps.settled_id
        subscription = Subscription(limit, self._forget, settled_id)
        with self._mutex:
            taken = self._takes_listeners or not listener
            if taken:
                self._subscriptions.add(subscription)
            if taken and listener:
                self._listeners.add(subscription)
        if not taken:
            subscription.finish(End.STOPPED)
        return subscription

    def find_position(self) -> None:
        """Notes what is there already, and which ids before it may still come."""
        last = self._last_id()
        gaps = Gaps(max(0, last - LOOK_BACK), GAP_LIFE_S)
        now_s = self._clock.monotonic_s()
        for event in self._read_after(gaps.highest, LOOK_BACK):
            if event.id <= last:
                gaps.advance(event.id, now_s)
        self._gaps = gaps

    def poll(self) -> int:
        """Publish the late events, then the new ones; returns their number."""
        if self._gaps is None:
            raise RuntimeError("The outbox was not started.")
        return self._publish_late(self._gaps) + self._publish_new(self._gaps)

    def _publish_late(self, gaps: Gaps) -> int:
        published = 0
        gaps.forget_old(self._clock.monotonic_s())
        for first, last in gaps.spans(BATCH):
            for event in self._read_after(first - 1, min(BATCH, last - first + 1)):
                if event.id in gaps:
                    gaps.fill(event.id)
                    self._publish(event, gaps.settled_id)
                    published += 1
        return published

    def _publish_new(self, gaps: Gaps) -> int:
        published = 0
        while not self._worker.is_stopping():
            events = self._read_after(gaps.highest, BATCH)
            for event in events:
                gaps.advance(event.id, self._clock.monotonic_s())
                self._publish(event, gaps.settled_id)
            published += len(events)
            if len(events) < BATCH:
                break
        return published

    def _publish(self, event: Event, settled_id: int) -> None:
        settled = replace(event, settled_id=settled_id)
        with self._mutex:
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            if not subscription.push(settled):
                self._forget(subscription)
                log.warning("outbox.subscriber_dropped", end=subscription.end, event_id=event.id)

    def _forget(self, subscription: Subscription) -> None:
        with self._mutex:
            self._subscriptions.discard(subscription)
            self._listeners.discard(subscription)
