"""Log-in sessions: begun, recognized by their token, listed and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.tables import LoginSessionRow, UserRow
from platewatch.errors import AuthenticationError, NotFoundError
from platewatch.settings import Settings
from platewatch.users.passwords import hash_token, new_token
from platewatch.users.principal import ROLE_SCOPES, AccountStatus, Principal, Role, Scope
from platewatch.users.repository import LoginSessionRepository, UserRepository
from platewatch.users.second_factor import SecondFactor
from platewatch.users.service import require_active

SESSION_COOKIE = "platewatch_session"
MAX_PER_USER = 100
MAX_LISTED = 500
USE_NOTED_EVERY = timedelta(minutes=1)  # not a write with every request


@dataclass(frozen=True, slots=True)
class Visitor:
    """The origin of a request."""

    address: str | None
    user_agent: str | None


class SessionService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._users = UserRepository(session)
        self._logins = LoginSessionRepository(session)

    def begin(self, verified: UserRow, code: str | None, visitor: Visitor, second_factor: SecondFactor) -> str:
        """The token of a new session for a user whose password was verified; `code` is of the second factor.

        Raises:
            SecondFactorError: the code is missing or wrong.
            ForbiddenError: the account is not active any more.
            AuthenticationError: the password was changed since.
        """
        user = self._users.lock_or_raise(verified.id)
        if user.password_hash != verified.password_hash:
            raise AuthenticationError("The password was just changed. Log in with the new one.")
        require_active(user)
        second_factor.check(user, code)
        now = self._clock.now()
        self._logins.delete_expired(now)
        self._logins.delete_oldest_of_user(user.id, keep=MAX_PER_USER - 1)
        token = new_token()
        self._logins.add(
            LoginSessionRow(
                token_hash=hash_token(token),
                user_id=user.id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=self._settings.session_hours),
                address=(visitor.address or "")[:64] or None,
                user_agent=(visitor.user_agent or "")[:255] or None,
            ),
        )
        return token

    def principal(self, token: str) -> tuple[Principal, bool]:
        """The principal who is logged in with the token; True if its use should be noted again.

        Raises:
            AuthenticationError: the session ended, or never was.
        """
        row = self._logins.get_by_token_hash(hash_token(token))
        now = self._clock.now()
        if row is None or row.expires_at <= now or row.user.status != AccountStatus.ACTIVE:
            raise AuthenticationError("The log-in has ended. Log in again.")
        role = Role(row.user.role)
        principal = Principal(row.user.id, row.user.username, role, ROLE_SCOPES[role], session_id=row.id)
        return principal, now - row.last_seen_at >= USE_NOTED_EVERY

    def note_use(self, session_id: int) -> None:
        row = self._logins.get(session_id)
        if row is not None:
            row.last_seen_at = self._clock.now()

    def end(self, token: str) -> None:
        row = self._logins.get_by_token_hash(hash_token(token))
        if row is not None:
            self._logins.delete(row)

    def of_user(self, user_id: int) -> list[LoginSessionRow]:
        """The user's sessions that run, newest first.

        Raises:
            NotFoundError: no such user.
        """
        self._users.get_or_raise(user_id)
        return self._logins.running(self._clock.now(), user_id, MAX_LISTED)

    def of_everyone(self) -> list[LoginSessionRow]:
        """Everybody's sessions that run, the newest `MAX_LISTED`."""
        return self._logins.running(self._clock.now(), None, MAX_LISTED)

    def revoke(self, caller: Principal, session_id: int) -> LoginSessionRow:
        """End one of the caller's sessions, or anybody's if the caller manages.

        Raises:
            NotFoundError: there is no such session that the caller may end.
        """
        row = self._logins.get(session_id)
        if row is None or (row.user_id != caller.user_id and Scope.MANAGE not in caller.scopes):
            raise NotFoundError("log-in session", session_id)
        self._logins.delete(row)
        return row

    def revoke_all(self, user_id: int, *, but: int | None = None) -> None:
        """End all sessions of the user, but the one with the id `but`.

        Raises:
            NotFoundError: no such user.
        """
        self._users.get_or_raise(user_id)
        self._logins.delete_of_user(user_id, but=but)
