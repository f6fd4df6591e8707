"""Accounts, log-in sessions, API keys and recovery codes in the database."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.orm import joinedload

from platewatch.db.repository import Repository
from platewatch.db.tables import ApiKeyRow, IdempotencyRow, LoginSessionRow, RecoveryCodeRow, UserRow
from platewatch.errors import NotFoundError
from platewatch.users.passwords import NO_PASSWORD


class UserRepository(Repository[UserRow]):
    row = UserRow
    kind = "user"

    def any(self) -> bool:
        """Whether somebody could log in; the account of a server without log-in does not count."""
        return bool(self.session.scalar(select(exists().where(UserRow.password_hash != NO_PASSWORD))))

    def lock_or_raise(self, user_id: int) -> UserRow:
        """The account, which nobody else can change until the transaction ends.

        Raises:
            NotFoundError: no such account.
        """
        query = select(UserRow).where(UserRow.id == user_id).with_for_update()
        row = self.session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise NotFoundError(self.kind, user_id)
        return row

    def get_by_username(self, username: str) -> UserRow | None:
        return self.session.scalar(select(UserRow).where(UserRow.username_key == username_key(username)))

    def ids_of(self, role: str, status: str) -> Sequence[int]:
        """The ids of such accounts."""
        return self.session.scalars(_ids_of(role, status)).all()

    def lock_ids_of(self, role: str, status: str) -> Sequence[int]:
        """The ids of such accounts, which nobody else can change until the transaction ends."""
        return self.session.scalars(_ids_of(role, status).with_for_update()).all()

    def get_without_password(self) -> UserRow | None:
        return self.session.scalar(select(UserRow).where(UserRow.password_hash == NO_PASSWORD))

    def forget_answers(self, user_id: int) -> None:
        """Drop the answers kept for this account; nobody can ask for them any more."""
        self.session.execute(delete(IdempotencyRow).where(IdempotencyRow.owner == str(user_id)))

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

    def delete_of_user(self, user_id: int, *, but: int | None = None) -> None:
        """End all log-ins of the user, but the one with the id `but`."""
        query = delete(LoginSessionRow).where(LoginSessionRow.user_id == user_id)
        self.session.execute(query if but is None else query.where(LoginSessionRow.id != but))

    def delete_oldest_of_user(self, user_id: int, *, keep: int) -> None:
        ids = select(LoginSessionRow.id).where(LoginSessionRow.user_id == user_id).order_by(LoginSessionRow.id.desc())
        too_old = self.session.scalars(ids.offset(keep)).all()
        if too_old:
            self.session.execute(delete(LoginSessionRow).where(LoginSessionRow.id.in_(too_old)))

    def running(self, now: datetime, user_id: int | None, limit: int) -> list[LoginSessionRow]:
        """Log-ins that have not ended, of one user or of all, newest first."""
        query = select(LoginSessionRow).where(LoginSessionRow.expires_at > now)
        if user_id is not None:
            query = query.where(LoginSessionRow.user_id == user_id)
        query = query.options(joinedload(LoginSessionRow.user)).order_by(LoginSessionRow.id.desc())
        return list(self.session.scalars(query.limit(limit)))


class ApiKeyRepository(Repository[ApiKeyRow]):
    row = ApiKeyRow
    kind = "API key"

    def get_by_key_hash(self, key_hash: str) -> ApiKeyRow | None:
        query = select(ApiKeyRow).where(ApiKeyRow.key_hash == key_hash)
        return self.session.scalar(query.options(joinedload(ApiKeyRow.user)))

    def usable_of_user(self, user_id: int) -> list[ApiKeyRow]:
        query = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id, ApiKeyRow.revoked_at.is_(None))
        return list(self.session.scalars(query.order_by(ApiKeyRow.id)))

    def with_descendants(self, rows: Sequence[ApiKeyRow]) -> list[ApiKeyRow]:
        """The keys, those that they made, those that these made, and so on."""
        found = {row.id: row for row in rows}
        newest = list(rows)
        while newest:
            made = select(ApiKeyRow).where(ApiKeyRow.maker_key_id.in_([row.id for row in newest]))
            newest = [row for row in self.session.scalars(made) if row.id not in found]
            found |= {row.id: row for row in newest}
        return [row for row in found.values() if row.revoked_at is None]


class RecoveryCodeRepository(Repository[RecoveryCodeRow]):
    row = RecoveryCodeRow
    kind = "recovery code"

    def get_unused(self, user_id: int, code_hash: str) -> RecoveryCodeRow | None:
        query = select(RecoveryCodeRow).where(
            RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.code_hash == code_hash
        )
        return self.session.scalar(query.where(RecoveryCodeRow.used_at.is_(None)))

    def count_unused(self, user_id: int) -> int:
        query = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id)
        return self.session.scalar(query.where(RecoveryCodeRow.used_at.is_(None))) or 0

    def delete_of_user(self, user_id: int) -> None:
        self.session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))


def _ids_of(role: str, status: str) -> Select[int]:
    chosen = (UserRow.role == role, UserRow.status == status, UserRow.password_hash != NO_PASSWORD)
    return select(UserRow.id).where(*chosen).order_by(UserRow.id)


def username_key(username: str) -> str:
    """The key of a user name: case, variants of a letter and invisible characters don't count."""
    seen = "".join(letter for letter in username if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", seen).strip().casefold()
