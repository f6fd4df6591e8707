"""Turns at something that there is little of: so much of it at a time, and a bounded line of those who wait."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from platewatch.errors import BusyError

_REMEMBERED_DURATIONS: Final = 32
_FIRST_GUESS_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class TurnsState:
    """The total, the part in use, and the number of waiting callers."""

    size: int
    taken: int
    waiting: int


@dataclass(frozen=True, slots=True, eq=False)
class _Ticket:
    share: int


class Turns:
    """Lets callers in while the shares of those inside fit into `size`, and up to `waiting_limit` wait in line.

    First come, first served: a small share does not overtake a large one. `what` says in errors what is short.
    """

    def __init__(self, size: int, waiting_limit: int, what: str = "Every reader is busy") -> None:
        if size < 1 or waiting_limit < 0:
            raise ValueError(f"Turns need a size of at least 1 and no negative line, not {size} and {waiting_limit}.")
        self._size = size
        self._waiting_limit = waiting_limit
        self._what = what
        self._changed = threading.Condition()
        self._line: deque[_Ticket] = deque()
        self._taken = 0
        self._inside = 0
        self._durations_s: deque[float] = deque(maxlen=_REMEMBERED_DURATIONS)
        self._closed = False

    @contextmanager
    def one(self, share: int = 1) -> Iterator[None]:
        """The caller's turn, which lasts as long as the block. A share beyond the size counts as the whole size.

        Raises:
            BusyError: The line is full, or the turns are closed.
        """
        ticket = _Ticket(max(0, min(share, self._size)))
        self._take(ticket)
        start = time.monotonic()
        try:
            yield
        finally:
            self._give_back(ticket, time.monotonic() - start)

    def state(self) -> TurnsState:
        """The state at this moment."""
        with self._changed:
            return TurnsState(self._size, self._taken, len(self._line))

    def close(self) -> None:
        """Send away all that wait and all that come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self, ticket: _Ticket) -> None:
        with self._changed:
            if self._closed:
                raise self._busy()
            if not self._line and self._fits(ticket):
                self._let_in(ticket)
                return
            if len(self._line) >= self._waiting_limit:
                raise self._busy()
            self._line.append(ticket)
            try:
                self._changed.wait_for(lambda: self._closed or (self._line[0] is ticket and self._fits(ticket)))
            finally:
                self._line.remove(ticket)
            if self._closed:
                raise self._busy()
            self._let_in(ticket)
            self._changed.notify_all()

    def _fits(self, ticket: _Ticket) -> bool:
        return self._taken + ticket.share <= self._size

    def _let_in(self, ticket: _Ticket) -> None:
        self._taken += ticket.share
        self._inside += 1

    def _give_back(self, ticket: _Ticket, duration_s: float) -> None:
        with self._changed:
            self._taken -= ticket.share
            self._inside -= 1
            self._durations_s.append(duration_s)
            self._changed.notify_all()

    def _busy(self) -> BusyError:
        """The error, with the time in which the line should have moved on by one whole length."""
        mean_s = sum(self._durations_s) / len(self._durations_s) if self._durations_s else _FIRST_GUESS_S
        retry_after_s = max(1.0, mean_s * (len(self._line) + 1) / max(1, self._inside))
        return BusyError(f"{self._what} and the waiting line is full.", retry_after_s=retry_after_s)
