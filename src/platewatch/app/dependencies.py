"""What endpoints ask for, as `Annotated` aliases.

Every `endpoints.py`, every adapter in `compat/` and `notify/websocket.py` may import this module; it imports none of
them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.requests import HTTPConnection
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from sqlalchemy.orm import Session

from platewatch.app.callers import identify, principal_of
from platewatch.app.listeners import mark_as_listener
from platewatch.app.runtime import Runtime
from platewatch.audit.service import Actor
from platewatch.errors import BusyError, FieldError
from platewatch.redaction import printable
from platewatch.users.principal import Principal, Scope
from platewatch.users.sessions import SESSION_COOKIE, Visitor

MAX_REASON = 300
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
        TooManyRequestsError: somebody who asked too often.
    """
    return principal_of(connection, runtime)


def get_visitor(connection: HTTPConnection) -> Visitor:
    address = connection.client.host if connection.client else None
    return Visitor(address, printable(connection.headers.get("user-agent", "")) or None)


def get_actor(connection: HTTPConnection, principal: PrincipalDep) -> Actor:
    """Who asks and from where, for the audit log."""
    return Actor(principal.user_id, principal.username, principal.api_key_id, get_visitor(connection).address)


def get_search_reason(
    runtime: RuntimeDep,
    header: Annotated[str | None, Header(alias="X-Search-Reason", max_length=MAX_REASON)] = None,
    query: Annotated[
        str | None, Query(alias="reason", max_length=MAX_REASON, description="why plates are searched, for the log")
    ] = None,
) -> str | None:
    """Why somebody searches for plates; the caller notes it in the audit log. None if it was not said.

    Raises:
        FieldError: it was not said, and the settings require it.
    """
    reason = (header or "").strip() or (query or "").strip()
    if not reason and runtime.settings.search_reason == "required":
        raise FieldError(
            "reason", "Say why you search: send the header `X-Search-Reason`, or `reason` in the query. It is logged."
        )
    return reason or None


def get_recheck(connection: HTTPConnection, runtime: RuntimeDep) -> Callable[[], Awaitable[object]]:
    """For streams that outlive a request: asks again who is asking."""

    async def recheck() -> Principal:
        return await run_in_threadpool(identify, connection, runtime)

    return recheck


def get_live_place(connection: HTTPConnection, runtime: RuntimeDep) -> Iterator[None]:
    """One of the places for listeners, given back when the stream ends; when the server ends, it is cut off early.

    Raises:
        BusyError: all are taken.
    """
    if not runtime.live_places.acquire(blocking=False):
        raise BusyError(retry_after_s=_LIVE_RETRY_S)
    mark_as_listener(connection.scope)
    try:
        yield
    finally:
        runtime.live_places.release()


class RequireScope:
    """A dependency: the caller, who must have this scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __call__(self, principal: PrincipalDep) -> Principal:
        self.check(principal)
        return principal

    def check(self, principal: Principal) -> None:
        """Do nothing if the caller has it.

        Raises:
            ForbiddenError: the caller does not.
        """
        principal.require(self._scope)


def _require(scope: Scope) -> Any:
    return Depends(RequireScope(scope))


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
SearchReason = Annotated[str | None, Depends(get_search_reason)]
ActorDep = Annotated[Actor, Depends(get_actor)]
Reader = Annotated[Principal, _require(Scope.READ)]
RECOGNIZER_ONLY = _require(Scope.RECOGNIZE)
"""For a route's `dependencies`: decides before the uploaded photos are looked at."""
Recognizer = Annotated[Principal, RECOGNIZER_ONLY]
Recheck = Annotated[Callable[[], Awaitable[object]], Depends(get_recheck)]
LivePlace = Annotated[None, Depends(get_live_place)]
Manager = Annotated[Principal, _require(Scope.MANAGE)]
KeyOwner = Annotated[Principal, Depends(get_key_owner)]
