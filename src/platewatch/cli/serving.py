"""The server of `platewatch serve`: one signal ends it with all requests answered, a second one at once."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn

from platewatch.app.connections import connection_limits, guarded_protocol
from platewatch.app.server import PROTOCOL_OPTIONS, PlatewatchServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from platewatch.settings import Settings

GRACE_S: Final = 10
SAME_SIGNAL_S: Final = 1.0
"""A terminal, a shell and `make` may each pass the same Ctrl-C on."""
STARTUP_FAILED: Final = 3
_SIGNALED: Final = 128


class PatientServer(PlatewatchServer):
    """Ends at once on a second signal, without the tracebacks of what is torn down halfway."""

    _signaled_s: float | None = None

    @property
    def was_signaled(self) -> bool:
        return self._signaled_s is not None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._signaled_s is None:
            self._signaled_s = now_s
            super().handle_exit(sig, frame)
        elif now_s - self._signaled_s > SAME_SIGNAL_S:
            os._exit(_SIGNALED + sig)


def run_server(app: Callable[..., object], settings: Settings) -> None:
    """Serve until a signal ends it.

    Raises:
        SystemExit: The server could not start; its log says why.
    """
    config = uvicorn.Config(
        app,
        http=guarded_protocol(connection_limits(settings)),
        host=settings.host,
        port=settings.port,
        log_config=None,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_S,
        **PROTOCOL_OPTIONS,
    )
    server = PatientServer(config)
    try:
        server.run()
    except KeyboardInterrupt:
        # The server passes the signal on that it ended by.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if not server.was_signaled:
            # The signal came before the server had a handler of its own.
            raise SystemExit(_SIGNALED + signal.SIGINT) from None
    if not server.started and not server.was_signaled:
        raise SystemExit(STARTUP_FAILED)
