"""The class of Gunicorn's workers."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from platewatch.app.connections import connection_limits, guarded_protocol
from platewatch.app.main import MAX_WEBSOCKET_MESSAGE_BYTES
from platewatch.memory import settle
from platewatch.settings import load_settings


class PlatewatchWorker(UvicornWorker):  # type: ignore[misc]  # untyped, see above
    """Uvicorn with the limits that `platewatch serve` has."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "access_log": False,
        "lifespan": "on",
        "proxy_headers": True,
        "server_header": False,
        "ws_max_size": MAX_WEBSOCKET_MESSAGE_BYTES,
        "ws_per_message_deflate": False,
    }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # The settings belong to the process: read when the worker is made, not when this module is.
        protocol = guarded_protocol(connection_limits(load_settings()))
        self.CONFIG_KWARGS = {**type(self).CONFIG_KWARGS, "http": protocol}  # type: ignore[misc]  # for this worker
        super().__init__(*arguments, **options)

    def init_process(self) -> None:
        settle()
        super().init_process()
