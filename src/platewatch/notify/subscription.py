"""One listener's queue between the outbox's thread and the code that takes the events out."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from enum import StrEnum
from types import TracebackType
from typing import Self

from platewatch.notify.events import Event


class End(StrEnum):
    """Why a subscription gives no more events."""

    CLOSED = "closed"
    """Its owner closed it."""
    OVERRUN = "overrun"
    """Its owner was too slow: reconnect and go on after the last event's `resume_id`."""
    STOPPED = "stopped"
    """The outbox stopped, because the process ends."""


class Subscription:
    """Events in the order in which they became visible, for one thread or one task.

    When it ends, what is queued is still given out; then `receive` gives None and iteration stops. Every event up to
    `settled_id` was visible when it began, so a backlog up to there misses nothing.
    """

    def __init__(self, limit: int, on_close: Callable[[Subscription], None], settled_id: int = 0) -> None:
        self.settled_id = settled_id
        self._limit = limit
        self._on_close = on_close
        self._events: deque[Event] = deque()
        self._changed = threading.Condition()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._end: End | None = None

    @property
    def end(self) -> End | None:
        """Why it ended, None while it goes on."""
        return self._end

    def push(self, event: Event) -> bool:
        """True if the event is queued; False if the subscription has ended, perhaps by this very event."""
        with self._changed:
            if self._end is None and len(self._events) >= self._limit:
                self._end = End.OVERRUN
            accepted = self._end is None
            if accepted:
                self._events.append(event)
            self._wake_all()
        return accepted

    def finish(self, end: End) -> None:
        """Lets it end, unless it has ended already."""
        with self._changed:
            self._end = self._end or end
            self._wake_all()

    def close(self) -> None:
        """Ends it for its owner; the outbox forgets it and so does it forget its queue."""
        self.finish(End.CLOSED)
        with self._changed:
            self._events.clear()
        self._on_close(self)

    def receive(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None if there was none in time (`end` is None then) or never will be."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._end, timeout_s)
            return self._events.popleft() if self._events else None

    async def receive_async(self, timeout_s: float | None = None) -> Event | None:
        """The same for a task of an event loop."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._changed:
            if not self._events and self._end is None:
                self._waiting.append(waiter)
            else:
                waiter[1].set()
        try:
            async with asyncio.timeout(timeout_s):
                await waiter[1].wait()
        except TimeoutError:
            pass
        finally:
            with self._changed:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)
        with self._changed:
            return self._events.popleft() if self._events else None

    def _wake_all(self) -> None:
        self._changed.notify_all()
        for loop, waiter in self._waiting:
            # A loop that is closed has no task left that could wait.
            if not loop.is_closed():
                loop.call_soon_threadsafe(waiter.set)
        self._waiting.clear()

    def __iter__(self) -> Iterator[Event]:
        while (event := self.receive()) is not None:
            yield event

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self.receive_async()) is not None:
            yield event

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
