from __future__ import annotations

import pytest

from platewatch.errors import ForbiddenError
from platewatch.users.principal import ROLE_SCOPES, Principal, Role, Scope

MAY = {
    Role.ADMIN: {Scope.READ, Scope.RECOGNIZE, Scope.MANAGE},
    Role.OPERATOR: {Scope.READ, Scope.RECOGNIZE},
    Role.VIEWER: {Scope.READ},
}


def principal(role: Role, scopes: frozenset[Scope], api_key_id: int | None = None) -> Principal:
    return Principal(user_id=1, username="ada", role=role, scopes=scopes, api_key_id=api_key_id)


def is_allowed(who: Principal, scope: Scope) -> bool:
    try:
        who.require(scope)
    except ForbiddenError:
        return False
    return True


@pytest.mark.parametrize("role", list(Role), ids=str)
@pytest.mark.parametrize("scope", list(Scope), ids=str)
def test_a_role_has_its_scopes_and_no_others(role: Role, scope: Scope) -> None:
    assert is_allowed(principal(role, ROLE_SCOPES[role]), scope) is (scope in MAY[role])


@pytest.mark.parametrize("held", list(Scope), ids=lambda scope: f"key {scope}")
@pytest.mark.parametrize("asked", list(Scope), ids=lambda scope: f"needs {scope}")
def test_a_key_of_an_administrator_may_only_what_its_scope_says(held: Scope, asked: Scope) -> None:
    assert is_allowed(principal(Role.ADMIN, frozenset({held}), api_key_id=7), asked) is (held is asked)


def test_a_refusal_names_the_missing_right_and_the_role() -> None:
    with pytest.raises(ForbiddenError, match=r"'manage'.*role 'viewer'"):
        principal(Role.VIEWER, ROLE_SCOPES[Role.VIEWER]).require(Scope.MANAGE)


def test_a_refusal_names_the_key_where_the_role_would_do() -> None:
    with pytest.raises(ForbiddenError, match=r"'manage'.*this API key"):
        principal(Role.ADMIN, frozenset({Scope.READ}), api_key_id=7).require(Scope.MANAGE)
