"""What administrators do with the accounts of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.servers import PASSWORD, Server

USERS = "/api/v1/users"
NEW = "a whole new password"


def id_of(client: TestClient) -> int:
    user_id: int = client.get("/auth/me").json()["data"]["user_id"]
    return user_id


def made(admin: TestClient, **changed: Any) -> Any:
    return admin.post(USERS, json={"username": "bob", "password": PASSWORD, "role": "viewer", **changed})


@pytest.mark.parametrize("role", ["admin", "operator", "viewer"])
def test_an_account_that_was_made_can_be_used_at_once(server: Server, role: str) -> None:
    answer = made(server.admin(), role=role)
    assert answer.status_code == 201
    assert (answer.json()["role"], answer.json()["status"]) == (role, "active")
    assert server.log_in("bob").get("/auth/me").json()["data"]["role"] == role


def test_accounts_can_be_made_where_registration_is_closed(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    sqlite_server.runtime.settings.registration = "closed"
    assert sqlite_server.register("eve").status_code == 403
    assert made(ada).status_code == 201


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"username": "ada"}, 409),
        ({"username": "ADA "}, 409),
        ({"username": "\x01local"}, 422),
        ({"password": "short"}, 422),
        ({"password": "qwertyuiop"}, 422),
        ({"role": "emperor"}, 422),
        ({"status": "active"}, 422),
        ({"is_first": True}, 422),
    ],
    ids=str,
)
def test_an_account_that_can_not_be_is_not_made(sqlite_server: Server, changed: dict[str, object], status: int) -> None:
    ada = sqlite_server.admin()
    assert made(ada, **changed).status_code == status
    assert len(ada.get(USERS).json()["items"]) == 1


def test_one_account_can_be_looked_at(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    assert ada.get(f"{USERS}/{id_of(ada)}").json() == ada.get(USERS).json()["items"][0]
    assert ada.get(f"{USERS}/999999").status_code == 404


def test_a_reset_password_ends_all_sessions_and_works(server: Server) -> None:
    ada, bob = server.admin(), server.user("bob")
    assert ada.post(f"{USERS}/{id_of(bob)}/password", json={"password": NEW}).status_code == 204
    assert bob.get("/auth/me").status_code == 401
    assert server.log_in("bob", NEW).get("/auth/me").status_code == 200


def test_who_resets_the_own_password_proves_the_old_one_and_stays_logged_in_here(server: Server) -> None:
    ada, elsewhere = server.admin(), server.log_in()
    body = {"password": NEW, "current_password": PASSWORD}
    assert ada.post(f"{USERS}/{id_of(ada)}/password", json=body).status_code == 204
    assert (ada.get("/auth/me").status_code, elsewhere.get("/auth/me").status_code) == (200, 401)
    assert server.log_in("ada", NEW).get("/auth/me").status_code == 200


@pytest.mark.parametrize("proof", [{}, {"current_password": None}, {"current_password": "wrong password"}], ids=str)
@pytest.mark.parametrize("by", ["session", "key"])
def test_the_own_password_is_not_reset_without_the_old_one(
    sqlite_server: Server, by: str, proof: dict[str, object]
) -> None:
    ada = sqlite_server.admin()
    caller = ada if by == "session" else sqlite_server.key_client(ada, "manage")
    answer = caller.post(f"{USERS}/{id_of(ada)}/password", json={"password": NEW, **proof})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "current_password")
    assert sqlite_server.log_in("ada", PASSWORD).get("/auth/me").status_code == 200


def test_the_own_password_can_not_be_guessed_there(start_server: Callable[..., Server]) -> None:
    server = start_server(login_failures=3)
    ada = server.admin()
    path = f"{USERS}/{id_of(ada)}/password"
    guesses = [ada.post(path, json={"password": NEW, "current_password": f"guess {n}"}).status_code for n in range(5)]
    assert guesses == [422, 422, 422, 429, 429]


@pytest.mark.parametrize(
    ("method", "path", "way"),
    [
        ("DELETE", "", "/auth/delete"),
        ("DELETE", "/second-factor", "/api/v1/second-factor/disable"),
    ],
    ids=["account", "second factor"],
)
def test_what_asks_for_the_password_elsewhere_is_not_done_to_the_own_account_here(
    sqlite_server: Server, method: str, path: str, way: str
) -> None:
    ada = sqlite_server.admin()
    sqlite_server.user("eve", "admin")
    answer = ada.request(method, f"{USERS}/{id_of(ada)}{path}")
    assert answer.status_code == 403
    assert way in answer.json()["detail"]
    assert ada.get("/auth/me").status_code == 200


@pytest.mark.parametrize(
    ("body", "works"),
    [({}, 401), ({"revoke_api_keys": True}, 401), ({"revoke_api_keys": False}, 200)],
    ids=["by default", "said so", "not meant"],
)
def test_keys_end_with_a_password_that_an_administrator_resets(
    server: Server, body: dict[str, bool], works: int
) -> None:
    ada, bob = server.admin(), server.user("bob")
    keys = [server.key_client(bob, "read"), server.key_client(bob, "recognize")]
    assert ada.post(f"{USERS}/{id_of(bob)}/password", json={"password": NEW, **body}).status_code == 204
    assert [key.get("/auth/me").status_code for key in keys] == [works] * 2
    note = ada.get("/api/v1/audit", params={"action": "password.reset"}).json()["items"][0]
    assert note["details"] == {"api_keys_revoked": 2 if works == 401 else 0}


@pytest.mark.parametrize(
    ("body", "works"),
    [({}, 200), ({"revoke_api_keys": False}, 200), ({"revoke_api_keys": True}, 401)],
    ids=["by default", "not meant", "said so"],
)
def test_own_keys_end_with_the_own_password_if_that_is_said(
    sqlite_server: Server, body: dict[str, bool], works: int
) -> None:
    ada = sqlite_server.admin()
    key = sqlite_server.key_client(ada, "read")
    proof = {"password": NEW, "current_password": PASSWORD}
    assert ada.post(f"{USERS}/{id_of(ada)}/password", json={**proof, **body}).status_code == 204
    assert key.get("/auth/me").status_code == works


def test_a_deleted_account_is_gone_with_its_sessions_and_keys(server: Server) -> None:
    ada, bob = server.admin(), server.user("bob")
    key = server.key_client(bob, "read")
    assert ada.delete(f"{USERS}/{id_of(bob)}").status_code == 204
    assert bob.get("/auth/me").status_code == key.get("/auth/me").status_code == 401
    assert [item["username"] for item in ada.get(USERS).json()["items"]] == ["ada"]


def test_the_last_administrator_can_not_be_deleted_while_others_are_there(sqlite_server: Server) -> None:
    ada = sqlite_server.admin()
    sqlite_server.user("bob")
    assert ada.delete(f"{USERS}/{id_of(ada)}").status_code == 409


def test_keys_of_others_are_seen_and_revoked(sqlite_server: Server) -> None:
    ada, bob = sqlite_server.admin(), sqlite_server.user("bob")
    key = sqlite_server.key_client(bob, "read")
    (listed,) = ada.get(f"{USERS}/{id_of(bob)}/api-keys").json()["items"]
    assert "key" not in listed
    assert ada.delete(f"/api/v1/api-keys/{listed['id']}").status_code == 204
    assert key.get("/auth/me").status_code == 401


def test_the_number_of_keys_is_bounded(sqlite_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platewatch.users.keys.MAX_PER_USER", 2)
    ada = sqlite_server.admin()
    body = {"name": "x", "scopes": ["read"]}
    assert [ada.post("/api/v1/api-keys", json=body).status_code for _ in range(3)] == [201, 201, 409]


@pytest.mark.parametrize("path", ["password", "sessions", "second-factor", "api-keys", ""])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_an_operator_can_do_nothing_of_it(sqlite_server: Server, method: str, path: str) -> None:
    ada = sqlite_server.admin()
    bob = sqlite_server.user("bob")
    address = f"{USERS}/{id_of(ada)}/{path}".rstrip("/")
    assert bob.request(method, address, json={"password": NEW}).status_code in {403, 405}
    assert ada.get("/auth/me").json()["data"]["role"] == "admin"


def test_everything_is_in_the_audit_log(server: Server) -> None:
    ada = server.admin()
    user_id = made(ada).json()["user_id"]
    server.log_in("bob").post("/auth/logout")
    ada.patch(f"{USERS}/{user_id}", json={"role": "operator"})
    ada.post(f"{USERS}/{user_id}/password", json={"password": NEW})
    ada.delete(f"{USERS}/{user_id}/sessions")
    server.log_in("bob", NEW).post("/api/v1/second-factor", json={"password": NEW})
    ada.delete(f"{USERS}/{user_id}/second-factor")
    key = ada.post("/api/v1/api-keys", json={"name": "gate", "scopes": ["read"]}).json()
    ada.delete(f"/api/v1/api-keys/{key['id']}")
    ada.delete(f"{USERS}/{user_id}")
    items = ada.get("/api/v1/audit").json()["items"]
    assert [item["action"] for item in reversed(items)] == [
        "user.registered",
        "login.succeeded",
        "user.created",
        "login.succeeded",
        "logout",
        "user.updated",
        "password.reset",
        "session.revoked",
        "login.succeeded",
        "second_factor.disabled",
        "api_key.created",
        "api_key.revoked",
        "user.deleted",
    ]
    assert {item["address"] for item in items} == {"127.0.0.1"}
    assert all(secret not in str(items) for secret in (PASSWORD, NEW, key["key"]))
    updated = next(item for item in items if item["action"] == "user.updated")
    assert (updated["username"], updated["subject"], updated["details"]) == (
        "ada",
        f"user {user_id}",
        {"role": "operator"},
    )
