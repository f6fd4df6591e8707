from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from platewatch.clock import SetClock
from platewatch.db.tables import ApiKeyRow
from tests.servers import Server

KEYS = "/api/v1/api-keys"
BODY = {"name": "gate controller", "scopes": ["read"]}

StartServer = Callable[..., Server]


def rows(server: Server) -> list[ApiKeyRow]:
    with server.runtime.database.reading() as session:
        return list(session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id)))


def with_key(server: Server, key: str) -> Any:
    return server.new_client(headers={"Authorization": f"Bearer {key}"})


def test_a_key_is_shown_once_and_only_its_hash_is_kept(server: Server) -> None:
    admin = server.admin()
    made = admin.post(KEYS, json={**BODY, "scopes": ["recognize", "read", "read"]})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith("pw_")
    assert made.json()["prefix"] == key[:10]
    assert made.json()["scopes"] == ["read", "recognize"]
    listed = admin.get(KEYS)
    assert [item["id"] for item in listed.json()["items"]] == [made.json()["id"]]
    assert "key" not in listed.json()["items"][0]
    assert key not in listed.text
    assert key not in str(vars(rows(server)[0]))


@pytest.mark.parametrize("header", ["Authorization", "authorization", "X-API-Key"])
def test_a_key_works_as_bearer_and_as_header_of_its_own(sqlite_server: Server, header: str) -> None:
    key = sqlite_server.admin().post(KEYS, json=BODY).json()["key"]
    value = key if header == "X-API-Key" else f"bearer {key}"
    me = sqlite_server.anonymous.get("/auth/me", headers={header: value})
    assert (me.status_code, me.json()["data"]["username"]) == (200, "ada")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer pw_wrong"},
        {"Authorization": "Basic YWRhOnNlY3JldA=="},
        {"Authorization": "Bearer "},
        {"X-API-Key": ""},
        {"X-API-Key": "pw_" + "x" * 5000},
    ],
    ids=["unknown", "another scheme", "empty bearer", "empty header", "long"],
)
def test_what_is_no_key_is_nobody(sqlite_server: Server, headers: dict[str, str]) -> None:
    sqlite_server.register()
    assert sqlite_server.anonymous.get("/auth/me", headers=headers).status_code == 401


