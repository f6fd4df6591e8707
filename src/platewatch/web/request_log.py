"""Middleware of every request: an id, log lines and safe headers."""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platewatch.clock import Clock
from platewatch.logs import ACCESS_LOGGER
from platewatch.web.error_handlers import crash_answer
from platewatch.web.error_shapes import uses_detail

log = structlog.get_logger(__name__)
access_log = structlog.get_logger(ACCESS_LOGGER)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}


_ONLY_ENCRYPTED = "max-age=31536000"
_PRIVATE_PATHS = ("/api/", "/auth/")


class RequestLog:
    """Gives each request an id (`X-Request-ID`; a proxy's is kept) and writes a line when it is answered."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        began_s = self._clock.monotonic_s()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            status = status or _status_of(message)
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                _add_safe_headers(headers, scope)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            log.debug("request.began", method=scope.get("method", "WEBSOCKET"), path=scope["path"])
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("request.crashed", path=scope["path"])
                if scope["type"] == "websocket" or status:
                    raise  # too late for an answer; the connection is cut
                await crash_answer(Request(scope))(scope, receive, send_with_id)
            finally:
                ms = round((self._clock.monotonic_s() - began_s) * 1000, 1)
                access_log.info(
                    "request",
                    method=scope.get("method", "WEBSOCKET"),
                    path=scope["path"],
                    status=status,
                    ms=ms,
                    client=scope["client"][0] if scope.get("client") else None,
                )
                log.debug("request.ended", status=status, ms=ms)


def _status_of(message: Message) -> int:
    """The status of this message, 0 if it has none; a WebSocket that opens has 101, one that is refused 403."""
    if message["type"] in {"http.response.start", "websocket.http.response.start"}:
        return int(message["status"])
    statuses = {"websocket.accept": HTTPStatus.SWITCHING_PROTOCOLS, "websocket.close": HTTPStatus.FORBIDDEN}
    return statuses.get(message["type"], 0)


def _add_safe_headers(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in _SAFE_HEADERS.items():
        headers.setdefault(name, value)
    if scope["path"].startswith(_PRIVATE_PATHS) or uses_detail(scope["path"]):
        headers.setdefault("Cache-Control", "no-store")
    if scope.get("scheme") == "https":
        headers.setdefault("Strict-Transport-Security", _ONLY_ENCRYPTED)
