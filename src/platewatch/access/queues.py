"""Calls of gates, a few at a time for each gate, so that one that hangs holds up no other."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import structlog

CALLS_AT_ONCE: Final = 32
CALLS_PER_GATE: Final = 2
MAX_WAITING: Final = 100
"""Calls of one gate that wait for their turn; the decisions of further ones expire."""

log = structlog.get_logger()


class GateQueues:
    """Threads for calls. A gate has at most `CALLS_PER_GATE` of them; its other calls wait in their order."""

    def __init__(self, call: Callable[[int], None]) -> None:
        """`call` gets what was submitted, in a thread."""
        self._call = call
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="gate")
        self._changing = threading.Lock()
        self._running: Counter[int] = Counter()
        self._waiting: dict[int, deque[int]] = {}

    def submit(self, gate_id: int, log_id: int) -> bool:
        """Call soon; False if too many calls of this gate wait already."""
        with self._changing:
            if self._running[gate_id] >= CALLS_PER_GATE:
                waiting = self._waiting.setdefault(gate_id, deque())
                if len(waiting) >= MAX_WAITING:
                    return False
                waiting.append(log_id)
                return True
            self._running[gate_id] += 1
        self._start(gate_id, log_id)
        return True

    def close(self) -> None:
        """Return when the calls that were begun have ended; no other one begins."""
        with self._changing:
            self._waiting.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, gate_id: int, log_id: int) -> None:
        # The pool refuses once it is closed.
        with suppress(RuntimeError):
            self._pool.submit(self._run, gate_id, log_id).add_done_callback(_log_failure)

    def _run(self, gate_id: int, log_id: int) -> None:
        try:
            self._call(log_id)
        finally:
            if (following := self._next(gate_id)) is not None:
                self._start(gate_id, following)

    def _next(self, gate_id: int) -> int | None:
        """The call of the gate whose turn it is; None if there is none, and the thread is free for other gates."""
        with self._changing:
            if waiting := self._waiting.get(gate_id):
                return waiting.popleft()
            self._waiting.pop(gate_id, None)
            self._running[gate_id] -= 1
            if not self._running[gate_id]:
                del self._running[gate_id]
            return None


def _log_failure(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()):
        log.error("gate.failed", error=str(error), kind=type(error).__name__)
