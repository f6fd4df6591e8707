"""The cost of today's calls to a paid service, counted across processes and restarts, with a limit."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from platewatch.errors import BudgetError, ModelFileError

_TABLE: Final = "CREATE TABLE IF NOT EXISTS spending (day TEXT PRIMARY KEY, cost REAL NOT NULL)"
_ADD: Final = (
    "INSERT INTO spending (day, cost) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET cost = cost + excluded.cost"
)
_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600
_WAIT_S: Final = 10.0


class Spending:
    """The cost of each UTC day. What a call may cost at most is reserved before it and set right after it.

    A process that is killed in between leaves its reservation: the cap is kept even then.
    """

    def __init__(self, ledger: Path | None, daily_cost: float, now: Callable[[], datetime]) -> None:
        """`ledger` is an SQLite file, which is made; None counts in this object alone.

        Raises:
            ModelFileError: The ledger can't be made or read.
        """
        self._daily_cost = daily_cost
        self._now = now
        self._lock = threading.Lock()
        try:
            if ledger is not None:
                ledger.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            place = ":memory:" if ledger is None else str(ledger)
            self._connection = sqlite3.connect(place, _WAIT_S, isolation_level=None, check_same_thread=False)
            self._connection.execute(_TABLE)
            if ledger is not None:
                ledger.chmod(_PRIVATE_FILE)
        except (OSError, sqlite3.Error) as error:
            raise ModelFileError(
                f"The costs of the recognizer 'llm' can't be counted in {str(ledger)!r}: {error}. "
                "Make the folder writable, or take the damaged file away.",
            ) from error

    def reserve(self, cost: float) -> str:
        """The day on which the cost was reserved.

        Raises:
            BudgetError: The day's sum would be more than its cap.
        """
        now = self._now()
        day = now.date().isoformat()
        with self._transaction():
            spent = self._spent(day)
            if spent + cost > self._daily_cost:
                midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
                raise BudgetError(spent=spent, cap=self._daily_cost, retry_after_s=(midnight - now).total_seconds())
            self._connection.execute(_ADD, (day, cost))
        return day

    def settle(self, day: str, reserved: float, cost: float) -> None:
        """Put the true cost in the place of the reserved one."""
        with self._transaction():
            self._connection.execute(_ADD, (day, cost - reserved))

    def today(self) -> float:
        """The cost of today's calls, reservations included."""
        with self._transaction():
            return self._spent(self._now().date().isoformat())

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _spent(self, day: str) -> float:
        row = self._connection.execute("SELECT cost FROM spending WHERE day = ?", (day,)).fetchone()
        return 0.0 if row is None else float(row[0])
