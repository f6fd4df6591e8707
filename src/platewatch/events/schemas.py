"""An event as the API returns it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from platewatch.notify.events import Event


class EventRead(BaseModel):
    id: int = Field(examples=[7])
    resume_id: int = Field(description="where to go on after this event (`after`, `Last-Event-ID`)", examples=[7])
    kind: str = Field(examples=["sighting.recorded"])
    occurred_at: datetime
    data: dict[str, Any] = Field(description="what the event is about, for `sighting.recorded` a sighting")

    @classmethod
    def of(cls, event: Event) -> EventRead:
        return cls(
            id=event.id,
            resume_id=event.resume_id,
            kind=event.kind,
            occurred_at=event.occurred_at,
            data=dict(event.payload),
        )
