"""Readers that are shared: a fixed number of them, and a bounded line of those who wait for one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from platewatch.reading.best_plate import read_best
from platewatch.vision.image import EncodedImage
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.turns import Turns
from platewatch.vision.types import ImageReadings, Reading

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PoolState:
    """The numbers of readers, of readers at work, and of calls that wait for one."""

    size: int
    busy: int
    waiting: int


class Readers(Protocol):
    """Reads photos, here or in another process: photos go in and readings come out, both plain data."""

    def read(self, image: EncodedImage) -> ImageReadings:
        """The plates of the photo. First come, first served.

        Raises:
            TruncatedImageError: The pixels end early or are damaged.
            BusyError: All readers work and the line is full, or they are closed.
        """

    def read_crop(self, image: EncodedImage) -> Reading | None:
        """The best plate of a photo or of a picture of a plate alone, None without a plate; raises like `read`."""


class ReaderPool:
    """Runs work on the next free reader. Readers are made when first needed, or all by `warm_up`."""

    def __init__(self, make_reader: Callable[[], PlateReader], size: int, waiting_limit: int) -> None:
        self._make_reader = make_reader
        self._turns = Turns(size, waiting_limit)
        self._free: deque[PlateReader] = deque()
        self._made = 0
        self._mutex = threading.Lock()

    def run(self, work: Callable[[PlateReader], T]) -> T:
        """The result of `work`, which is called with a reader of its own for that time. First come, first served.

        Raises:
            BusyError: All readers work and `waiting_limit` calls wait already, or the pool is closed.
        """
        with self._turns.one():
            reader = self._take()
            try:
                return work(reader)
            finally:
                self._free.append(reader)

    def read(self, image: EncodedImage) -> ImageReadings:
        """The plates of the photo; see `Readers`."""
        return self.run(lambda reader: reader.read_image(image))

    def read_crop(self, image: EncodedImage) -> Reading | None:
        """The best plate of the picture; see `Readers`."""
        return self.run(lambda reader: read_best(reader, image))

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
        state = self._turns.state()
        return PoolState(state.size, state.taken, state.waiting)

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
        self._turns = Turns(1, waiting_limit)
        self._reader: PlateReader | None = None
        self._recognizer = ""

    def of(self, recognizer: str) -> Readers:
        """The reader with this recognizer."""
        return _Named(self, recognizer)

    def run(self, recognizer: str, work: Callable[[PlateReader], T]) -> T:
        """The result of `work`; first come, first served, for all recognizers.

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

    def read(self, image: EncodedImage) -> ImageReadings:
        return self.spare.run(self.recognizer, lambda reader: reader.read_image(image))

    def read_crop(self, image: EncodedImage) -> Reading | None:
        return self.spare.run(self.recognizer, lambda reader: read_best(reader, image))
