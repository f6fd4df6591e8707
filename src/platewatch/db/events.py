"""The outbox as rows: written in a transaction, read by id."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select

from platewatch.db.repository import Repository
from platewatch.db.tables.events import EventRow


class EventLog(Repository[EventRow]):
    """Events in the order of their ids."""

    row = EventRow
    kind = "event"

    def append(self, kind: str, payload: dict[str, Any], occurred_at: datetime) -> EventRow:
        """The new event with its id. Others see it once the session's transaction is committed."""
        return self.add(EventRow(kind=kind, payload=payload, occurred_at=occurred_at))

    def read_after(self, after_id: int, limit: int) -> list[EventRow]:
        """Up to `limit` events with a larger id, smallest first."""
        query = select(EventRow).where(EventRow.id > after_id).order_by(EventRow.id).limit(limit)
        return list(self.session.scalars(query))

    def last_id(self) -> int:
        """The largest id that is visible, 0 if there is no event."""
        return self.session.scalar(select(func.max(EventRow.id))) or 0

    def delete_before(self, occurred_before: datetime) -> int:
        """The number of older events that were deleted."""
        result = self.session.execute(delete(EventRow).where(EventRow.occurred_at < occurred_before))
        return cast("CursorResult[Any]", result).rowcount
