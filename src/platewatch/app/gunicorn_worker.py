"""The class of Gunicorn's workers."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from platewatch.app.main import MAX_WEBSOCKET_MESSAGE_BYTES


class PlatewatchWorker(UvicornWorker):  # type: ignore[misc]  # untyped, see above
    """Uvicorn with the limits that `platewatch serve` has."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "access_log": False,
        "lifespan": "on",
        "proxy_headers": True,
        "server_header": False,
        "ws_max_size": MAX_WEBSOCKET_MESSAGE_BYTES,
    }
