"""The principal: a caller and the caller's scopes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from platewatch.errors import ForbiddenError


class Role(StrEnum):
    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Scope(StrEnum):
    """The scopes of a caller; an API key has some of those that its owner's role has."""

    READ = "read"
    RECOGNIZE = "recognize"
    MANAGE = "manage"


class AccountStatus(StrEnum):
    ACTIVE = "active"
    PENDING = "pending"
    DISABLED = "disabled"


ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.ADMIN: frozenset(Scope),
    Role.OPERATOR: frozenset({Scope.READ, Scope.RECOGNIZE}),
    Role.VIEWER: frozenset({Scope.READ}),
}


def in_order(scopes: Collection[Scope]) -> list[Scope]:
    """The scopes in the order of their definition, as answers list them."""
    return [scope for scope in Scope if scope in scopes]


@dataclass(frozen=True, slots=True)
class Principal:
    """The user behind a request, with the scopes that this request has.

    `api_key_id` is None when the user is logged in with a session, `session_id` when a key was sent. `key_expires_at`
    is when that key ends, None for a key without an end and for a session.
    """

    user_id: int
    username: str
    role: Role
    scopes: frozenset[Scope]
    api_key_id: int | None = None
    session_id: int | None = None
    key_expires_at: datetime | None = None

    def require(self, scope: Scope) -> None:
        """Do nothing if the scope is there.

        Raises:
            ForbiddenError: it is not.
        """
        if scope not in self.scopes:
            holder = "this API key" if self.api_key_id is not None else f"the role {self.role.value!r}"
            raise ForbiddenError(f"This needs the right {scope.value!r}, which {holder} does not have.")

    def require_person(self) -> None:
        """Do nothing if a person calls and no API key: for what would outlive the key, or be more than the key has.

        Raises:
            ForbiddenError: An API key was sent.
        """
        if self.api_key_id is not None:
            raise ForbiddenError("An API key can't do this. Log in as an administrator and do it yourself.")

    def require_may_give(self, role: Role) -> None:
        """Do nothing if the caller may let an account have this role.

        People may give each. An account has no end and can log in, so a key gives a role only if the key has no end
        and all rights of the role, and never makes an administrator.

        Raises:
            ForbiddenError: The caller is a key that would give more than it has.
        """
        if self.api_key_id is None:
            return
        if role is Role.ADMIN or self.key_expires_at is not None or not ROLE_SCOPES[role] <= self.scopes:
            raise ForbiddenError(
                f"This API key can't give an account the role {role.value!r}, which would be more than the key has: a "
                "key needs all rights of the role and must have no end, and no key makes administrators. Log in to do "
                "it."
            )
