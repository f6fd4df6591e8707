"""One piece of work that a thread of its own repeats for as long as the server runs."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Final, Protocol

import structlog

FIRST_PAUSE_S: Final = 0.2
MAX_PAUSE_S: Final = 60.0
_JITTER: Final = 0.25
"""Share of a pause by which it is longer or shorter, so that processes do not all come back at once."""

log = structlog.get_logger(__name__)


class Lease(Protocol):
    """A lease, which only one process at a time holds."""

    def take(self) -> bool:
        """Whether this process holds it now; also renews it."""

    def give_back(self) -> None:
        """Let other processes take it at once."""


class BackgroundWorker:
    """Calls `work` again and again: every `interval_s`, and at once after `wake`.

        worker = BackgroundWorker("list sweep", sweep, interval_s=60)
        worker.start()

    Where the work fails, the worker pauses, longer each time up to `max_pause_s`. The first failure in a row is logged
    as `background.failed`, the end of the row as `background.recovered`. With a `lease` only the process that holds it
    works; it is given back when the worker stops.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        interval_s: float,
        *,
        waits_first: bool = False,
        max_pause_s: float = MAX_PAUSE_S,
        lease: Lease | None = None,
    ) -> None:
        """With `waits_first` the first call comes after `interval_s`, else at once."""
        self._name = name
        self._work = work
        self._interval_s = interval_s
        self._waits_first = waits_first
        self._max_pause_s = max_pause_s
        self._lease = lease
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._failures = 0

    def start(self) -> None:
        """Begin to work."""
        self._stopping.clear()
        self._woken.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let it stop after the work at hand; never waits."""
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """Return when the work at hand is done; it can ask `is_stopping` and end early."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Work at once, or once more after the work at hand; never waits."""
        self._woken.set()

    def is_stopping(self) -> bool:
        """Whether the work should end."""
        return self._stopping.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until the worker stops; whether it stops."""
        return self._stopping.wait(seconds)

    def _run(self) -> None:
        if self._waits_first:
            self._woken.wait(self._interval_s)
        while not self._stopping.is_set():
            # Cleared before the work: a wake during it leads to another turn.
            self._woken.clear()
            if not self._succeeds():
                self._stopping.wait(self._pause_s())
            elif not self._stopping.is_set():
                self._woken.wait(self._interval_s)
        self._end()

    def _succeeds(self) -> bool:
        try:
            if self._lease is None or self._lease.take():
                self._work()
        except Exception as error:  # the top of a thread that must outlive the troubles of what it works with
            self._failures += 1
            if self._failures == 1:
                log.exception("background.failed", worker=self._name, error=str(error))
            return False
        if self._failures:
            log.info("background.recovered", worker=self._name, failures=self._failures)
            self._failures = 0
        return True

    def _pause_s(self) -> float:
        longest = min(self._max_pause_s, FIRST_PAUSE_S * 2.0 ** min(self._failures, 16))
        return longest * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 -- spreads load, guards nothing

    def _end(self) -> None:
        if self._lease is None:
            return
        try:
            self._lease.give_back()
        except Exception as error:  # noqa: BLE001 -- it runs out by itself
            log.warning("background.lease_kept", worker=self._name, error=str(error))
