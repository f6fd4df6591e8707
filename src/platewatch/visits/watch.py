"""Looks, from time to time, for vehicles that stay too long."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.visits.service import VisitService

log = structlog.get_logger(__name__)


class OverstayWatch:
    """One thread. `transact` commits what it is given and tells it; each visit is told once by all processes."""

    def __init__(self, transact: Callable[[Callable[[Session], int]], int], clock: Clock, interval_s: float) -> None:
        self._transact = transact
        self._clock = clock
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing = False

    def start(self) -> None:
        """Looks at once, then every `interval_s`."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="overstays", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def look(self) -> int:
        """How many visits have exceeded their limit since the last look."""
        told = self._transact(lambda session: VisitService(session, self._clock).tell_overstays())
        log.debug("overstays.looked", visits=told)
        if told:
            log.info("visits.overstayed", visits=told)
        return told

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception as error:  # noqa: BLE001  # the top of a thread that must outlive the database's troubles
                if not self._failing:
                    log.error("overstays.failed", error=str(error), error_kind=type(error).__name__)  # noqa: TRY400  # no trace: the cause is outside
                self._failing = True
            else:
                if self._failing:
                    log.info("overstays.recovered")
                self._failing = False
            self._stopping.wait(self._interval_s)
