"""The events that are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """All kinds of events."""

    SIGHTING_RECORDED = "sighting.recorded"
    SIGHTING_UPDATED = "sighting.updated"
    WATCHLIST_MATCHED = "watchlist.matched"
    ACCESS_DECIDED = "access.decided"
    ACCESS_UPDATED = "access.updated"
    VISIT_OPENED = "visit.opened"
    VISIT_CLOSED = "visit.closed"
    VISIT_OVERSTAYED = "visit.overstayed"
    CAMERA_STATE_CHANGED = "camera.state_changed"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as it is published.

    `kind` is an EventKind, or the word of a newer version that writes to the same database. `occurred_at` is aware
    UTC. `settled_id` is set by the outbox: every event up to this id is published already or never will be.
    """

    id: int
    kind: str
    occurred_at: datetime
    payload: Mapping[str, Any]
    settled_id: int | None = None

    @property
    def resume_id(self) -> int:
        """The id after which a receiver of this event goes on reading.

        It is smaller than `id` while an event with a smaller id may still be committed; what lies between comes twice.
        """
        return self.id if self.settled_id is None else min(self.id, self.settled_id)