def test_a_wrong_key_is_refused_even_beside_a_good_cookie(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    assert admin.get("/auth/me", headers={"X-API-Key": "pw_wrong"}).status_code == 401


def test_a_key_may_only_what_its_scopes_say(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    reading = sqlite_server.key_client(admin, "read")
    managing = sqlite_server.key_client(admin, "manage")
    assert reading.get("/api/v1/sightings").status_code == 200
    assert reading.get("/api/v1/users").status_code == 403
    assert managing.get("/api/v1/sightings").status_code == 403
    assert managing.get("/api/v1/users").status_code == 200


def test_me_lists_the_rights_of_the_caller(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    callers = {
        "admin": (admin, ["read", "recognize", "manage"]),
        "operator": (sqlite_server.user("olga", "operator"), ["read", "recognize"]),
        "viewer": (sqlite_server.user("vera", "viewer"), ["read"]),
        "key": (sqlite_server.key_client(admin, "recognize", "read"), ["read", "recognize"]),
    }
    listed = {name: caller.get("/auth/me").json()["data"]["scopes"] for name, (caller, _) in callers.items()}
    assert listed == {name: scopes for name, (_, scopes) in callers.items()}


def test_a_key_loses_what_its_owner_loses(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    bob = sqlite_server.user("bob", "admin")
    key = sqlite_server.key_client(bob, "manage", "read")
    user_id = bob.get("/auth/me").json()["data"]["user_id"]
    assert key.get("/api/v1/users").status_code == 200
    admin.patch(f"/api/v1/users/{user_id}", json={"role": "viewer"})
    assert key.get("/api/v1/users").status_code == 403
    assert key.get("/api/v1/sightings").status_code == 200
    admin.patch(f"/api/v1/users/{user_id}", json={"status": "disabled"})
    assert key.get("/api/v1/sightings").status_code == 401


@pytest.mark.parametrize(
    ("role", "scopes"),
    [("viewer", ["recognize"]), ("viewer", ["read", "manage"]), ("operator", ["manage"])],
    ids=["viewer recognizes", "viewer manages", "operator manages"],
)
def test_nobody_can_give_a_key_more_than_the_own_rights(sqlite_server: Server, role: str, scopes: list[str]) -> None:
    sqlite_server.admin()
    answer = sqlite_server.user("bob", role).post(KEYS, json={"name": "x", "scopes": scopes})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "scopes"
    assert rows(sqlite_server) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", KEYS, None), ("POST", KEYS, BODY), ("DELETE", f"{KEYS}/1", None)],
    ids=["list", "make", "revoke"],
)
def test_a_key_that_may_not_manage_can_not_touch_keys(
    sqlite_server: Server, method: str, path: str, body: dict[str, object] | None
) -> None:
    key = sqlite_server.key_client(sqlite_server.admin(), "read", "recognize")
    assert key.request(method, path, json=body).status_code == 403
    assert [row.revoked_at for row in rows(sqlite_server)] == [None]


def test_a_key_that_may_manage_can_make_keys(sqlite_server: Server) -> None:
    key = sqlite_server.key_client(sqlite_server.admin(), "manage")
    assert key.post(KEYS, json={"name": "child", "scopes": ["manage"]}).status_code == 201


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"name": " "}, "name", id="no name"),
        pytest.param({"name": "a\0b"}, "name", id="NUL in the name"),
        pytest.param({"name": "a" * 151}, "name", id="long name"),
        pytest.param({"scopes": []}, "scopes", id="no scope"),
        pytest.param({"scopes": ["everything"]}, "scopes.0", id="unknown scope"),
        pytest.param({"expires_at": "2026-02-28T12:00:00Z"}, "expires_at", id="ended yesterday"),
        pytest.param({"expires_at": "2026-03-01T12:00:00Z"}, "expires_at", id="ends now"),
        pytest.param({"expires_at": "2027-01-01T00:00:00"}, "expires_at", id="no time zone"),
        pytest.param({"expires": "2027-01-01T00:00:00Z"}, "expires", id="unknown field"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    start_server: StartServer, changed: dict[str, object], field: str
) -> None:
    server = start_server()
    answer = server.admin().post(KEYS, json={**BODY, **changed})
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert rows(server) == []


def test_a_key_works_until_it_expires(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    admin = server.admin()
    key = server.key_client(admin, "read", expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    clock.advance(3599)
    assert key.get("/auth/me").status_code == 200
    clock.advance(1)
    refused = key.get("/auth/me")
    assert refused.status_code == 401
    assert "expired" in refused.json()["message"]
    assert len(admin.get(KEYS).json()["items"]) == 1


def test_a_revoked_key_is_refused_at_once_and_no_longer_listed(server: Server) -> None:
    admin = server.admin()
    made = admin.post(KEYS, json=BODY).json()
    key = with_key(server, made["key"])
    assert key.get("/auth/me").status_code == 200
    answer = admin.delete(f"{KEYS}/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert key.get("/auth/me").status_code == 401
    assert admin.get(KEYS).json() == {"items": []}
    assert admin.delete(f"{KEYS}/{made['id']}").status_code == 404


def test_somebody_elses_key_is_neither_seen_nor_revoked(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    made = admin.post(KEYS, json=BODY).json()
    bob = sqlite_server.user("bob", "operator")
    assert bob.get(KEYS).json() == {"items": []}
    assert bob.delete(f"{KEYS}/{made['id']}").status_code == 404
    assert with_key(sqlite_server, made["key"]).get("/auth/me").status_code == 200


@pytest.mark.parametrize("key_id", ["0", "-1", "x", str(2**63)], ids=["zero", "negative", "word", "too large"])
def test_an_id_that_no_key_can_have_is_refused(sqlite_server: Server, key_id: str) -> None:
    assert sqlite_server.admin().delete(f"{KEYS}/{key_id}").status_code == 422


def test_the_largest_id_is_looked_for(server: Server) -> None:
    assert server.admin().delete(f"{KEYS}/{2**63 - 1}").status_code == 404


def test_the_use_of_a_key_is_noted_once_a_minute(start_server: StartServer, clock: SetClock) -> None:
    server = start_server()
    key = server.key_client(server.admin(), "read")

    def used_at_after(seconds: float) -> datetime | None:
        clock.advance(seconds)
        assert key.get("/auth/me").status_code == 200
        return rows(server)[0].last_used_at

    assert rows(server)[0].last_used_at is None
    first = used_at_after(0)
    assert first == clock.now()
    assert used_at_after(59) == first
    assert used_at_after(1) == clock.now() != first
