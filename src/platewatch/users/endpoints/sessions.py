"""`/api/v1/sessions`: log-in sessions."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from platewatch.audit.service import AuditAction, AuditService
from platewatch.db.base import MAX_ID
from platewatch.users.principal import Scope
from platewatch.users.schemas import LoginSessionPage, LoginSessionRead
from platewatch.users.sessions import SessionService
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, KeyOwner, ReadingSession, StateDep

router = APIRouter(prefix="/api/v1/sessions", tags=["accounts"], dependencies=OPENAPI_SECURITY)


@router.get("")
def read_sessions(
    state: StateDep,
    session: ReadingSession,
    owner: KeyOwner,
    everyone: Annotated[bool, Query(description="everybody's, for administrators")] = False,  # noqa: FBT002 -- a query
) -> LoginSessionPage:
    """List the caller's running log-ins, newest first."""
    sessions = SessionService(session, state.settings, state.clock)
    if everyone:
        owner.require(Scope.MANAGE)
    rows = sessions.of_everyone() if everyone else sessions.of_user(owner.user_id)
    return LoginSessionPage(items=[LoginSessionRead.of(row, owner.session_id) for row in rows])


@router.delete("", status_code=HTTPStatus.NO_CONTENT)
def revoke_others(state: StateDep, owner: KeyOwner, actor: ActorDep) -> None:
    """End all log-ins of the caller but this one."""
    with state.database.transaction() as session:
        sessions = SessionService(session, state.settings, state.clock)
        sessions.revoke_all(owner.user_id, but=owner.session_id)
        AuditService(session, state.clock).note(
            AuditAction.SESSION_REVOKED, actor, f"user {owner.user_id}", {"sessions": "all others"}
        )


@router.delete("/{session_id}", status_code=HTTPStatus.NO_CONTENT)
def revoke(
    session_id: Annotated[int, Path(ge=1, le=MAX_ID)], state: StateDep, owner: KeyOwner, actor: ActorDep
) -> None:
    """End one log-in: one's own, or anybody's as an administrator."""
    with state.database.transaction() as session:
        row = SessionService(session, state.settings, state.clock).revoke(owner, session_id)
        AuditService(session, state.clock).note(
            AuditAction.SESSION_REVOKED, actor, f"user {row.user_id}", {"session": session_id}
        )
