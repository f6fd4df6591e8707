"""Callers: identified once for each request, with limits on their requests."""

from __future__ import annotations

import structlog
from fastapi.requests import HTTPConnection

from platewatch.ephemeral.limiter import Allowance, Limit
from platewatch.errors import AuthenticationError, ForbiddenError, TooManyRequestsError
from platewatch.forwarding import forwarding_header
from platewatch.settings import Settings, is_loopback
from platewatch.users.keys import KeyService
from platewatch.users.principal import Principal
from platewatch.users.service import UserService
from platewatch.users.sessions import SESSION_COOKIE, SessionService
from platewatch.users.throttle import network_of
from platewatch.web.state import ServerState

log = structlog.get_logger(__name__)

MINUTE_S = 60
_PRINCIPAL = "principal"
_ALLOWANCE = "allowance"


def principal_of(connection: HTTPConnection, state: ServerState) -> Principal:
    """The caller's principal, identified once for each request.

    Raises:
        AuthenticationError: nobody, or with a key or session that does not work.
        TooManyRequestsError: somebody who asked too often.
    """
    kept = connection.scope.setdefault("state", {})
    known = kept.get(_PRINCIPAL)
    if isinstance(known, Principal):
        return known
    kept[_PRINCIPAL] = principal = identify(connection, state)
    return principal


def identify(connection: HTTPConnection, state: ServerState) -> Principal:
    """The caller's principal now, by API key or else by session cookie.

    Raises:
        AuthenticationError: nobody, or with a key or session that does not work.
        TooManyRequestsError: somebody who asked too often.
    """
    try:
        principal = _look_up(connection, state)
    except AuthenticationError:
        # A request without any was counted before; this one guesses.
        if has_credentials(connection):
            count_anonymous(connection, state)
        raise
    _count(connection, state, principal)
    log.debug("caller.recognized", user_id=principal.user_id, role=principal.role, api_key_id=principal.api_key_id)
    return principal


def has_credentials(connection: HTTPConnection) -> bool:
    return given_key(connection) is not None or SESSION_COOKIE in connection.cookies


def given_key(connection: HTTPConnection) -> str | None:
    """The API key that was sent, good or not."""
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return connection.headers.get("x-api-key")


def count_anonymous(connection: HTTPConnection, state: ServerState) -> None:
    """Count a request of nobody known, by where it comes from.

    Raises:
        TooManyRequestsError: too many came from there.
    """
    amount = state.settings.rate_limit_anonymous
    address = connection.client.host if connection.client else None
    setting = "PLATEWATCH_RATE_LIMIT_ANONYMOUS"
    if amount:
        allowance = state.limiter.hit(Limit("requests of an address", amount, MINUTE_S), network_of(address))
        _judge(connection, allowance, f"More than {amount} requests a minute without a log-in ({setting}).")


def allowance_of(connection: HTTPConnection) -> Allowance | None:
    """The rest of the caller's limit, once the request was counted."""
    allowance = connection.scope.get("state", {}).get(_ALLOWANCE)
    return allowance if isinstance(allowance, Allowance) else None


def _look_up(connection: HTTPConnection, state: ServerState) -> Principal:
    key = given_key(connection)
    token = connection.cookies.get(SESSION_COOKIE)
    with state.database.reading() as session:
        if key is not None:
            principal, stale = KeyService(session, state.clock).principal(key)
        elif token is not None:
            principal, stale = SessionService(session, state.settings, state.clock).principal(token)
        elif state.settings.auth == "off":
            _require_direct(connection, state.settings)
            return UserService(session, state.settings, state.clock).local_principal()
        else:
            raise AuthenticationError("Log in first, or send an API key as `Authorization: Bearer KEY`.")
    if stale:
        _note_use(state, principal)
    return principal


def _require_direct(connection: HTTPConnection, settings: Settings) -> None:
    """Do nothing if the caller is on this machine, or everybody may come.

    Raises:
        ForbiddenError: a proxy passed the request on, so the caller may be anywhere.
    """
    if settings.auth_off_confirmed:
        return
    header = forwarding_header(connection.headers)
    if header is None and connection.client is not None and is_loopback(connection.client.host):
        return
    how = "from another machine" if header is None else f"through a proxy (it has the header {header[:40]!r})"
    raise ForbiddenError(
        f"Without a log-in (PLATEWATCH_AUTH=off) only this machine is answered, and this request came {how}. Set "
        "PLATEWATCH_AUTH=on, or PLATEWATCH_AUTH_OFF_CONFIRMED=true if all who can reach the proxy may do everything."
    )


def _note_use(state: ServerState, principal: Principal) -> None:
    with state.database.transaction() as session:
        if principal.api_key_id is not None:
            KeyService(session, state.clock).note_use(principal.api_key_id)
        elif principal.session_id is not None:
            SessionService(session, state.settings, state.clock).note_use(principal.session_id)


def _count(connection: HTTPConnection, state: ServerState, principal: Principal) -> None:
    amount = state.settings.rate_limit
    if not amount:
        return
    limit = Limit("requests of a caller", amount, MINUTE_S)
    who = ("key", str(principal.api_key_id)) if principal.api_key_id is not None else ("user", str(principal.user_id))
    allowance = state.limiter.hit(limit, *who)
    _judge(connection, allowance, f"More than {amount} requests a minute (PLATEWATCH_RATE_LIMIT).")


def _judge(connection: HTTPConnection, allowance: Allowance, what: str) -> None:
    connection.scope.setdefault("state", {})[_ALLOWANCE] = allowance
    if allowance.exceeded:
        raise TooManyRequestsError(what, retry_after_s=max(1, allowance.reset_s))
