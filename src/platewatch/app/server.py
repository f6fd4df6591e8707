"""Uvicorn as platewatch runs it, alone and in Gunicorn's workers."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

import uvicorn

from platewatch.app.runtime import Runtime
from platewatch.web.listeners import is_listener

MAX_WEBSOCKET_MESSAGE_BYTES: Final = 64 * 1024
LISTENER_GRACE_S: Final = 1.0
"""For listeners to take the rest and their end; who doesn't read is cut off then."""

PROTOCOL_OPTIONS: Final[dict[str, Any]] = {
    "access_log": False,
    "lifespan": "on",
    "proxy_headers": True,
    "server_header": False,
    "ws_max_size": MAX_WEBSOCKET_MESSAGE_BYTES,
    "ws_per_message_deflate": False,  # a third of a megabyte for each listener, to shrink short texts
}


class PlatewatchServer(uvicorn.Server):
    """Ends its listeners first when it ends itself; Uvicorn alone would wait for them as for any other request."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        runtime: Runtime = self.config.app.state.runtime  # type: ignore[union-attr]  # it is the app that we gave
        runtime.tail.end_listeners()
        cutting = asyncio.create_task(self._cut_off_listeners())
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()

    async def _cut_off_listeners(self) -> None:
        await asyncio.sleep(LISTENER_GRACE_S)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if is_listener(connection) and transport is not None:
                transport.abort()
