"""What endpoints ask for, as `Annotated` aliases.

Every `endpoints.py`, every adapter in `compat/` and `notify/websocket.py` may import this module; it imports none of
them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from sqlalchemy.orm import Session

from platewatch.app.runtime import Runtime
from platewatch.errors import AuthenticationError, BusyError
from platewatch.users.principal import Principal, Scope
from platewatch.users.service import UserService, Visitor

SESSION_COOKIE = "platewatch_session"
_LIVE_RETRY_S = 30.0

_cookie_scheme = APIKeyCookie(name=SESSION_COOKIE, scheme_name="session cookie", auto_error=False)
_bearer_scheme = HTTPBearer(scheme_name="API key (Bearer)", auto_error=False)
_header_scheme = APIKeyHeader(name="X-API-Key", scheme_name="API key (X-API-Key)", auto_error=False)
OPENAPI_SECURITY = [Depends(_cookie_scheme), Depends(_bearer_scheme), Depends(_header_scheme)]
"""Only documents the ways to log in; `get_principal` does the work, for WebSockets too."""


def get_runtime(connection: HTTPConnection) -> Runtime:
    runtime: Runtime = connection.app.state.runtime
    return runtime


def get_reading_session(runtime: RuntimeDep) -> Iterator[Session]:
    with runtime.database.reading() as session:
        yield session


def get_principal(connection: HTTPConnection, runtime: RuntimeDep) -> Principal:
    """Who is asking, by API key or else by session cookie.

    Raises:
        AuthenticationError: nobody, or with a key or session that does not work.
    """
    key = _given_key(connection)
    token = connection.cookies.get(SESSION_COOKIE)
    with runtime.database.reading() as session:
        users = UserService(session, runtime.settings, runtime.clock)
        if key is not None:
            principal, stale = users.principal_of_key(key)
        elif token is not None:
            return users.principal_of_session(token)
        else:
            raise AuthenticationError("Log in first, or send an API key as `Authorization: Bearer KEY`.")
    if stale:
        with runtime.transaction() as session:
            UserService(session, runtime.settings, runtime.clock).note_key_use(principal)
    return principal


def get_visitor(connection: HTTPConnection) -> Visitor:
    address = connection.client.host if connection.client else None
    return Visitor(address, connection.headers.get("user-agent"))


def get_recheck(connection: HTTPConnection, runtime: RuntimeDep) -> Callable[[], Awaitable[object]]:
    """For streams that outlive a request: asks again who is asking."""

    async def recheck() -> Principal:
        return await run_in_threadpool(get_principal, connection, runtime)

    return recheck


def get_live_place(runtime: RuntimeDep) -> Iterator[None]:
    """One of the places for listeners, given back when the stream ends.

    Raises:
        BusyError: all are taken.
    """
    if not runtime.live_places.acquire(blocking=False):
        raise BusyError(retry_after_s=_LIVE_RETRY_S)
    try:
        yield
    finally:
        runtime.live_places.release()


def _given_key(connection: HTTPConnection) -> str | None:
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return connection.headers.get("x-api-key")


def _require(scope: Scope) -> Any:
    def check(principal: PrincipalDep) -> Principal:
        principal.require(scope)
        return principal

    return Depends(check)


def get_key_owner(principal: PrincipalDep) -> Principal:
    """Who may handle their own API keys: users, and keys with the right to manage.

    A lesser key that leaked could otherwise make itself successors without an end.

    Raises:
        ForbiddenError: a key without that right.
    """
    if principal.api_key_id is not None:
        principal.require(Scope.MANAGE)
    return principal


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]
ReadingSession = Annotated[Session, Depends(get_reading_session, scope="function")]
PrincipalDep = Annotated[Principal, Depends(get_principal)]
VisitorDep = Annotated[Visitor, Depends(get_visitor)]
Reader = Annotated[Principal, _require(Scope.READ)]
RECOGNIZER_ONLY = _require(Scope.RECOGNIZE)
"""For a route's `dependencies`: decides before the uploaded photos are looked at."""
Recognizer = Annotated[Principal, RECOGNIZER_ONLY]
Recheck = Annotated[Callable[[], Awaitable[object]], Depends(get_recheck)]
LivePlace = Annotated[None, Depends(get_live_place)]
Manager = Annotated[Principal, _require(Scope.MANAGE)]
KeyOwner = Annotated[Principal, Depends(get_key_owner)]
