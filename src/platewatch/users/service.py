"""Accounts: registering, proving who one is, changing and deleting."""

from __future__ import annotations

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.tables import UserRow
from platewatch.errors import AuthenticationError, ConflictError, FieldError, ForbiddenError
from platewatch.settings import Settings
from platewatch.users.passwords import NO_PASSWORD, check_password, hash_password, password_matches
from platewatch.users.principal import ROLE_SCOPES, AccountStatus, Principal, Role
from platewatch.users.repository import LoginSessionRepository, UserRepository, username_key
from platewatch.users.schemas import MAX_USERNAME_LENGTH, AccountCreate, AccountUpdate, UserRegister

LOCAL_USERNAME = "(local)"
_LOCAL_KEY = "\x01local"
"""Nobody can register this key: names have no control characters."""


class UserService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, settings: Settings, clock: Clock) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._users = UserRepository(session)
        self._logins = LoginSessionRepository(session)

    def any_account(self) -> bool:
        return self._users.any()

    def register(self, body: UserRegister) -> UserRow:
        """Make an account: the first one is an active administrator, later ones wait for approval by default.

        Raises:
            FieldError: the name or the password can't be used.
            ConflictError: the user name is taken, or somebody made the first account at the same moment.
            ForbiddenError: registration is closed.
        """
        row = self._new_row(body.username, body.password)
        first = not self._users.any()
        if not first and self._settings.registration == "closed":
            raise ForbiddenError("Registration is closed. Ask an administrator for an account.")
        active = first or self._settings.registration == "open"
        row.role = Role.ADMIN if first else Role.OPERATOR
        row.status = AccountStatus.ACTIVE if active else AccountStatus.PENDING
        row.is_first = True if first else None
        return self._add(row)

    def create(self, body: AccountCreate) -> UserRow:
        """Make an account that is active at once.

        Raises:
            FieldError: the name or the password can't be used.
            ConflictError: the user name is taken.
        """
        row = self._new_row(body.username, body.password)
        row.role, row.status = body.role, AccountStatus.ACTIVE
        return self._add(row)

    def take_over(self, row: UserRow) -> UserRow:
        """An account of another system, active at once, with the password hash that it had there.

        Args:
            row: Its name, hash, role and time.

        Raises:
            FieldError: the name can't be used.
            ConflictError: the user name is taken.
        """
        row.username_key = _usable_key(row.username)
        row.status = AccountStatus.ACTIVE
        row.is_first = True if row.role == Role.ADMIN and not self._users.any() else None
        return self._add(row)

    def any_administrator(self) -> bool:
        """Whether somebody who may administer can log in."""
        return bool(self._users.ids_of(Role.ADMIN, AccountStatus.ACTIVE))

    def verify(self, username: str, password: str) -> UserRow:
        """The account with this name and password. It only reads, since comparing takes long.

        Raises:
            AuthenticationError: wrong name or password (the error does not say which).
            ForbiddenError: the account waits for approval or is disabled.
        """
        user = self._users.get_by_username(username)
        known_hash = user.password_hash if user else None
        if not password_matches(password, known_hash, rounds=self._settings.bcrypt_rounds) or user is None:
            raise AuthenticationError("The user name or the password is wrong.")
        require_active(user)
        return user

    def verify_own(self, user_id: int, password: str, field: str) -> UserRow:
        """The caller's account, if the password is the right one. It only reads.

        Raises:
            FieldError: it is not.
            ConflictError: the account has none.
        """
        user = self._users.get_or_raise(user_id)
        if user.password_hash == NO_PASSWORD:
            raise _no_password()
        if not password_matches(password, user.password_hash, rounds=self._settings.bcrypt_rounds):
            raise FieldError(field, "The password is wrong.")
        return user

    def rename(self, user_id: int, username: str) -> UserRow:
        """Give the account another name.

        Raises:
            FieldError: the name can't be used.
            ConflictError: it is taken.
        """
        row = self._users.lock_or_raise(user_id)
        key = _usable_key(username)
        other = self._users.get_by_username(username)
        if other is not None and other.id != row.id:
            raise _name_taken(username)
        row.username, row.username_key = username, key
        self._users.add(row)
        return row

    def set_password(self, user_id: int, password: str, *, keep_session: int | None = None) -> UserRow:
        """Give the account another password, and end its log-ins but the one with the id `keep_session`.

        Raises:
            FieldError: the password can't be used.
            NotFoundError: no such account.
        """
        check_password(password)
        # Before the first statement, from which on SQLite has its one write lock.
        password_hash = hash_password(password, rounds=self._settings.bcrypt_rounds)
        row = self._users.lock_or_raise(user_id)
        if row.password_hash == NO_PASSWORD:
            raise _no_password()
        check_password(password, row.username)
        row.password_hash = password_hash
        self._logins.delete_of_user(row.id, but=keep_session)
        return row

    def delete(self, user_id: int) -> UserRow:
        """Delete the account with its log-ins and keys. What it recorded stays, with no user.

        Raises:
            NotFoundError: no such account.
            ConflictError: others would be left without an administrator.
        """
        row = self._users.lock_or_raise(user_id)
        self.require_deletable(row)
        self._users.forget_answers(row.id)
        self._users.delete(row)
        return row

    def require_deletable(self, row: UserRow) -> None:
        """Do nothing if nobody would be left without an administrator.

        Raises:
            ConflictError: others would.
        """
        alone = [other.id for other in self._users.all_by_name() if other.password_hash != NO_PASSWORD] == [row.id]
        if not alone:
            self._require_other_admin(row)

    def find(self, username: str) -> UserRow | None:
        """The account of that name, if there is one."""
        return self._users.get_by_username(username)

    def accounts(self) -> list[UserRow]:
        return self._users.all_by_name()

    def account(self, user_id: int) -> UserRow:
        """One account.

        Raises:
            NotFoundError: no such account.
        """
        return self._users.get_or_raise(user_id)

    def update_account(self, user_id: int, body: AccountUpdate) -> UserRow:
        """Change an account's role or status; a disabled account's sessions end.

        Raises:
            NotFoundError: no such account.
            ConflictError: nobody would be left to administer.
        """
        row = self._users.get_or_raise(user_id)
        role, status = body.role or Role(row.role), body.status or AccountStatus(row.status)
        if (role, status) != (Role.ADMIN, AccountStatus.ACTIVE):
            self._require_other_admin(row)
        row.role, row.status = role, status
        if status != AccountStatus.ACTIVE:
            self._logins.delete_of_user(row.id)
        return row

    def local_account(self) -> UserRow:
        """The account that callers act as where no log-in is needed; nobody can log in with it."""
        row = self._users.get_without_password()
        return row or self._users.add(
            UserRow(
                username=LOCAL_USERNAME,
                username_key=_LOCAL_KEY,
                password_hash=NO_PASSWORD,
                role=Role.ADMIN,
                status=AccountStatus.ACTIVE,
                is_first=None,
                created_at=self._clock.now(),
            )
        )

    def local_principal(self) -> Principal:
        """The principal of a caller without a log-in, where none is needed.

        Raises:
            AuthenticationError: its account was disabled.
        """
        row = self._users.get_without_password()
        if row is None or row.status != AccountStatus.ACTIVE:
            raise AuthenticationError("Log in first, or send an API key as `Authorization: Bearer KEY`.")
        return Principal(row.id, row.username, Role(row.role), ROLE_SCOPES[Role(row.role)])

    def _new_row(self, username: str, password: str) -> UserRow:
        """A row that still needs role and status; the password is hashed before anything is asked of the database."""
        check_password(password, username)
        return UserRow(
            username=username,
            username_key=_usable_key(username),
            password_hash=hash_password(password, rounds=self._settings.bcrypt_rounds),
            created_at=self._clock.now(),
        )

    def _add(self, row: UserRow) -> UserRow:
        if self._users.get_by_username(row.username):
            raise _name_taken(row.username)
        try:
            return self._users.add(row)
        except ConflictError as error:
            raise ConflictError("Another account was made at the same moment. Try again.") from error

    def _require_other_admin(self, row: UserRow) -> None:
        if self._users.lock_ids_of(Role.ADMIN, AccountStatus.ACTIVE) == [row.id]:
            raise ConflictError("This is the last active administrator. Make another one first.")


def require_active(user: UserRow) -> None:
    """Do nothing if the account may be used.

    Raises:
        ForbiddenError: it waits for approval or is disabled.
    """
    if user.status == AccountStatus.PENDING:
        raise ForbiddenError("This account waits for an administrator's approval.")
    if user.status != AccountStatus.ACTIVE:
        raise ForbiddenError("This account is disabled. Ask an administrator.")


def _usable_key(username: str) -> str:
    key = username_key(username)
    if not 0 < len(key) <= MAX_USERNAME_LENGTH:
        raise FieldError("username", "The user name is too long, or has no letters. Choose another one.")
    return key


def _no_password() -> ConflictError:
    return ConflictError("This account stands for callers without a log-in and has no password.")


def _name_taken(username: str) -> ConflictError:
    return ConflictError(f"The user name {username!r} is taken. Choose another one.")
