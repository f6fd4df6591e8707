"""`/auth` in CarWatch's envelope, and accounts and API keys under `/api/v1`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from platewatch.app.dependencies import (
    OPENAPI_SECURITY,
    SESSION_COOKIE,
    KeyOwner,
    Manager,
    PrincipalDep,
    ReadingSession,
    RuntimeDep,
    VisitorDep,
)
from platewatch.db.tables import ApiKeyRow, UserRow
from platewatch.errors import ForbiddenError
from platewatch.settings import Settings, is_loopback
from platewatch.users.principal import AccountStatus, Role, Scope
from platewatch.users.schemas import (
    AccountPage,
    AccountRead,
    AccountUpdate,
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyPage,
    ApiKeyRead,
    Envelope,
    PlainEnvelope,
    RegisteredRead,
    RegistrationRead,
    UserLogin,
    UserRead,
    UserRegister,
)
from platewatch.users.service import UserService

_ENVELOPE_ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": PlainEnvelope, "description": "What was wrong, and what to do"}
}
_FORWARDING_HEADERS = ("x-forwarded-for", "x-real-ip", "forwarded")

auth_router = APIRouter(prefix="/auth", tags=["accounts"], responses=_ENVELOPE_ERRORS)
router = APIRouter(prefix="/api/v1", tags=["accounts"], dependencies=OPENAPI_SECURITY)
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@auth_router.get("/register")
def read_registration(request: Request, runtime: RuntimeDep, session: ReadingSession) -> Envelope[RegistrationRead]:
    """Tell who may register now."""
    first = not UserService(session, runtime.settings, runtime.clock).any_account()
    data = RegistrationRead(
        first_account=first,
        setup_token_required=first and not _is_on_this_machine(request, runtime.settings),
        registration=runtime.settings.registration,
    )
    return Envelope(message="Nobody has an account yet." if first else "Accounts exist.", data=data)


@auth_router.post("/register", status_code=HTTPStatus.CREATED)
def register(request: Request, body: UserRegister, runtime: RuntimeDep) -> Envelope[RegisteredRead]:
    """Make an account. The first one becomes the administrator; later ones wait for approval by default."""
    first = runtime.first_account_missing()
    if (
        first
        and not _is_on_this_machine(request, runtime.settings)
        and not runtime.setup_token.matches(body.setup_token)
    ):
        raise ForbiddenError(
            "The first account needs the setup token that the server printed in its terminal. "
            "It is also in the file 'setup-token' in the server's data folder."
        )
    with runtime.transaction() as session:
        user = UserService(session, runtime.settings, runtime.clock).register(body)
    if first:
        runtime.setup_token.discard()
    active = user.status == AccountStatus.ACTIVE
    message = "User registered successfully" if active else "User registered; an administrator has to approve it first."
    return Envelope(message=message, data=RegisteredRead(**_user(user).model_dump(), status=AccountStatus(user.status)))


@auth_router.post("/login")
def log_in(
    request: Request,
    response: Response,
    body: UserLogin,
    runtime: RuntimeDep,
    visitor: VisitorDep,
) -> Envelope[UserRead]:
    """Begin a session, kept in a cookie that scripts can't read."""
    with runtime.transaction() as session:
        user, token = UserService(session, runtime.settings, runtime.clock).log_in(
            body.username,
            body.password,
            visitor,
        )
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=runtime.settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return Envelope(message="Login successful", data=_user(user))


@auth_router.post("/logout", dependencies=OPENAPI_SECURITY)
def log_out(request: Request, response: Response, runtime: RuntimeDep, _principal: PrincipalDep) -> PlainEnvelope:
    """End the session of the cookie."""
    token = request.cookies.get(SESSION_COOKIE)
    if token is not None:
        with runtime.transaction() as session:
            UserService(session, runtime.settings, runtime.clock).log_out(token)
    response.delete_cookie(SESSION_COOKIE)
    return PlainEnvelope(success=True, message="Logout successful")


@auth_router.get("/me", dependencies=OPENAPI_SECURITY)
def read_me(principal: PrincipalDep) -> Envelope[UserRead]:
    """Tell who is asking."""
    user = UserRead(user_id=principal.user_id, username=principal.username, role=principal.role)
    return Envelope(message="Logged in", data=user)


@router.get("/users")
def read_accounts(runtime: RuntimeDep, session: ReadingSession, _manager: Manager) -> AccountPage:
    """List all accounts by name."""
    rows = UserService(session, runtime.settings, runtime.clock).accounts()
    return AccountPage(items=[_account(row) for row in rows])


@router.patch("/users/{user_id}")
def update_account(user_id: RowId, body: AccountUpdate, runtime: RuntimeDep, _manager: Manager) -> AccountRead:
    """Approve or disable an account, or change its role."""
    with runtime.transaction() as session:
        return _account(UserService(session, runtime.settings, runtime.clock).update_account(user_id, body))


@router.get("/api-keys")
def read_keys(runtime: RuntimeDep, session: ReadingSession, owner: KeyOwner) -> ApiKeyPage:
    """List the caller's keys that still work or only expired."""
    rows = UserService(session, runtime.settings, runtime.clock).keys_of(owner)
    return ApiKeyPage(items=[_key(row) for row in rows])


@router.post("/api-keys", status_code=HTTPStatus.CREATED)
def create_key(body: ApiKeyCreate, runtime: RuntimeDep, owner: KeyOwner) -> ApiKeyCreated:
    """Make a key with some of the caller's rights. Its text is shown this once."""
    with runtime.transaction() as session:
        row, key = UserService(session, runtime.settings, runtime.clock).create_key(owner, body)
    return ApiKeyCreated(**_key(row).model_dump(), key=key)


@router.delete("/api-keys/{key_id}", status_code=HTTPStatus.NO_CONTENT)
def revoke_key(key_id: RowId, runtime: RuntimeDep, owner: KeyOwner) -> None:
    """End a key of the caller's at once."""
    with runtime.transaction() as session:
        UserService(session, runtime.settings, runtime.clock).revoke_key(owner, key_id)


def _is_on_this_machine(request: Request, settings: Settings) -> bool:
    """Whether the caller sits at the server itself, with no proxy between."""
    proxied = any(header in request.headers for header in _FORWARDING_HEADERS)
    local = request.client is not None and is_loopback(request.client.host)
    # A foreign site's page can point its own name at this machine; a browser still says that name here.
    by_own_name = is_loopback(request.url.hostname or "")
    return settings.listens_on_loopback and local and by_own_name and not proxied


def _user(row: UserRow) -> UserRead:
    return UserRead(user_id=row.id, username=row.username, role=Role(row.role))


def _account(row: UserRow) -> AccountRead:
    return AccountRead(**_user(row).model_dump(), status=AccountStatus(row.status), created_at=row.created_at)


def _key(row: ApiKeyRow) -> ApiKeyRead:
    return ApiKeyRead(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=[Scope(scope) for scope in row.scopes],
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
