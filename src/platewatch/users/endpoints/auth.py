"""`/auth`: registering, logging in and out, and the caller's own account, in CarWatch's envelope."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from platewatch.audit.service import Actor, AuditAction, AuditService
from platewatch.db.tables import UserRow
from platewatch.errors import AuthenticationError, FieldError, ForbiddenError, TooManyRequestsError
from platewatch.forwarding import forwarding_header
from platewatch.server_settings.service import ServerSettings
from platewatch.settings import Settings, is_loopback
from platewatch.users.keys import KeyService
from platewatch.users.principal import AccountStatus, Principal, in_order
from platewatch.users.schemas import (
    CallerRead,
    Envelope,
    PasswordConfirmation,
    PasswordUpdate,
    PlainEnvelope,
    RegisteredRead,
    RegistrationRead,
    UserLogin,
    UsernameUpdate,
    UserRead,
    UserRegister,
)
from platewatch.users.second_factor import SecondFactor
from platewatch.users.service import UserService
from platewatch.users.sessions import SESSION_COOKIE, SessionService, Visitor
from platewatch.users.setup_token import SetupToken
from platewatch.users.throttle import LoginThrottle
from platewatch.web.dependencies import (
    OPENAPI_SECURITY,
    ActorDep,
    KeyOwner,
    PrincipalDep,
    ReadingSession,
    StateDep,
    VisitorDep,
)

_ENVELOPE_ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": PlainEnvelope, "description": "What was wrong, and what to do"}
}

router = APIRouter(prefix="/auth", tags=["accounts"], responses=_ENVELOPE_ERRORS)


@router.get("/register")
def read_registration(request: Request, state: StateDep, session: ReadingSession) -> Envelope[RegistrationRead]:
    """Tell who may register now."""
    first = not UserService(session, state.settings, state.clock).any_account()
    data = RegistrationRead(
        first_account=first,
        setup_token_required=first and not _is_on_this_machine(request, state.settings),
        registration=state.settings.registration,
        time_zone=ServerSettings(session, state.clock).chosen_time_zone(),
    )
    return Envelope(message="Nobody has an account yet." if first else "Accounts exist.", data=data)


@router.post("/register", status_code=HTTPStatus.CREATED)
def register(request: Request, body: UserRegister, state: StateDep, visitor: VisitorDep) -> Envelope[RegisteredRead]:
    """Make an account. The first one becomes the administrator; later ones wait for approval by default."""
    state.part(LoginThrottle).admit_registration(visitor.address)
    first = _is_first_account_missing(state)
    if body.time_zone is not None and not first:
        raise FieldError("time_zone", "Only the first account chooses the server's time zone. Leave it out.")
    if (
        first
        and not _is_on_this_machine(request, state.settings)
        and not state.part(SetupToken).matches(body.setup_token)
    ):
        raise ForbiddenError(
            "The first account needs the setup token. It is in the file 'setup-token' of the server's data folder; the "
            "server's terminal says where that is."
        )
    with state.database.transaction() as session:
        user = UserService(session, state.settings, state.clock).register(body)
        actor = Actor(user.id, user.username, None, visitor.address)
        AuditService(session, state.clock).note(
            AuditAction.USER_REGISTERED, actor, f"user {user.id}", {"role": user.role, "status": user.status}
        )
        if body.time_zone is not None and state.settings.time_zone is None:
            ServerSettings(session, state.clock).set_time_zone(body.time_zone, actor)
    if first:
        state.part(SetupToken).discard()
    active = user.status == AccountStatus.ACTIVE
    message = "User registered successfully" if active else "User registered; an administrator has to approve it first."
    data = RegisteredRead(**UserRead.of_row(user).model_dump(), status=AccountStatus(user.status))
    return Envelope(message=message, data=data)


@router.post("/login")
def log_in(
    request: Request, response: Response, body: UserLogin, state: StateDep, visitor: VisitorDep
) -> Envelope[CallerRead]:
    """Begin a session, kept in a cookie that scripts can't read."""
    _admit(state, body.username, visitor)
    try:
        user, token = _begin_session(state, body, visitor, request.cookies.get(SESSION_COOKIE))
    except (AuthenticationError, ForbiddenError) as error:
        _note_failure(state, body.username, visitor, error)
        raise
    state.part(LoginThrottle).succeeded(body.username, visitor.address)
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=state.settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return Envelope(message="Login successful", data=CallerRead.of_log_in(user))


@router.post("/logout", dependencies=OPENAPI_SECURITY)
def log_out(request: Request, response: Response, state: StateDep, actor: ActorDep) -> PlainEnvelope:
    """End the session of the cookie."""
    token = request.cookies.get(SESSION_COOKIE)
    if token is not None:
        with state.database.transaction() as session:
            SessionService(session, state.settings, state.clock).end(token)
            AuditService(session, state.clock).note(AuditAction.LOG_OUT, actor)
    response.delete_cookie(SESSION_COOKIE)
    return PlainEnvelope(success=True, message="Logout successful")


@router.get("/me", dependencies=OPENAPI_SECURITY)
def read_me(principal: PrincipalDep) -> Envelope[CallerRead]:
    """Tell who is asking."""
    caller = CallerRead(
        user_id=principal.user_id,
        username=principal.username,
        role=principal.role,
        has_session=principal.session_id is not None,
        scopes=in_order(principal.scopes),
    )
    return Envelope(message="Logged in", data=caller)


