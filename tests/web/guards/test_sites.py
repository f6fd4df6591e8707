"""What another site's page can do with a visitor's log-in cookie, and what it can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.servers import Server

StartServer = Callable[..., Server]
OURS = "http://localhost:8000"
FOREIGN = "https://evil.example.com"
KEY = {"name": "x", "scopes": ["read"]}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        pytest.param(None, 201, id="no origin, as programs send"),
        pytest.param(OURS, 201, id="our own page"),
        pytest.param("http://LOCALHOST:8000", 201, id="our own page in capitals"),
        pytest.param("https://panel.example.com", 201, id="an allowed page"),
        pytest.param(FOREIGN, 403, id="another site"),
        pytest.param("http://localhost:9000", 403, id="another port"),
        pytest.param("https://panel.example.com.evil.example", 403, id="an allowed name as the beginning"),
        pytest.param("null", 403, id="a page without an origin"),
        pytest.param("", 403, id="an empty origin"),
    ],
)
def test_with_the_cookie_only_our_own_and_allowed_pages_can_change_things(
    start_server: StartServer, origin: str | None, status: int
) -> None:
    admin = start_server(allowed_origins="https://panel.example.com/, https://other.example.com").admin()
    headers = {} if origin is None else {"Origin": origin}
    answer = admin.post("/api/v1/api-keys", json={"name": "x", "scopes": ["read"]}, headers=headers)
    assert answer.status_code == status, answer.text
    made = admin.get("/api/v1/api-keys").json()["items"]
    assert len(made) == (1 if status == 201 else 0)


def test_the_refusal_is_a_problem_that_names_the_setting(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/v1/api-keys", json={}, headers={"Origin": FOREIGN})
    assert answer.headers["content-type"] == "application/problem+json"
    assert "PLATEWATCH_ALLOWED_ORIGINS" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
def test_another_site_can_not_log_visitors_in_or_register(sqlite_server: Server, path: str) -> None:
    body = {"username": "eve", "password": "correct horse battery"}
    answer = sqlite_server.anonymous.post(path, json=body, headers={"Origin": FOREIGN})
    assert (answer.status_code, answer.json()["success"]) == (403, False)
    assert sqlite_server.runtime.first_account_missing()


def test_another_sites_page_may_use_a_key_since_it_can_not_steal_one(sqlite_server: Server) -> None:
    key = sqlite_server.key_client(sqlite_server.admin(), "manage")
    answer = key.post("/api/v1/api-keys", json={"name": "x", "scopes": ["manage"]}, headers={"Origin": FOREIGN})
    assert answer.status_code == 201


def test_looking_is_not_refused_by_origin(sqlite_server: Server) -> None:
    assert sqlite_server.admin().get("/auth/me", headers={"Origin": FOREIGN}).status_code == 200


@pytest.mark.parametrize(("origin", "passes"), [(OURS, True), (FOREIGN, False)], ids=["ours", "another site"])
def test_only_our_own_page_can_listen_with_the_cookie(sqlite_server: Server, origin: str, *, passes: bool) -> None:
    admin = sqlite_server.admin()
    url = "ws://localhost:8000/api/v1/live"
    if passes:
        with admin.websocket_connect(url, headers={"Origin": origin}) as socket:
            socket.close()
        return
    with (
        pytest.raises(WebSocketDisconnect) as caught,
        admin.websocket_connect(url, headers={"Origin": origin}),
    ):
        pass
    assert caught.value.code == 1008


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("same-origin", 201), ("none", 201)],
)
def test_a_browser_that_names_no_origin_still_tells_of_another_site(
    sqlite_server: Server, site: str, status: int
) -> None:
    admin = sqlite_server.admin()
    assert admin.post("/api/v1/api-keys", json=KEY, headers={"Sec-Fetch-Site": site}).status_code == status


@pytest.mark.parametrize(
    "origin", ["http://[", "http://", "//", "http://localhost:8000@evil.example", "http://localhost:8000.evil"]
)
def test_an_origin_that_is_no_address_is_foreign(sqlite_server: Server, origin: str) -> None:
    admin = sqlite_server.admin()
    assert admin.post("/api/v1/api-keys", json=KEY, headers={"Origin": origin}).status_code == 403


def test_a_form_of_another_site_is_refused_whatever_its_kind(sqlite_server: Server) -> None:
    """The kinds that a browser sends across sites without asking first."""
    admin = sqlite_server.admin()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"Origin": FOREIGN, "Content-Type": kind}
        assert (
            admin.post("/auth/update/username", content=b'{"new_username": "eve"}', headers=headers).status_code == 403
        )
    assert admin.get("/auth/me").json()["data"]["username"] == "ada"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_counts_only_as_json(sqlite_server: Server, kind: str) -> None:
    admin = sqlite_server.admin()
    headers = {"Content-Type": kind} if kind else {}
    answer = admin.post("/auth/update/username", content=b'{"new_username": "eve"}', headers=headers)
    assert answer.status_code == 422


def preflight(client: TestClient, origin: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "X-API-Key, Content-Type",
    }
    return client.options("/api/v1/sightings", headers=headers)


def test_by_default_no_other_site_may_read_anything(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    assert "access-control-allow-origin" not in preflight(admin, FOREIGN).headers
    assert "access-control-allow-origin" not in admin.get("/auth/me", headers={"Origin": FOREIGN}).headers


def test_named_sites_may_and_others_still_not(start_server: StartServer) -> None:
    panel = "https://panel.example.com"
    admin = start_server(allowed_origins=panel).admin()
    asked = preflight(admin, panel)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, panel)
    assert asked.headers["access-control-allow-credentials"] == "true"
    assert preflight(admin, FOREIGN).status_code == 400
    read = admin.get("/auth/me", headers={"Origin": panel})
    assert read.headers["access-control-allow-origin"] == panel
    assert "RateLimit-Remaining" in read.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in admin.get("/auth/me", headers={"Origin": FOREIGN}).headers


def test_a_named_site_can_read_why_it_was_refused(start_server: StartServer) -> None:
    panel = "https://panel.example.com"
    server = start_server(allowed_origins=panel, rate_limit_anonymous=1)
    server.anonymous.get("/auth/register")
    refused = server.anonymous.get("/auth/register", headers={"Origin": panel})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (429, panel)
