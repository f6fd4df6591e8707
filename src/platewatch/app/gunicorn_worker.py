"""The class of Gunicorn's workers."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from platewatch.app.server import PROTOCOL_OPTIONS, PlatewatchServer


class PlatewatchWorker(UvicornWorker):  # type: ignore[misc]  # untyped, see above
    """Uvicorn with the limits that `platewatch serve` has, which ends its listeners first."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = PROTOCOL_OPTIONS

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = PlatewatchServer(self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
