"""How far an API key with the right to manage reaches: never beyond itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.clock import SetClock
from tests.servers import PASSWORD, Server

StartServer = Callable[..., Server]
KEYS = "/api/v1/api-keys"
USERS = "/api/v1/users"
ALL = ("manage", "read", "recognize")


def id_of(client: TestClient) -> int:
    user_id: int = client.get("/auth/me").json()["data"]["user_id"]
    return user_id


def make_key(maker: TestClient, **fields: Any) -> Any:
    return maker.post(KEYS, json={"name": "child", "scopes": ["read"], **fields})


def make_account(maker: TestClient, role: str) -> int:
    return maker.post(USERS, json={"username": f"new {role}", "password": PASSWORD, "role": role}).status_code


@pytest.mark.parametrize(
    ("hours", "status"),
    [(None, 422), (2, 422), (1, 201), (0.5, 201)],
    ids=["no end", "later", "the same end", "before"],
)
def test_a_key_makes_no_key_that_lasts_longer(
    start_server: StartServer, clock: SetClock, hours: float | None, status: int
) -> None:
    server = start_server()
    ends = (clock.now() + timedelta(hours=1)).isoformat()
    key = server.key_client(server.admin(), *ALL, expires_at=ends)
    wanted = None if hours is None else (clock.now() + timedelta(hours=hours)).isoformat()
    made = make_key(key, expires_at=wanted)
    assert made.status_code == status
    if status == 422:
        assert made.json()["errors"][0]["field"] == "expires_at"


def test_a_key_makes_no_key_with_more_rights(sqlite_server: Server) -> None:
    key = sqlite_server.key_client(sqlite_server.admin(), "manage")
    assert make_key(key, scopes=["read"]).status_code == 422
    assert make_key(key, scopes=["manage"]).status_code == 201


def test_keys_that_a_key_made_end_with_it(server: Server) -> None:
    ada = server.admin()
    key = server.key_client(ada, *ALL)
    child = server.key_client(key, *ALL)
    grandchild = server.key_client(child, "read")
    other = server.key_client(ada, "read")
    first = min(item["id"] for item in ada.get(KEYS).json()["items"])
    assert ada.delete(f"{KEYS}/{first}").status_code == 204
    states = [client.get("/auth/me").status_code for client in (key, child, grandchild, other)]
    assert states == [401, 401, 401, 200]


def test_a_key_that_a_key_made_ends_alone(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    key = sqlite_server.key_client(ada, *ALL)
    child = sqlite_server.key_client(key, "read")
    last = max(item["id"] for item in ada.get(KEYS).json()["items"])
    assert key.delete(f"{KEYS}/{last}").status_code == 204
    assert (key.get("/auth/me").status_code, child.get("/auth/me").status_code) == (200, 401)


@pytest.mark.parametrize(
    ("scopes", "hours", "allowed"),
    [
        pytest.param(ALL, None, {"operator", "viewer"}, id="all rights, no end"),
        pytest.param(("manage", "read"), None, {"viewer"}, id="no recognizing"),
        pytest.param(("manage",), None, set(), id="managing only"),
        pytest.param(ALL, 1, set(), id="with an end"),
    ],
)
def test_a_key_makes_and_approves_only_accounts_that_may_no_more_than_itself(
    start_server: StartServer, clock: SetClock, scopes: tuple[str, ...], hours: int | None, allowed: set[str]
) -> None:
    server = start_server()
    ada = server.admin()
    ends = {} if hours is None else {"expires_at": (clock.now() + timedelta(hours=hours)).isoformat()}
    key = server.key_client(ada, *scopes, **ends)
    for role in ("admin", "operator", "viewer"):
        assert make_account(key, role) == (201 if role in allowed else 403)
        waiting = server.register(f"waiting {role}").json()["data"]["user_id"]
        approved = key.patch(f"{USERS}/{waiting}", json={"role": role, "status": "active"})
        assert approved.status_code == (200 if role in allowed else 403)
        assert make_account(ada, f"{role}") in {201, 409}, "people may give each role"


def test_a_key_does_not_approve_an_account_whose_role_is_beyond_it(sqlite_server: Server) -> None:
    key = sqlite_server.key_client(sqlite_server.admin(), "manage", "read")
    operator = sqlite_server.register("otto").json()["data"]["user_id"]
    assert key.patch(f"{USERS}/{operator}", json={"status": "active"}).status_code == 403
    assert key.patch(f"{USERS}/{operator}", json={"role": "viewer", "status": "active"}).status_code == 200


def test_a_key_locks_out_others_but_no_administrator(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    eve, bob = sqlite_server.user("eve", "admin"), sqlite_server.user("bob")
    key = sqlite_server.key_client(ada, "manage")
    for administrator in (id_of(ada), id_of(eve)):
        for changed in ({"role": "viewer"}, {"status": "disabled"}):
            assert key.patch(f"{USERS}/{administrator}", json=changed).status_code == 403
        assert key.delete(f"{USERS}/{administrator}").status_code == 403
    path = f"{USERS}/{id_of(bob)}"
    assert key.patch(path, json={"status": "disabled"}).status_code == 200
    assert bob.get("/auth/me").status_code == 401
    assert key.delete(path).status_code == 204


@pytest.mark.parametrize("role", ["admin", "operator", "viewer"])
def test_a_key_sets_nobodys_password_and_takes_nobodys_second_factor(sqlite_server: Server, role: str) -> None:
    ada = sqlite_server.admin()
    bob = sqlite_server.user("bob", role)
    assert bob.post("/api/v1/second-factor", json={"password": PASSWORD}).status_code == 201
    key = sqlite_server.key_client(ada, *ALL)
    path = f"{USERS}/{id_of(bob)}"
    assert key.post(f"{path}/password", json={"password": "a whole new password"}).status_code == 403
    assert key.delete(f"{path}/second-factor").status_code == 403
    assert sqlite_server.log_in("bob").get("/auth/me").status_code == 200


def test_without_a_log_in_everything_is_allowed_that_needs_no_password(start_server: StartServer) -> None:
    server = start_server(auth="off")
    caller = server.new_client()
    made = caller.post(USERS, json={"username": "eve", "password": PASSWORD, "role": "admin"})
    assert made.status_code == 201
    reset = caller.post(f"{USERS}/{made.json()['user_id']}/password", json={"password": "a whole new password"})
    assert reset.status_code == 204
    own = caller.post(
        f"{USERS}/{id_of(caller)}/password", json={"password": "a whole new password", "current_password": "any"}
    )
    assert own.status_code == 409
