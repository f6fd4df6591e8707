"""The class of Gunicorn's workers."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from platewatch.app.connections import connection_limits, guarded_protocol
from platewatch.app.server import PROTOCOL_OPTIONS, PlatewatchServer
from platewatch.memory import settle
from platewatch.settings import load_settings


class PlatewatchWorker(UvicornWorker):  # type: ignore[misc]  # untyped, see above
    """Uvicorn with the limits that `platewatch serve` has, which ends its listeners first."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = PROTOCOL_OPTIONS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # The settings belong to the process: read when the worker is made, not when this module is.
        protocol = guarded_protocol(connection_limits(load_settings()))
        self.CONFIG_KWARGS = {**type(self).CONFIG_KWARGS, "http": protocol}  # type: ignore[misc]  # for this worker
        super().__init__(*arguments, **options)

    def init_process(self) -> None:
        settle()
        super().init_process()

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = PlatewatchServer(self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
