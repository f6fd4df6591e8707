"""Attacks that are tried on every server: injection, strange texts, ids of others, old and stolen credentials."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from platewatch.clock import SetClock
from platewatch.db.tables import UserRow
from tests.servers import PASSWORD, Server

StartServer = Callable[..., Server]

SQL = ["' OR '1'='1", "1; DROP TABLE users--", '" OR ""="', "ada'/*", "\\' OR 1=1#", "%' AND 1=CAST(1 AS INT)--", "$$;"]
PATHS = ["..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "....//....//etc/passwd", "%00", "/etc/passwd", "C:\\x"]
STRANGE = [
    "\0",
    "a\0b",
    "\ud800",
    "\u202egnp.exe",
    "🚗" * 50,
    "e\u0301" * 30,
    "ﬃ",
    "A" * 10_000,
    "\r\nSet-Cookie: x=y",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "\u0130\u0131\u017f\u212a",
]


def users(server: Server) -> int:
    with server.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(UserRow)) or 0


@pytest.mark.parametrize("text", SQL)
def test_a_log_in_is_not_talked_into_by_sql(server: Server, text: str) -> None:
    server.register()
    for body in ({"username": text, "password": PASSWORD}, {"username": "ada", "password": text}):
        assert server.new_client().post("/auth/login", json=body).status_code == 401
    assert users(server) == 1


@pytest.mark.parametrize("text", SQL)
def test_keys_cookies_and_cursors_are_not_sql(server: Server, text: str) -> None:
    admin = server.admin()
    cookie = server.new_client(headers={"Cookie": f"platewatch_session={quote(text)}"})
    assert server.anonymous.get("/auth/me", headers={"X-API-Key": text}).status_code == 401
    assert cookie.get("/auth/me").status_code == 401
    assert admin.get("/api/v1/audit", params={"cursor": text}).status_code == 422
    assert admin.get("/api/v1/audit", params={"subject": text}).json()["items"] == []
    assert admin.get("/api/v1/sightings", params={"plate": text}).status_code in {200, 422}
    assert users(server) == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("root", ["/app/", "/app/assets/", "/api/docs/", "/api/v1/sightings/"])
def test_no_path_leads_to_another_file(sqlite_server: Server, root: str, path: str) -> None:
    answer = sqlite_server.admin().get(f"{root}{path}")
    assert answer.status_code < 500 or root.startswith("/app/"), "503 where the dashboard is not built"
    assert "root:" not in answer.text


@pytest.mark.parametrize("text", STRANGE, ids=ascii)
def test_strange_texts_are_names_or_refused_and_come_back_as_they_were(server: Server, text: str) -> None:
    admin = server.admin()
    body = {"username": text, "password": PASSWORD}
    made = post_json(admin, "/api/v1/users", body)
    assert made.status_code in {201, 409, 422}, made.text
    if made.status_code == 201:
        assert made.json()["username"] == text.strip()
        assert server.new_client().post("/auth/login", json=body).status_code == 200
    assert "set-cookie" not in made.headers
    for path in ("/api/v1/audit", "/api/v1/users", "/api/v1/audit/export"):
        assert admin.get(path).status_code == 200


def post_json(client: TestClient, path: str, body: dict[str, Any]) -> Any:
    """Sent as ASCII, in which JSON can say what UTF-8 can't."""
    return client.post(path, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "value", [None, True, 7, -1.5, 1e400, [], {}, [[]], "", "null", {"$ne": ""}, ["ada"]], ids=repr
)
@pytest.mark.parametrize("field", ["username", "password"])
def test_wrong_types_do_not_log_in(sqlite_server: Server, field: str, value: Any) -> None:
    sqlite_server.register()
    body = {"username": "ada", "password": PASSWORD} | {field: value}
    answer = post_json(sqlite_server.new_client(), "/auth/login", body)
    assert answer.status_code in {400, 401, 422}
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("name", ["Ada", "\uff41\uff44\uff41", "ADA", " ada", "ada\u200b"], ids=ascii)
def test_a_name_that_looks_like_the_administrators_is_taken(sqlite_server: Server, name: str) -> None:
    admin = sqlite_server.admin()
    made = admin.post("/api/v1/users", json={"username": name, "password": "another password", "role": "viewer"})
    assert made.status_code == 409
    assert admin.get("/auth/me").json()["data"]["role"] == "admin"


