"""A fixed number of readers and a bounded line of those who wait for one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from platewatch.errors import BusyError
from platewatch.vision.pipeline import PlateReader

_REMEMBERED_DURATIONS: Final = 32
_FIRST_GUESS_S: Final = 1.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PoolState:
    """How many readers there are, how many work, and how many calls wait for one."""

    size: int
    busy: int
    waiting: int


class ReaderPool:
    """Runs work on the next free reader. Readers are made when first needed, or all by `warm_up`."""

    def __init__(self, make_reader: Callable[[], PlateReader], size: int, waiting_limit: int) -> None:
        if size < 1 or waiting_limit < 0:
            raise ValueError(f"A pool needs at least one reader and no negative line, not {size} and {waiting_limit}.")
        self._make_reader = make_reader
        self._size = size
        self._waiting_limit = waiting_limit
        self._changed = threading.Condition()
        self._free: deque[PlateReader] = deque()
        self._line: deque[object] = deque()
        self._busy = 0
        self._durations_s: deque[float] = deque(maxlen=_REMEMBERED_DURATIONS)
        self._closed = False

    def run(self, work: Callable[[PlateReader], T]) -> T:
        """What `work` returns; it is called with a reader that is its own for that time. First come, first served.

        Raises:
            BusyError: All readers work and `waiting_limit` calls wait already, or the pool is closed.
        """
        self._take_turn()
        reader: PlateReader | None = None
        start = time.monotonic()
        try:
            reader = self._free_reader()
            return work(reader)
        finally:
            self._give_back(reader, time.monotonic() - start)

    def warm_up(self) -> None:
        """Make every reader and run each once, so that no call has to wait for that."""
        readers = [self._make_reader() for _ in range(self._size - self._made())]
        for reader in readers:
            reader.warm_up()
        with self._changed:
            # Calls may have made some meanwhile; never keep more than the size.
            room = self._size - self._busy - len(self._free)
            self._free.extend(readers[: max(0, room)])

    def state(self) -> PoolState:
        """The state at this moment."""
        with self._changed:
            return PoolState(self._size, self._busy, len(self._line))

    def close(self) -> None:
        """Let running work end, send all that wait and all that come away, and drop the readers."""
        with self._changed:
            self._closed = True
            self._free.clear()
            self._changed.notify_all()

    def _made(self) -> int:
        with self._changed:
            return self._busy + len(self._free)

    def _take_turn(self) -> None:
        ticket = object()
        with self._changed:
            if self._closed:
                raise BusyError(retry_after_s=self._retry_after_s())
            if self._busy < self._size and not self._line:
                self._busy += 1
                return
            if len(self._line) >= self._waiting_limit:
                raise BusyError(retry_after_s=self._retry_after_s())
            self._line.append(ticket)
            try:
                self._changed.wait_for(lambda: self._closed or self._is_next(ticket))
            finally:
                self._line.remove(ticket)
            if self._closed:
                raise BusyError(retry_after_s=self._retry_after_s())
            self._busy += 1
            self._changed.notify_all()

    def _is_next(self, ticket: object) -> bool:
        return self._busy < self._size and self._line[0] is ticket

    def _free_reader(self) -> PlateReader:
        with self._changed:
            if self._free:
                return self._free.popleft()
        return self._make_reader()

    def _give_back(self, reader: PlateReader | None, duration_s: float) -> None:
        with self._changed:
            self._busy -= 1
            self._durations_s.append(duration_s)
            if reader is not None and not self._closed:
                self._free.append(reader)
            self._changed.notify_all()

    def _retry_after_s(self) -> float:
        """When the line should have moved on by one whole length."""
        mean_s = sum(self._durations_s) / len(self._durations_s) if self._durations_s else _FIRST_GUESS_S
        return max(1.0, mean_s * (len(self._line) + 1) / self._size)
