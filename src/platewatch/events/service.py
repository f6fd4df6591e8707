"""Events read back from the outbox."""

from __future__ import annotations

from platewatch.db.engine import Database
from platewatch.db.events import EventLog
from platewatch.notify.events import Event


class EventReader:
    """Reads events in their order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_after(self, after_id: int, limit: int) -> list[Event]:
        """Up to `limit` events with a larger id, in order."""
        with self._database.reading() as session:
            rows = EventLog(session).read_after(after_id, limit)
        return [Event(row.id, row.kind, row.occurred_at, row.payload) for row in rows]

    def last_id(self) -> int:
        """The largest id; 0 without events."""
        with self._database.reading() as session:
            return EventLog(session).last_id()