def test_ids_of_others_are_as_unknown_as_ids_of_nobody(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    key = admin.post("/api/v1/api-keys", json={"name": "x", "scopes": ["read"]}).json()["id"]
    session = admin.get("/api/v1/sessions").json()["items"][0]["id"]
    bob = sqlite_server.user("bob")
    for path, theirs in (("/api/v1/api-keys", key), ("/api/v1/sessions", session)):
        refused, unknown = bob.delete(f"{path}/{theirs}"), bob.delete(f"{path}/999999")
        assert (refused.status_code, unknown.status_code) == (404, 404)
        assert refused.json()["detail"].replace(str(theirs), "999999") == unknown.json()["detail"]
    assert admin.get("/auth/me").status_code == 200


@pytest.mark.parametrize("ending", ["log out", "disable", "expire", "password", "revoke"])
def test_a_session_that_ended_stays_ended(start_server: StartServer, clock: SetClock, ending: str) -> None:
    server = start_server(session_hours=1)
    admin, bob = server.admin(), server.user("bob")
    stolen = server.new_client(cookies={"platewatch_session": bob.cookies["platewatch_session"]})
    assert stolen.get("/auth/me").status_code == 200
    user = f"/api/v1/users/{stolen.get('/auth/me').json()['data']['user_id']}"
    if ending == "log out":
        bob.post("/auth/logout")
    elif ending == "disable":
        admin.patch(user, json={"status": "disabled"})
        admin.patch(user, json={"status": "active"})
    elif ending == "expire":
        clock.advance(3600)
    elif ending == "password":
        admin.post(f"{user}/password", json={"password": "a whole new password"})
    else:
        admin.delete(f"{user}/sessions")
    for path in ("/auth/me", "/api/v1/sightings", "/api/v1/sessions", "/openapi.json"):
        assert stolen.get(path).status_code == 401
    assert stolen.post("/api/v1/api-keys", json={"name": "x", "scopes": ["read"]}).status_code == 401


def test_a_log_in_sent_again_makes_a_session_of_its_own(sqlite_server: Server) -> None:
    """An answer that was overheard is worth no more than its one cookie, and each cookie ends alone."""
    sqlite_server.register()
    first, second = sqlite_server.log_in(), sqlite_server.log_in()
    assert first.cookies["platewatch_session"] != second.cookies["platewatch_session"]
    first.post("/auth/logout")
    assert second.get("/auth/me").status_code == 200


def test_a_cookie_from_before_the_log_in_is_not_taken_over(sqlite_server: Server) -> None:
    sqlite_server.register()
    victim = sqlite_server.new_client(cookies={"platewatch_session": "chosen-by-the-attacker"})
    victim.post("/auth/login", json={"username": "ada", "password": PASSWORD})
    attacker = sqlite_server.new_client(cookies={"platewatch_session": "chosen-by-the-attacker"})
    assert attacker.get("/auth/me").status_code == 401


def test_both_good_and_bad_credentials_are_not_added_up(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    viewer = sqlite_server.key_client(admin, "read")
    viewer.cookies.set("platewatch_session", admin.cookies["platewatch_session"])
    assert viewer.get("/api/v1/users").status_code == 403, "the key decides, not the cookie beside it"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "X" * 100])
def test_unusual_methods_are_refused(sqlite_server: Server, method: str) -> None:
    answer = sqlite_server.anonymous.request(method, "/api/v1/users")
    assert answer.status_code in {401, 404, 405}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Original-URL": "/api/v1/users", "X-Rewrite-URL": "/api/v1/users"},
        {"Authorization": "Bearer " + "x" * 60_000},
        {"Cookie": "platewatch_session=" + "x" * 60_000},
        {"Accept-Language": "x" * 60_000},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_open_nothing(sqlite_server: Server, headers: dict[str, str]) -> None:
    sqlite_server.register()
    assert sqlite_server.new_client(headers=headers).get("/api/v1/users").status_code == 401
