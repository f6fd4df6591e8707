"""API keys: made, recognized, listed and revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.tables import ApiKeyRow
from platewatch.errors import AuthenticationError, ConflictError, FieldError, NotFoundError
from platewatch.users.passwords import hash_token, new_token
from platewatch.users.principal import ROLE_SCOPES, AccountStatus, Principal, Role, Scope
from platewatch.users.repository import ApiKeyRepository, UserRepository
from platewatch.users.schemas import ApiKeyCreate

API_KEY_PREFIX = "pw_"
SHOWN_PREFIX_LENGTH = 10
MAX_PER_USER = 100
USE_NOTED_EVERY = timedelta(minutes=1)  # not a write with every request


class KeyService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._clock = clock
        self._users = UserRepository(session)
        self._keys = ApiKeyRepository(session)

    def principal(self, key: str) -> tuple[Principal, bool]:
        """The key's owner, with the scopes that key and role share; True if the key's use should be noted again.

        Raises:
            AuthenticationError: the key is unknown, expired or revoked.
        """
        row = self._keys.get_by_key_hash(hash_token(key))
        now = self._clock.now()
        expired = row is not None and row.expires_at is not None and row.expires_at <= now
        if row is None or expired or row.revoked_at is not None or row.user.status != AccountStatus.ACTIVE:
            raise AuthenticationError("The API key is unknown, expired or revoked. Make a new one.")
        scopes = ROLE_SCOPES[Role(row.user.role)] & {Scope(scope) for scope in row.scopes}
        stale = row.last_used_at is None or now - row.last_used_at >= USE_NOTED_EVERY
        role = Role(row.user.role)
        principal = Principal(
            row.user.id, row.user.username, role, scopes, api_key_id=row.id, key_expires_at=row.expires_at
        )
        return principal, stale

    def note_use(self, key_id: int) -> None:
        row = self._keys.get(key_id)
        if row is not None:
            row.last_used_at = self._clock.now()

    def create(self, owner: Principal, body: ApiKeyCreate) -> tuple[ApiKeyRow, str]:
        """A new key of the caller, and its text, which is not stored. What a key makes ends with it.

        Raises:
            FieldError: a scope that the owner does not have, an end in the past or after that of the key that makes it.
            ConflictError: the owner has too many.
        """
        beyond = {scope.value for scope in body.scopes} - {scope.value for scope in owner.scopes}
        if beyond:
            raise FieldError("scopes", f"You can't give a key rights that you don't have: {', '.join(sorted(beyond))}.")
        if body.expires_at is not None and body.expires_at <= self._clock.now():
            raise FieldError("expires_at", "The key would already be expired. Give a time in the future.")
        if owner.key_expires_at is not None and (body.expires_at is None or body.expires_at > owner.key_expires_at):
            raise FieldError(
                "expires_at",
                f"This key ends at {owner.key_expires_at.isoformat()}, and a key that it makes can't last longer. "
                "Give a time until then.",
            )
        if len(self._keys.usable_of_user(owner.user_id)) >= MAX_PER_USER:
            raise ConflictError(f"You have {MAX_PER_USER} keys already. Revoke one that is not used any more.")
        key = new_token(API_KEY_PREFIX)
        row = ApiKeyRow(
            name=body.name,
            prefix=key[:SHOWN_PREFIX_LENGTH],
            key_hash=hash_token(key),
            user_id=owner.user_id,
            scopes=sorted({scope.value for scope in body.scopes}),
            created_at=self._clock.now(),
            expires_at=body.expires_at,
            maker_key_id=owner.api_key_id,
        )
        return self._keys.add(row), key

    def of_user(self, user_id: int) -> list[ApiKeyRow]:
        """The user's keys that still work or only expired.

        Raises:
            NotFoundError: no such user.
        """
        self._users.get_or_raise(user_id)
        return self._keys.usable_of_user(user_id)

    def revoke(self, caller: Principal, key_id: int) -> ApiKeyRow:
        """End one of the caller's keys, or anybody's if the caller manages, with all keys that it made.

        Raises:
            NotFoundError: there is no such key that the caller may end.
        """
        row = self._keys.get(key_id)
        if row is None or row.revoked_at is not None:
            raise NotFoundError("API key", key_id)
        if row.user_id != caller.user_id and Scope.MANAGE not in caller.scopes:
            raise NotFoundError("API key", key_id)
        self._end(self._keys.with_descendants([row]))
        return row

    def revoke_all(self, user_id: int) -> int:
        """Revoke the user's keys; returns the number of those that still worked or had only expired."""
        rows = self._keys.usable_of_user(user_id)
        self._end(rows)
        return len(rows)

    def _end(self, rows: Sequence[ApiKeyRow]) -> None:
        for row in rows:
            row.revoked_at = self._clock.now()
