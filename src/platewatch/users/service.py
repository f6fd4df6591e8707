"""Accounts: registering, logging in and out, API keys, and who stands behind a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.tables import ApiKeyRow, LoginSessionRow, UserRow
from platewatch.errors import AuthenticationError, ConflictError, FieldError, ForbiddenError, NotFoundError
from platewatch.settings import Settings
from platewatch.users.passwords import check_password, hash_password, hash_token, new_token, password_matches
from platewatch.users.principal import ROLE_SCOPES, AccountStatus, Principal, Role, Scope
from platewatch.users.repository import ApiKeyRepository, LoginSessionRepository, UserRepository, username_key
from platewatch.users.schemas import MAX_USERNAME_LENGTH, AccountUpdate, ApiKeyCreate, UserRegister

API_KEY_PREFIX = "pw_"
SHOWN_PREFIX_LENGTH = 10
_USE_NOTED_EVERY = timedelta(minutes=1)  # not a write with every request


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a log-in comes from."""

    address: str | None
    user_agent: str | None


class UserService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, settings: Settings, clock: Clock) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._users = UserRepository(session)
        self._logins = LoginSessionRepository(session)
        self._keys = ApiKeyRepository(session)

    def any_account(self) -> bool:
        return self._users.any()

    def register(self, body: UserRegister) -> UserRow:
        """Make an account: the first one is an active administrator, later ones wait for approval by default.

        Raises:
            FieldError: the password can't be used.
            ConflictError: the user name is taken, or somebody made the first account at the same moment.
            ForbiddenError: registration is closed.
        """
        check_password(body.password)
        key = username_key(body.username)
        if not 0 < len(key) <= MAX_USERNAME_LENGTH:
            raise FieldError("username", "The user name is too long, or has no letters. Choose another one.")
        first = not self._users.any()
        if not first and self._settings.registration == "closed":
            raise ForbiddenError("Registration is closed. Ask an administrator for an account.")
        if self._users.get_by_username(body.username):
            raise _name_taken(body.username)
        active = first or self._settings.registration == "open"
        row = UserRow(
            username=body.username,
            username_key=key,
            password_hash=hash_password(body.password, rounds=self._settings.bcrypt_rounds),
            role=Role.ADMIN if first else Role.OPERATOR,
            status=AccountStatus.ACTIVE if active else AccountStatus.PENDING,
            is_first=True if first else None,
            created_at=self._clock.now(),
        )
        try:
            return self._users.add(row)
        except ConflictError as error:
            raise ConflictError("Another account was made at the same moment. Try again.") from error

    def log_in(self, username: str, password: str, visitor: Visitor) -> tuple[UserRow, str]:
        """The user and the token of a new session.

        Raises:
            AuthenticationError: wrong name or password (which one is not told).
            ForbiddenError: the account waits for approval or is disabled.
        """
        user = self._users.get_by_username(username)
        known_hash = user.password_hash if user else None
        if not password_matches(password, known_hash, rounds=self._settings.bcrypt_rounds) or user is None:
            raise AuthenticationError("The user name or the password is wrong.")
        if user.status == AccountStatus.PENDING:
            raise ForbiddenError("This account waits for an administrator's approval.")
        if user.status != AccountStatus.ACTIVE:
            raise ForbiddenError("This account is disabled. Ask an administrator.")
        now = self._clock.now()
        self._logins.delete_expired(now)
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
        return user, token

    def log_out(self, token: str) -> None:
        row = self._logins.get_by_token_hash(hash_token(token))
        if row is not None:
            self._logins.delete(row)

    def principal_of_session(self, token: str) -> Principal:
        """Who is logged in with the token.

        Raises:
            AuthenticationError: the session ended, or never was.
        """
        row = self._logins.get_by_token_hash(hash_token(token))
        now = self._clock.now()
        if row is None or row.expires_at <= now or row.user.status != AccountStatus.ACTIVE:
            raise AuthenticationError("The log-in has ended. Log in again.")
        return _principal(row.user, ROLE_SCOPES[Role(row.user.role)])

    def principal_of_key(self, key: str) -> tuple[Principal, bool]:
        """Who owns the API key, with the scopes that key and role share; True if its use should be noted again.

        Raises:
            AuthenticationError: the key is unknown, expired or revoked.
        """
        row = self._keys.get_by_key_hash(hash_token(key))
        now = self._clock.now()
        expired = row is not None and row.expires_at is not None and row.expires_at <= now
        if row is None or expired or row.revoked_at is not None or row.user.status != AccountStatus.ACTIVE:
            raise AuthenticationError("The API key is unknown, expired or revoked. Make a new one.")
        scopes = ROLE_SCOPES[Role(row.user.role)] & {Scope(scope) for scope in row.scopes}
        stale = row.last_used_at is None or now - row.last_used_at >= _USE_NOTED_EVERY
        return _principal(row.user, scopes, row.id), stale

    def note_key_use(self, principal: Principal) -> None:
        if principal.api_key_id is not None:
            self._keys.get_or_raise(principal.api_key_id).last_used_at = self._clock.now()

    def create_key(self, owner: Principal, body: ApiKeyCreate) -> tuple[ApiKeyRow, str]:
        """A new key of the caller, and its text, which is not stored.

        Raises:
            FieldError: a scope that the owner does not have, or an end in the past.
        """
        beyond = {scope.value for scope in body.scopes} - {scope.value for scope in owner.scopes}
        if beyond:
            raise FieldError("scopes", f"You can't give a key rights that you don't have: {', '.join(sorted(beyond))}.")
        if body.expires_at is not None and body.expires_at <= self._clock.now():
            raise FieldError("expires_at", "The key would already be expired. Give a time in the future.")
        key = new_token(API_KEY_PREFIX)
        row = ApiKeyRow(
            name=body.name,
            prefix=key[:SHOWN_PREFIX_LENGTH],
            key_hash=hash_token(key),
            user_id=owner.user_id,
            scopes=sorted({scope.value for scope in body.scopes}),
            created_at=self._clock.now(),
            expires_at=body.expires_at,
        )
        return self._keys.add(row), key

    def keys_of(self, owner: Principal) -> list[ApiKeyRow]:
        return self._keys.usable_of_user(owner.user_id)

    def revoke_key(self, owner: Principal, key_id: int) -> None:
        """End one of the caller's keys.

        Raises:
            NotFoundError: the caller has no such key.
        """
        row = self._keys.get(key_id)
        if row is None or row.user_id != owner.user_id or row.revoked_at is not None:
            raise NotFoundError("API key", key_id)
        row.revoked_at = self._clock.now()

    def accounts(self) -> list[UserRow]:
        return self._users.all_by_name()

    def update_account(self, user_id: int, body: AccountUpdate) -> UserRow:
        """Change an account's role or status; a disabled account's sessions end.

        Raises:
            NotFoundError: no such account.
            ConflictError: nobody would be left to administer.
        """
        row = self._users.get_or_raise(user_id)
        role, status = body.role or Role(row.role), body.status or AccountStatus(row.status)
        stays_admin = (role, status) == (Role.ADMIN, AccountStatus.ACTIVE)
        if not stays_admin and self._users.lock_ids_of(Role.ADMIN, AccountStatus.ACTIVE) == [row.id]:
            raise ConflictError("This is the last active administrator. Make another one first.")
        row.role, row.status = role, status
        if status != AccountStatus.ACTIVE:
            self._logins.delete_of_user(row.id)
        return row


def _principal(user: UserRow, scopes: frozenset[Scope], api_key_id: int | None = None) -> Principal:
    return Principal(user.id, user.username, Role(user.role), scopes, api_key_id)


def _name_taken(username: str) -> ConflictError:
    return ConflictError(f"The user name {username!r} is taken. Choose another one.")