@router.post("/update/username", dependencies=OPENAPI_SECURITY)
def update_username(body: UsernameUpdate, state: StateDep, owner: KeyOwner, actor: ActorDep) -> Envelope[UserRead]:
    """Give the caller's account another name. Only people do that: their next log-in needs it."""
    owner.require_person()
    with state.database.transaction() as session:
        user = UserService(session, state.settings, state.clock).rename(owner.user_id, body.new_username)
        AuditService(session, state.clock).note(
            AuditAction.USER_RENAMED, actor, f"user {user.id}", {"new_username": user.username}
        )
    return Envelope(message="Username updated successfully", data=UserRead.of_row(user))


@router.post("/update/password", dependencies=OPENAPI_SECURITY)
def update_password(
    body: PasswordUpdate, state: StateDep, owner: KeyOwner, actor: ActorDep, visitor: VisitorDep
) -> PlainEnvelope:
    """Give the caller's account another password; all its other log-ins end, and its API keys if that is asked for."""
    if body.new_password != body.confirm_new_password:
        raise FieldError("confirm_new_password", "The new password and its confirmation differ.")
    prove_password(state, owner, body.current_password, visitor, "current_password")
    with state.database.transaction() as session:
        users = UserService(session, state.settings, state.clock)
        users.set_password(owner.user_id, body.new_password, keep_session=owner.session_id)
        revoked = KeyService(session, state.clock).revoke_all(owner.user_id) if body.revoke_api_keys else 0
        AuditService(session, state.clock).note(
            AuditAction.PASSWORD_CHANGED, actor, f"user {owner.user_id}", {"api_keys_revoked": revoked}
        )
    return PlainEnvelope(success=True, message="Password updated successfully")


@router.post("/delete", dependencies=OPENAPI_SECURITY)
def delete_account(
    response: Response,
    body: PasswordConfirmation,
    state: StateDep,
    owner: KeyOwner,
    actor: ActorDep,
    visitor: VisitorDep,
) -> PlainEnvelope:
    """Delete the caller's account. What it recorded stays, with no user."""
    prove_password(state, owner, body.password, visitor)
    with state.database.transaction() as session:
        UserService(session, state.settings, state.clock).delete(owner.user_id)
        AuditService(session, state.clock).note(AuditAction.USER_DELETED, actor, f"user {owner.user_id}")
    response.delete_cookie(SESSION_COOKIE)
    return PlainEnvelope(success=True, message="Account deleted successfully")


def prove_password(state: StateDep, owner: Principal, password: str, visitor: Visitor, field: str = "password") -> None:
    """Do nothing if the password is the caller's; wrong ones count as failed log-ins.

    Raises:
        FieldError: it is wrong.
        TooManyRequestsError: too many were wrong.
    """
    _admit(state, owner.username, visitor)
    try:
        with state.database.reading() as session:
            UserService(session, state.settings, state.clock).verify_own(owner.user_id, password, field)
    except FieldError as error:
        _note_failure(state, owner.username, visitor, error)
        raise
    state.part(LoginThrottle).succeeded(owner.username, visitor.address)


def _begin_session(state: StateDep, body: UserLogin, visitor: Visitor, old_token: str | None) -> tuple[UserRow, str]:
    with state.database.reading() as session:
        user = UserService(session, state.settings, state.clock).verify(body.username, body.password)

    def work(session: Session) -> str:
        sessions = SessionService(session, state.settings, state.clock)
        second_factor = SecondFactor(session, state.clock, state.seal)
        token = sessions.begin(user, body.code, visitor, second_factor)
        if old_token is not None:
            sessions.end(old_token)
        actor = Actor(user.id, user.username, None, visitor.address)
        AuditService(session, state.clock).note(AuditAction.LOG_IN, actor, f"user {user.id}")
        return token

    return user, state.database.transact(work)


def _admit(state: StateDep, username: str, visitor: Visitor) -> None:
    try:
        state.part(LoginThrottle).admit(username, visitor.address)
    except TooManyRequestsError:
        if state.part(LoginThrottle).should_note(username, visitor.address):
            _note_attempt(state, AuditAction.LOG_IN_THROTTLED, username, visitor, "too many failed")
        raise


def _note_failure(state: StateDep, username: str, visitor: Visitor, error: Exception) -> None:
    state.part(LoginThrottle).failed(username, visitor.address)
    _note_attempt(state, AuditAction.LOG_IN_FAILED, username, visitor, str(error))


def _note_attempt(state: StateDep, action: AuditAction, username: str, visitor: Visitor, reason: str) -> None:
    """Note whose account it was; a name that nobody has may be a password in the wrong field, so it is left out."""
    with state.database.transaction() as session:
        user = UserService(session, state.settings, state.clock).find(username)
        subject = f"user {user.id}" if user else None
        details = {"username": user.username if user else None, "known": user is not None, "reason": reason}
        AuditService(session, state.clock).note(action, Actor(address=visitor.address), subject, details)


def _is_on_this_machine(request: Request, settings: Settings) -> bool:
    """Whether the caller sits at the server itself, with no proxy between."""
    proxied = forwarding_header(request.headers) is not None
    local = request.client is not None and is_loopback(request.client.host)
    # A foreign site's page can point its own name at this machine; a browser still says that name here.
    by_own_name = is_loopback(request.url.hostname or "")
    return settings.listens_on_loopback and local and by_own_name and not proxied


def _is_first_account_missing(state: StateDep) -> bool:
    with state.database.reading() as session:
        return not UserService(session, state.settings, state.clock).any_account()
