"""`/api/v1/users`: accounts, as administrators see and change them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from platewatch.app.dependencies import OPENAPI_SECURITY, ActorDep, Manager, ReadingSession, RuntimeDep
from platewatch.audit.service import AuditAction, AuditService
from platewatch.db.base import MAX_ID
from platewatch.users.keys import KeyService
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

router = APIRouter(prefix="/api/v1/users", tags=["accounts"], dependencies=OPENAPI_SECURITY)
UserId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.get("")
def read_accounts(runtime: RuntimeDep, session: ReadingSession, _manager: Manager) -> AccountPage:
    """List all accounts by name."""
    rows = UserService(session, runtime.settings, runtime.clock).accounts()
    return AccountPage(items=[AccountRead.of(row) for row in rows])


@router.post("", status_code=HTTPStatus.CREATED)
def create_account(body: AccountCreate, runtime: RuntimeDep, _manager: Manager, actor: ActorDep) -> AccountRead:
    """Make an account that can be used at once."""
    with runtime.transaction() as session:
        row = UserService(session, runtime.settings, runtime.clock).create(body)
        AuditService(session, runtime.clock).note(
            AuditAction.USER_CREATED, actor, f"user {row.id}", {"username": row.username, "role": row.role}
        )
    return AccountRead.of(row)


@router.get("/{user_id}")
def read_account(user_id: UserId, runtime: RuntimeDep, session: ReadingSession, _manager: Manager) -> AccountRead:
    """Give one account."""
    return AccountRead.of(UserService(session, runtime.settings, runtime.clock).account(user_id))


@router.patch("/{user_id}")
def update_account(
    user_id: UserId, body: AccountUpdate, runtime: RuntimeDep, _manager: Manager, actor: ActorDep
) -> AccountRead:
    """Approve or disable an account, or change its role."""
    with runtime.transaction() as session:
        row = UserService(session, runtime.settings, runtime.clock).update_account(user_id, body)
        changes = body.model_dump(mode="json", exclude_none=True)
        AuditService(session, runtime.clock).note(AuditAction.USER_UPDATED, actor, f"user {row.id}", changes)
    return AccountRead.of(row)


@router.delete("/{user_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_account(user_id: UserId, runtime: RuntimeDep, _manager: Manager, actor: ActorDep) -> None:
    """Delete an account with its log-ins and keys. What it recorded stays, with no user."""
    with runtime.transaction() as session:
        row = UserService(session, runtime.settings, runtime.clock).delete(user_id)
        AuditService(session, runtime.clock).note(
            AuditAction.USER_DELETED, actor, f"user {user_id}", {"username": row.username}
        )


@router.post("/{user_id}/password", status_code=HTTPStatus.NO_CONTENT)
def reset_password(
    user_id: UserId, body: PasswordReset, runtime: RuntimeDep, manager: Manager, actor: ActorDep
) -> None:
    """Give an account another password; its log-ins end."""
    keep = manager.session_id if manager.user_id == user_id else None
    with runtime.transaction() as session:
        UserService(session, runtime.settings, runtime.clock).set_password(user_id, body.password, keep_session=keep)
        AuditService(session, runtime.clock).note(AuditAction.PASSWORD_RESET, actor, f"user {user_id}")


@router.delete("/{user_id}/second-factor", status_code=HTTPStatus.NO_CONTENT)
def disable_second_factor(user_id: UserId, runtime: RuntimeDep, _manager: Manager, actor: ActorDep) -> None:
    """Turn an account's second factor off, for somebody who lost the device and the recovery codes."""
    with runtime.transaction() as session:
        SecondFactor(session, runtime.clock, runtime.seal).disable(user_id)
        AuditService(session, runtime.clock).note(AuditAction.SECOND_FACTOR_DISABLED, actor, f"user {user_id}")


@router.get("/{user_id}/sessions")
def read_sessions(user_id: UserId, runtime: RuntimeDep, session: ReadingSession, manager: Manager) -> LoginSessionPage:
    """List an account's running log-ins, newest first."""
    rows = SessionService(session, runtime.settings, runtime.clock).of_user(user_id)
    return LoginSessionPage(items=[LoginSessionRead.of(row, manager.session_id) for row in rows])


@router.delete("/{user_id}/sessions", status_code=HTTPStatus.NO_CONTENT)
def revoke_sessions(user_id: UserId, runtime: RuntimeDep, _manager: Manager, actor: ActorDep) -> None:
    """End all log-ins of an account."""
    with runtime.transaction() as session:
        SessionService(session, runtime.settings, runtime.clock).revoke_all(user_id)
        AuditService(session, runtime.clock).note(
            AuditAction.SESSION_REVOKED, actor, f"user {user_id}", {"sessions": "all"}
        )


@router.get("/{user_id}/api-keys")
def read_keys(user_id: UserId, runtime: RuntimeDep, session: ReadingSession, _manager: Manager) -> ApiKeyPage:
    """List an account's keys that still work or only expired."""
    rows = KeyService(session, runtime.clock).of_user(user_id)
    return ApiKeyPage(items=[ApiKeyRead.of(row) for row in rows])
