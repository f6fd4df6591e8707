"""Connections that listen until somebody hangs up: the end of the server does not wait for them."""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

_LISTENS: Final = "listens"


def mark_as_listener(scope: Scope) -> None:
    """Note in the scope of a request or WebSocket that it listens without an end."""
    scope.setdefault("state", {})[_LISTENS] = True


def is_listener(connection: object) -> bool:
    """Whether a connection of Uvicorn serves a listener now."""
    scope: Scope = getattr(connection, "scope", None) or {}
    return bool(scope.get("state", {}).get(_LISTENS))
