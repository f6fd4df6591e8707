"""Events over a WebSocket, for the dashboard and for programs that prefer it to server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated

from fastapi import APIRouter, Depends, Query, WebSocket, WebSocketDisconnect, status

from platewatch.errors import AuthenticationError
from platewatch.events.schemas import EventRead
from platewatch.events.service import EventReader
from platewatch.notify.live import follow
from platewatch.web.dependencies import LivePlace, PlateSearchDep, Reader, ReasonQuery, Recheck, StateDep

router = APIRouter(prefix="/api/v1")

PULSE_S = 15.0


def get_position(
    search: PlateSearchDep,
    reason: ReasonQuery = None,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
) -> int | None:
    """After which event to begin; None: with what happens from now on. Events of the past are a search for plates.

    Raises:
        FieldError: a reason is required for these, and there is none.
    """
    if after is not None:
        search.note_choice("events", f"after={after}", reason)
    return after


@router.websocket("/live")
async def live(
    websocket: WebSocket,
    state: StateDep,
    _reader: Reader,
    _place: LivePlace,
    recheck: Recheck,
    after: Annotated[int | None, Depends(get_position)],
) -> None:
    """Send each event as JSON; with `after`, all after that id first. What the client sends is ignored."""
    await websocket.accept()
    sending = asyncio.create_task(_send(websocket, state, recheck, after))
    leaving = asyncio.create_task(_wait_for_leave(websocket))
    done, open_still = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in open_still:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    for task in done:
        task.result()


async def _send(websocket: WebSocket, state: StateDep, recheck: Recheck, after: int | None) -> None:
    code = status.WS_1013_TRY_AGAIN_LATER
    with contextlib.suppress(WebSocketDisconnect):
        async for event in follow(state.tail, state.part(EventReader).read_after, after_id=after, pulse_s=PULSE_S):
            if event is not None:
                await websocket.send_text(EventRead.of(event).model_dump_json())
                continue
            try:
                await recheck()
            except AuthenticationError:
                code = status.WS_1008_POLICY_VIOLATION
                break
        await websocket.close(code)


async def _wait_for_leave(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
