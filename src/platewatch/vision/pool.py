"""Readers that are shared: a fixed number of them, and a bounded line of those who wait for one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

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


class Readers(Protocol):
    """Whatever lends a reader for one piece of work."""

    def run(self, work: Callable[[PlateReader], T]) -> T:
        """What `work` returns; it is called with a reader that is its own for that time. First come, first served.

        Raises:
            BusyError: All readers work and the line is full, or they are closed.
        """


class ReaderPool:
    """Runs work on the next free reader. Readers are made when first needed, or all by `warm_up`."""

    def __init__(self, make_reader: Callable[[], PlateReader], size: int, waiting_limit: int) -> None:
        self._make_reader = make_reader
        self._turns = _Turns(size, waiting_limit)
        self._free: deque[PlateReader] = deque()
        self._made = 0
        self._mutex = threading.Lock()

    def run(self, work: Callable[[PlateReader], T]) -> T:
        """What `work` returns; it is called with a reader that is its own for that time. First come, first served.

        Raises:
            BusyError: All readers work and `waiting_limit` calls wait already, or the pool is closed.
        """
        with self._turns.one():
            reader = self._take()
            try:
                return work(reader)
            finally:
                self._free.append(reader)

    def warm_up(self) -> None:
        """Make every reader and run each once, so that no call has to wait for that."""
        with self._mutex:
            missing = self._turns.state().size - self._made
        readers = [self._make_reader() for _ in range(missing)]
        for reader in readers:
            reader.warm_up()
        with self._mutex:
            # Calls may have made some meanwhile; never keep more than the size.
            room = self._turns.state().size - self._made
            self._free.extend(readers[:room])
            self._made += len(readers[:room])

    def state(self) -> PoolState:
        """The state at this moment."""
        return self._turns.state()

    def close(self) -> None:
        """Let running work end, send all that wait and all that come away, and drop the free readers."""
        self._turns.close()
        self._free.clear()

    def _take(self) -> PlateReader:
        with self._mutex:
            if self._free:
                return self._free.popleft()
            self._made += 1
        try:
            return self._make_reader()
        except BaseException:
            with self._mutex:
                self._made -= 1
            raise


class SpareReader:
    """One reader for all recognizers that are asked for by name: so much memory, however many names there are.

    Where another recognizer is asked for than the last time, its reader takes the place of the one before.
    """

    def __init__(self, make_reader: Callable[[str], PlateReader], waiting_limit: int) -> None:
        self._make_reader = make_reader
        self._turns = _Turns(1, waiting_limit)
        self._reader: PlateReader | None = None
        self._recognizer = ""

    def of(self, recognizer: str) -> Readers:
        """What runs work on a reader with this recognizer."""
        return _Named(self, recognizer)

    def run(self, recognizer: str, work: Callable[[PlateReader], T]) -> T:
        """What `work` returns; first come, first served, whatever the recognizer.

        Raises:
            BusyError: The reader works and `waiting_limit` calls wait already, or it is closed.
        """
        with self._turns.one():
            if self._reader is None or self._recognizer != recognizer:
                # The old one goes first, so that there are never two.
                self._reader = None
                self._reader = self._make_reader(recognizer)
                self._recognizer = recognizer
            return work(self._reader)

    def close(self) -> None:
        """Let running work end, and send all that wait and all that come away."""
        self._turns.close()


@dataclass(frozen=True, slots=True)
class _Named:
    spare: SpareReader
    recognizer: str

    def run(self, work: Callable[[PlateReader], T]) -> T:
        return self.spare.run(self.recognizer, work)


class _Turns:
    """Lets `size` callers in at a time, and up to `waiting_limit` wait in line."""

    def __init__(self, size: int, waiting_limit: int) -> None:
        if size < 1 or waiting_limit < 0:
            raise ValueError(f"A pool needs at least one reader and no negative line, not {size} and {waiting_limit}.")
        self._size = size
        self._waiting_limit = waiting_limit
        self._changed = threading.Condition()
        self._line: deque[object] = deque()
        self._busy = 0
        self._durations_s: deque[float] = deque(maxlen=_REMEMBERED_DURATIONS)
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """The caller's turn, which lasts as long as the block.

        Raises:
            BusyError: The line is full, or they are closed.
        """
        self._take()
        start = time.monotonic()
        try:
            yield
        finally:
            self._give_back(time.monotonic() - start)

    def state(self) -> PoolState:
        with self._changed:
            return PoolState(self._size, self._busy, len(self._line))

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self) -> None:
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

    def _give_back(self, duration_s: float) -> None:
        with self._changed:
            self._busy -= 1
            self._durations_s.append(duration_s)
            self._changed.notify_all()

    def _retry_after_s(self) -> float:
        """When the line should have moved on by one whole length."""
        mean_s = sum(self._durations_s) / len(self._durations_s) if self._durations_s else _FIRST_GUESS_S
        return max(1.0, mean_s * (len(self._line) + 1) / self._size)
