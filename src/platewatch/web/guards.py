"""Guards of requests before the app: host, site, caller, size and rate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from platewatch.errors import TooManyRequestsError
from platewatch.settings import Settings, is_loopback
from platewatch.users.sessions import SESSION_COOKIE
from platewatch.web.callers import allowance_of, count_anonymous, has_credentials, principal_of
from platewatch.web.dependencies import RequireScope, get_principal
from platewatch.web.error_handlers import TOO_LARGE, answer_error, as_http_error, problem
from platewatch.web.state import ServerState

MAX_JSON_BYTES = 1024 * 1024
MAX_PUBLIC_BYTES = 64 * 1024
"""Of a body that is taken from callers who are not logged in."""

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_UNCOUNTED_PATHS = ("/app/", "/health/live")


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Largest bodies, in bytes: of any kind, and of JSON."""

    any_kind: int
    json: int = MAX_JSON_BYTES

    def of(self, content_type: str) -> int:
        kind = content_type.partition(";")[0].strip().lower()
        is_json = kind == "application/json" or kind.endswith("+json")
        return min(self.json, self.any_kind) if is_json else self.any_kind


class KnownHosts:
    """Refuses requests that were sent to another name than ours, so that no foreign name can stand for this server.

    Names of this machine itself always pass. Without `allowed_hosts` every name does, unless no log-in is needed:
    then a web page from anywhere could give its own name this machine's address and read everything (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._allowed = settings.allowed_hosts
        self._any = not settings.allowed_hosts and settings.auth == "on"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and not (self._any or self._is_known(scope)):
            detail = "This server does not go by that name. Add it to PLATEWATCH_ALLOWED_HOSTS if it should."
            await refuse(scope, receive, send, HTTPStatus.MISDIRECTED_REQUEST, detail)
            return
        await self._app(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        host = _HOST.fullmatch(Headers(scope=scope).get("host", ""))
        if host is None:
            return False
        name = host["name"].lower().rstrip(".")
        wildcards = (allowed[1:] for allowed in self._allowed if allowed.startswith("*."))
        return is_loopback(name) or name in self._allowed or any(name.endswith(suffix) for suffix in wildcards)


class SameOriginOnly:
    """Refuses what another site's page sends with the visitor's log-in cookie (cross-site request forgery).

    Browsers name the page's site in `Origin`, or at least tell in `Sec-Fetch-Site` that it is another one; programs
    send neither and use API keys. Where no log-in is needed, everything counts as sent with the cookie.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._allowed = frozenset(settings.allowed_origins)
        self._open = settings.auth == "off"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and self._is_foreign(scope):
            detail = "This was sent by another site's page. Name that site in PLATEWATCH_ALLOWED_ORIGINS to allow it."
            await refuse(scope, receive, send, HTTPStatus.FORBIDDEN, detail)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
            return False
        logging_in = scope["path"].startswith("/auth/")
        if not (self._open or logging_in or SESSION_COOKIE in headers.get("cookie", "")):
            return False
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
        return not self._is_ours(origin, headers.get("host", "")) and origin not in self._allowed

    def _is_ours(self, origin: str, host: str) -> bool:
        try:
            return urlsplit(origin).netloc.lower() == host.lower() != ""
        except ValueError:
            return False


class BodyLimit:
    """Refuses bodies that are too large: by their declared length, or as soon as they grow beyond it."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = self._limits.of(Headers(scope=scope).get("content-type", ""))
        if declared_bytes(scope) > max_bytes:
            await refuse(scope, receive, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
            return
        await self._app(scope, counted(receive, max_bytes), send)


class RateLimit:
    """Counts requests of callers without a log-in, and adds to every answer what is left.

    Others are counted when they are recognized.
    """

    def __init__(self, app: ASGIApp, state: ServerState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNCOUNTED_PATHS):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)

        async def send_with_allowance(message: Message) -> None:
            if message["type"] == "http.response.start" and (allowance := allowance_of(connection)):
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Limit"] = str(allowance.limit.amount)
                headers["RateLimit-Remaining"] = str(allowance.remaining)
                headers["RateLimit-Reset"] = str(allowance.reset_s)
            await send(message)

        try:
            if not has_credentials(connection) and self._state.settings.auth == "on":
                await self._count(connection)
        except TooManyRequestsError as error:
            await answer_error(Request(scope), error)(scope, receive, send_with_allowance)
            return
        await self._app(scope, receive, send_with_allowance)

    async def _count(self, connection: HTTPConnection) -> None:
        if self._state.limiter.leaves_the_process:
            await run_in_threadpool(count_anonymous, connection, self._state)
        else:
            count_anonymous(connection, self._state)


class CallerFirst:
    """Judges the caller before the body is read: nobody may fill the disk with an upload that is refused afterwards.

    The app reads a body before it looks at the dependencies of a route, so they are looked at here when it begins to.
    """

    def __init__(self, app: ASGIApp, state: ServerState) -> None:
        self._app = app
        self._state = state
        self._needs: dict[int, _Needs] = {}
        """By the route's identity: routes can't be hashed, and live as long as the app."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        source: Receive | None = None

        async def receive_judged() -> Message:
            nonlocal source
            if source is None:
                source = await self._judge(scope, receive)
            return await source()

        await self._app(scope, receive_judged, send)

    async def _judge(self, scope: Scope, receive: Receive) -> Receive:
        """The `receive` function for the body, if the caller may send one.

        Raises:
            HTTPException: the caller may not; the app answers it in the shape of the path.
        """
        route = scope.get("route")
        if not isinstance(route, APIRoute):
            return receive
        needs = self._needs.get(id(route)) or self._needs.setdefault(id(route), _Needs.of(route.dependant))
        if not needs.log_in:
            if declared_bytes(scope) > MAX_PUBLIC_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return counted(receive, MAX_PUBLIC_BYTES)
        try:
            principal = await run_in_threadpool(principal_of, HTTPConnection(scope), self._state)
            for scope_needed in needs.scopes:
                scope_needed.check(principal)
        except Exception as error:
            # The app takes any other error for a body that can't be parsed.
            raise as_http_error(error) from error
        return receive


@dataclass(frozen=True, slots=True)
class _Needs:
    """The scope that a route requires."""

    log_in: bool
    scopes: tuple[RequireScope, ...]

    @classmethod
    def of(cls, dependant: Dependant) -> _Needs:
        calls = list(_calls(dependant))
        return cls(get_principal in calls, tuple(call for call in calls if isinstance(call, RequireScope)))


def _calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


def declared_bytes(scope: Scope) -> int:
    """The length of the body as the request declares it, 0 if it does not."""
    declared = Headers(scope=scope).get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 20 else 0  # noqa: PLR2004 -- 64 bits


def counted(receive: Receive, max_bytes: int) -> Receive:
    """The same messages, until they are too many bytes."""
    taken = 0

    async def receive_counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > max_bytes:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive_counted


async def refuse(scope: Scope, receive: Receive, send: Send, status: HTTPStatus, detail: str) -> None:
    """Answer instead of the app; a WebSocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": detail[:100]})
        return
    await problem(Request(scope), status, detail)(scope, receive, send)
