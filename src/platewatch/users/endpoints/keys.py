"""`/api/v1/api-keys`: the caller's API keys."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from platewatch.audit.service import AuditAction, AuditService
from platewatch.db.base import MAX_ID
from platewatch.users.keys import KeyService
from platewatch.users.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyPage, ApiKeyRead
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, KeyOwner, ReadingSession, StateDep

router = APIRouter(prefix="/api/v1/api-keys", tags=["accounts"], dependencies=OPENAPI_SECURITY)


@router.get("")
def read_keys(state: StateDep, session: ReadingSession, owner: KeyOwner) -> ApiKeyPage:
    """List the caller's keys that still work or only expired."""
    rows = KeyService(session, state.clock).of_user(owner.user_id)
    return ApiKeyPage(items=[ApiKeyRead.of(row) for row in rows])


@router.post("", status_code=HTTPStatus.CREATED)
def create_key(body: ApiKeyCreate, state: StateDep, owner: KeyOwner, actor: ActorDep) -> ApiKeyCreated:
    """Make a key with some of the caller's rights. Its text is shown this once. A key that a key makes ends with it."""
    with state.database.transaction() as session:
        row, key = KeyService(session, state.clock).create(owner, body)
        ends = None if row.expires_at is None else row.expires_at.isoformat()
        AuditService(session, state.clock).note(
            AuditAction.KEY_CREATED,
            actor,
            f"API key {row.id}",
            {"name": row.name, "scopes": row.scopes, "expires_at": ends},
        )
    return ApiKeyCreated(**ApiKeyRead.of(row).model_dump(), key=key)


@router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT)
def revoke_key(
    key_id: Annotated[int, Path(ge=1, le=MAX_ID)], state: StateDep, owner: KeyOwner, actor: ActorDep
) -> None:
    """End a key at once, with all keys that it made: one's own, or anybody's as an administrator."""
    with state.database.transaction() as session:
        row = KeyService(session, state.clock).revoke(owner, key_id)
        AuditService(session, state.clock).note(
            AuditAction.KEY_REVOKED, actor, f"API key {key_id}", {"name": row.name, "owner": f"user {row.user_id}"}
        )
