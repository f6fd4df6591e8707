"""Whether an uploaded photo could be kept now: tried from time to time, since only a trial proves it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

import structlog

from platewatch.clock import Clock
from platewatch.errors import StorageError
from platewatch.media.store import MediaStore

log = structlog.get_logger(__name__)

READY_FOR_S: Final = 10.0
FAILED_FOR_S: Final = 2.0


class StorageHealth:
    """Puts a probe into the media store and removes it; one probe serves all who ask within some seconds.

    `room_bytes` are the largest photo's: with less on the disk of `folder` the next upload may fail.
    """

    def __init__(self, media: MediaStore, folder: Path, room_bytes: int, clock: Clock) -> None:
        self._media = media
        self._folder = folder
        self._room_bytes = room_bytes
        self._clock = clock
        self._mutex = threading.Lock()
        self._problem: str | None = None
        self._asked_again_at_s = 0.0

    def problem(self) -> str | None:
        """Why photos can't be kept, None if they can."""
        with self._mutex:
            if self._clock.monotonic_s() >= self._asked_again_at_s:
                self._note(self._probe())
            return self._problem

    def failed(self) -> None:
        """An upload could not be kept just now, so the next who asks gets a new probe."""
        with self._mutex:
            self._asked_again_at_s = 0.0

    def _probe(self) -> str | None:
        try:
            disk = os.statvfs(self._folder)
            if disk.f_bavail * disk.f_frsize < self._room_bytes:
                return f"The disk of {str(self._folder)!r} is full: free some space there."
            self._media.try_to_keep()
        except StorageError as error:
            return str(error)
        except OSError as error:
            return f"The folder {str(self._folder)!r} can't be used: {error.strerror}."
        return None

    def _note(self, problem: str | None) -> None:
        if problem != self._problem:
            if problem:
                log.error("storage.failed", error=problem)
            else:
                log.info("storage.ready")
        self._problem = problem
        self._asked_again_at_s = self._clock.monotonic_s() + (FAILED_FOR_S if problem else READY_FOR_S)
