"""The processor time of the server process that answers a connection, where it runs on this machine."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from platewatch.db.engine import Database

_ASK: Final = {
    "postgresql": "SELECT pg_backend_pid()",
    "mysql": "SELECT tid FROM information_schema.processlist WHERE id = connection_id()",
}
_NANOSECONDS: Final = 1e9


class Backend:
    """PostgreSQL's process, or MariaDB's thread, that serves the one connection from which `database` reads."""

    def __init__(self, database: Database) -> None:
        self._schedule: Path | None = None
        ask = _ASK.get(database.engine.dialect.name)
        if ask is None:
            return
        with database.reading() as session:
            thread = session.connection().exec_driver_sql(ask).scalar()
        schedule = Path(f"/proc/{thread}/schedstat")
        if schedule.exists():
            self._schedule = schedule

    @property
    def is_known(self) -> bool:
        """Whether `seconds` means anything; on SQLite there is no other process."""
        return self._schedule is not None

    def seconds(self) -> float:
        """The processor seconds used so far; 0 if unknown."""
        if self._schedule is not None:
            with contextlib.suppress(OSError):
                return int(self._schedule.read_text().split()[0]) / _NANOSECONDS
        return 0.0
