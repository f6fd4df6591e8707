"""Who is asking, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from platewatch.errors import ForbiddenError


class Role(StrEnum):
    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What a caller may do; an API key has some of those that its owner's role has."""

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


@dataclass(frozen=True, slots=True)
class Principal:
    """The user behind a request, with the scopes that this request has.

    `api_key_id` is None when the user is logged in with a session, `session_id` when a key was sent.
    """

    user_id: int
    username: str
    role: Role
    scopes: frozenset[Scope]
    api_key_id: int | None = None
    session_id: int | None = None

    def require(self, scope: Scope) -> None:
        """Do nothing if the scope is there.

        Raises:
            ForbiddenError: it is not.
        """
        if scope not in self.scopes:
            holder = "this API key" if self.api_key_id is not None else f"the role {self.role.value!r}"
            raise ForbiddenError(f"This needs the right {scope.value!r}, which {holder} does not have.")
