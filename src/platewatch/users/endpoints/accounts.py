"""`/api/v1/users`: accounts, as administrators see and change them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session

from platewatch.audit.service import AuditAction, AuditService
from platewatch.db.base import MAX_ID
from platewatch.db.tables import UserRow
from platewatch.errors import FieldError, ForbiddenError, NotFoundError
from platewatch.users.endpoints.auth import prove_password
from platewatch.users.keys import KeyService
from platewatch.users.principal import AccountStatus, Principal, Role
from platewatch.users.schemas import (
    AccountCreate,
    AccountPage,
    AccountRead,
    AccountUpdate,
    ApiKeyPage,
    ApiKeyRead,
    LoginSessionPage,
    LoginSessionRead,
    PasswordReset,
)
from platewatch.users.second_factor import SecondFactor
from platewatch.users.service import UserService
from platewatch.users.sessions import SessionService
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, Manager, ReadingSession, StateDep, VisitorDep

router = APIRouter(prefix="/api/v1/users", tags=["accounts"], dependencies=OPENAPI_SECURITY)
UserId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.get("")
def read_accounts(state: StateDep, session: ReadingSession, _manager: Manager) -> AccountPage:
    """List all accounts by name."""
    rows = _users(session, state).accounts()
    return AccountPage(items=[AccountRead.of(row) for row in rows])


@router.post("", status_code=HTTPStatus.CREATED)
def create_account(body: AccountCreate, state: StateDep, manager: Manager, actor: ActorDep) -> AccountRead:
    """Make an account that can be used at once. An API key makes none that may more than the key."""
    manager.require_may_give(body.role)
    with state.database.transaction() as session:
        row = _users(session, state).create(body)
        AuditService(session, state.clock).note(
            AuditAction.USER_CREATED, actor, f"user {row.id}", {"username": row.username, "role": row.role}
        )
    return AccountRead.of(row)


@router.get("/{user_id}")
def read_account(user_id: UserId, state: StateDep, session: ReadingSession, _manager: Manager) -> AccountRead:
    """Give one account."""
    return AccountRead.of(_users(session, state).account(user_id))


@router.patch("/{user_id}")
def update_account(
    user_id: UserId, body: AccountUpdate, state: StateDep, manager: Manager, actor: ActorDep
) -> AccountRead:
    """Approve or disable an account, or change its role. An API key gives no more than it has."""
    with state.database.transaction() as session:
        users = _users(session, state)
        role = _reachable_role(users.account(user_id), manager)
        if body.role is not None or body.status is AccountStatus.ACTIVE:
            manager.require_may_give(body.role or role)
        row = users.update_account(user_id, body)
        changes = body.model_dump(mode="json", exclude_none=True)
        AuditService(session, state.clock).note(AuditAction.USER_UPDATED, actor, f"user {row.id}", changes)
    return AccountRead.of(row)


@router.delete("/{user_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_account(user_id: UserId, state: StateDep, manager: Manager, actor: ActorDep) -> None:
    """Delete somebody's account with its log-ins and keys. What it recorded stays, with no user."""
    with state.database.transaction() as session:
        users = _users(session, state)
        row = users.account(user_id)
        _reachable_role(row, manager)
        users.require_deletable(row)
        _require_somebody_else(user_id, manager, "POST /auth/delete")
        users.delete(user_id)
        AuditService(session, state.clock).note(
            AuditAction.USER_DELETED, actor, f"user {user_id}", {"username": row.username}
        )


@router.post("/{user_id}/password", status_code=HTTPStatus.NO_CONTENT)
def reset_password(
    user_id: UserId, body: PasswordReset, state: StateDep, manager: Manager, actor: ActorDep, visitor: VisitorDep
) -> None:
    """Give an account another password; its log-ins and API keys end. For one's own account the old one is needed."""
    is_own = manager.user_id == user_id
    if is_own:
        if body.current_password is None:
            raise FieldError("current_password", "This is your own account: give its current password too.")
        prove_password(state, manager, body.current_password, visitor, "current_password")
    # An administrator resets a password for somebody who is locked out, or to lock an intruder out: keys that
    # were made meanwhile would stay behind.
    revokes_keys = not is_own if body.revoke_api_keys is None else body.revoke_api_keys
    with state.database.transaction() as session:
        users = _users(session, state)
        users.account(user_id)
        if not is_own:
            manager.require_person()
        users.set_password(user_id, body.password, keep_session=manager.session_id if is_own else None)
        revoked = KeyService(session, state.clock).revoke_all(user_id) if revokes_keys else 0
        AuditService(session, state.clock).note(
            AuditAction.PASSWORD_RESET, actor, f"user {user_id}", {"api_keys_revoked": revoked}
        )


@router.delete("/{user_id}/second-factor", status_code=HTTPStatus.NO_CONTENT)
def disable_second_factor(user_id: UserId, state: StateDep, manager: Manager, actor: ActorDep) -> None:
    """Turn somebody's second factor off, who lost the device and the recovery codes. The account's log-ins end."""
    _require_somebody_else(user_id, manager, "POST /api/v1/second-factor/disable")
    with state.database.transaction() as session:
        users, second_factor = _users(session, state), SecondFactor(session, state.clock, state.seal)
        # A set-up that was begun and not finished is taken away, too.
        if users.account(user_id).sealed_totp_secret is None:
            raise NotFoundError("second factor of user", user_id)
        manager.require_person()
        second_factor.disable(user_id)
        # Who has the lost device may be logged in on it.
        SessionService(session, state.settings, state.clock).revoke_all(user_id)
        AuditService(session, state.clock).note(AuditAction.SECOND_FACTOR_DISABLED, actor, f"user {user_id}")


@router.get("/{user_id}/sessions")
def read_sessions(user_id: UserId, state: StateDep, session: ReadingSession, manager: Manager) -> LoginSessionPage:
    """List an account's running log-ins, newest first."""
    rows = SessionService(session, state.settings, state.clock).of_user(user_id)
    return LoginSessionPage(items=[LoginSessionRead.of(row, manager.session_id) for row in rows])


@router.delete("/{user_id}/sessions", status_code=HTTPStatus.NO_CONTENT)
def revoke_sessions(user_id: UserId, state: StateDep, _manager: Manager, actor: ActorDep) -> None:
    """End all log-ins of an account."""
    with state.database.transaction() as session:
        SessionService(session, state.settings, state.clock).revoke_all(user_id)
        AuditService(session, state.clock).note(
            AuditAction.SESSION_REVOKED, actor, f"user {user_id}", {"sessions": "all"}
        )


@router.get("/{user_id}/api-keys")
def read_keys(user_id: UserId, state: StateDep, session: ReadingSession, _manager: Manager) -> ApiKeyPage:
    """List an account's keys that still work or only expired."""
    rows = KeyService(session, state.clock).of_user(user_id)
    return ApiKeyPage(items=[ApiKeyRead.of(row) for row in rows])


def _users(session: Session, state: StateDep) -> UserService:
    return UserService(session, state.settings, state.clock)


def _reachable_role(row: UserRow, manager: Principal) -> Role:
    """The role of the account, if the caller may change it: a key can't touch administrators.

    Raises:
        ForbiddenError: it can't.
    """
    role = Role(row.role)
    if role is Role.ADMIN:
        manager.require_person()
    return role


def _require_somebody_else(user_id: int, manager: Principal, own_way: str) -> None:
    """Do nothing if it is about somebody else's account.

    Raises:
        ForbiddenError: it is about the caller's own, for which there is a way that asks for the password.
    """
    if user_id == manager.user_id:
        raise ForbiddenError(f"This is your own account. Use {own_way}, which asks for your password.")
