"""Accounts, log-in sessions and API keys in the database."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import joinedload

from platewatch.db.repository import Repository
from platewatch.db.tables import ApiKeyRow, LoginSessionRow, UserRow


class UserRepository(Repository[UserRow]):
    row = UserRow
    kind = "user"

    def any(self) -> bool:
        return bool(self.session.scalar(select(exists().where(UserRow.id.is_not(None)))))

    def get_by_username(self, username: str) -> UserRow | None:
        return self.session.scalar(select(UserRow).where(UserRow.username_key == username_key(username)))

    def lock_ids_of(self, role: str, status: str) -> Sequence[int]:
        """The ids of such accounts, which nobody else can change until the transaction ends."""
        query = select(UserRow.id).where(UserRow.role == role, UserRow.status == status)
        return self.session.scalars(query.order_by(UserRow.id).with_for_update()).all()

    def all_by_name(self) -> list[UserRow]:
        return list(self.session.scalars(select(UserRow).order_by(UserRow.username_key)))


class LoginSessionRepository(Repository[LoginSessionRow]):
    row = LoginSessionRow
    kind = "log-in session"

    def get_by_token_hash(self, token_hash: str) -> LoginSessionRow | None:
        query = select(LoginSessionRow).where(LoginSessionRow.token_hash == token_hash)
        return self.session.scalar(query.options(joinedload(LoginSessionRow.user)))

    def delete_expired(self, now: datetime) -> None:
        self.session.execute(delete(LoginSessionRow).where(LoginSessionRow.expires_at <= now))

    def delete_of_user(self, user_id: int) -> None:
        self.session.execute(delete(LoginSessionRow).where(LoginSessionRow.user_id == user_id))


class ApiKeyRepository(Repository[ApiKeyRow]):
    row = ApiKeyRow
    kind = "API key"

    def get_by_key_hash(self, key_hash: str) -> ApiKeyRow | None:
        query = select(ApiKeyRow).where(ApiKeyRow.key_hash == key_hash)
        return self.session.scalar(query.options(joinedload(ApiKeyRow.user)))

    def usable_of_user(self, user_id: int) -> list[ApiKeyRow]:
        query = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id, ApiKeyRow.revoked_at.is_(None))
        return list(self.session.scalars(query.order_by(ApiKeyRow.id)))


def username_key(username: str) -> str:
    """What makes two user names the same: upper and lower case and kinds of one letter don't count."""
    return unicodedata.normalize("NFKC", username).strip().casefold()
