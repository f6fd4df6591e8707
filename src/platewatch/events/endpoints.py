"""Events as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from platewatch.errors import AuthenticationError
from platewatch.events.schemas import EventRead
from platewatch.events.service import EventReader
from platewatch.notify.live import follow
from platewatch.web.dependencies import (
    OPENAPI_SECURITY,
    LivePlace,
    PlateSearchDep,
    Reader,
    ReasonQuery,
    Recheck,
    StateDep,
)

router = APIRouter(prefix="/api/v1", tags=["events"], dependencies=OPENAPI_SECURITY)

PULSE_S = 15.0
LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**63 - 1)]


def get_position(search: PlateSearchDep, reason: ReasonQuery = None, last_event_id: LastEventId = None) -> int | None:
    """After which event to begin; None: with what happens from now on. Events of the past are a search for plates.

    Raises:
        FieldError: a reason is required for these, and there is none.
    """
    if last_event_id is not None:
        search.note_choice("events", f"after={last_event_id}", reason)
    return last_event_id


@router.get("/events", response_class=EventSourceResponse)
async def read_events(
    state: StateDep,
    _reader: Reader,
    _place: LivePlace,
    recheck: Recheck,
    last_event_id: Annotated[int | None, Depends(get_position)],
) -> AsyncIterator[ServerSentEvent]:
    """Follow events as they happen; with `Last-Event-ID`, all after that one first."""
    stream = follow(state.tail, state.part(EventReader).read_after, after_id=last_event_id, pulse_s=PULSE_S)
    async for event in stream:
        if event is not None:
            yield ServerSentEvent(
                data=EventRead.of(event).model_dump(mode="json"),
                event=event.kind,
                id=str(event.resume_id),
            )
            continue
        try:
            await recheck()
        except AuthenticationError:
            return
        yield ServerSentEvent(comment="still here")
