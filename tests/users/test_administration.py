"""What administrators do with the accounts of others."""

from __future__ import annotations

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


def test_who_resets_the_own_password_stays_logged_in_here(sqlite_server: Server) -> None:
    ada, elsewhere = sqlite_server.admin(), sqlite_server.log_in()
    assert ada.post(f"{USERS}/{id_of(ada)}/password", json={"password": NEW}).status_code == 204
    assert (ada.get("/auth/me").status_code, elsewhere.get("/auth/me").status_code) == (200, 401)


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
