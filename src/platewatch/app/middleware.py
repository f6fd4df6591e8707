"""What happens round every request: an id, log lines, safe headers, a limit, and no calls from other sites."""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platewatch.app.dependencies import SESSION_COOKIE
from platewatch.app.error_handlers import TOO_LARGE, crash_answer, problem
from platewatch.clock import Clock
from platewatch.logs import ACCESS_LOGGER

log = structlog.get_logger(__name__)
access_log = structlog.get_logger(ACCESS_LOGGER)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}


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
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("request.crashed", path=scope["path"])
                if scope["type"] == "websocket" or status:
                    raise  # too late for an answer; the connection is cut
                await crash_answer(Request(scope))(scope, receive, send_with_id)
            finally:
                access_log.info(
                    "request",
                    method=scope.get("method", "WEBSOCKET"),
                    path=scope["path"],
                    status=status,
                    ms=round((self._clock.monotonic_s() - began_s) * 1000, 1),
                    client=scope["client"][0] if scope.get("client") else None,
                )


class BodyLimit:
    """Refuses bodies of more than `max_bytes`: by their length as told, or as soon as they grow beyond it."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and int(told) > self._max_bytes:
            answer = problem(Request(scope), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
            await answer(scope, receive, send)
            return
        taken = 0

        async def receive_counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_bytes:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, receive_counted, send)


class SameOriginOnly:
    """Refuses what another site's page sends with the visitor's log-in cookie (cross-site request forgery).

    Browsers name the page's site in `Origin`; programs send none and use API keys.
    """

    def __init__(self, app: ASGIApp, allowed_origins: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and self._is_foreign(scope):
            await self._refuse(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
            return False
        origin = headers.get("origin")
        logging_in = scope["path"].startswith("/auth/")
        if origin is None or not (logging_in or SESSION_COOKIE in headers.get("cookie", "")):
            return False
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower() and origin not in self._allowed

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "another site's page"})
            return

        detail = "This was sent by another site's page. Name that site in PLATEWATCH_ALLOWED_ORIGINS to allow it."
        await problem(Request(scope), HTTPStatus.FORBIDDEN, detail)(scope, receive, send)
