from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.websockets import WebSocketDisconnect

from platewatch.clock import SetClock
from tests.app.logfiles import read_log
from tests.servers import Server

StartServer = Callable[..., Server]

OURS = "http://localhost:8000"
FOREIGN = "https://evil.example.com"


def test_a_given_request_id_is_kept(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.get("/health/live", headers={"X-Request-ID": "proxy-1.b_C2"})
    assert answer.headers["x-request-id"] == "proxy-1.b_C2"


@pytest.mark.parametrize(
    "given",
    ["", "short", "x" * 65, "with space", 'quote"quote', "slash/slash", "umlaut-\u00e4\u00e4"],
    ids=["empty", "short", "long", "space", "quote", "slash", "not ASCII"],
)
def test_an_id_that_could_confuse_the_logs_is_replaced(sqlite_server: Server, given: str) -> None:
    answer = sqlite_server.anonymous.get("/health/live", headers={b"X-Request-ID": given.encode("latin-1")})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 16


def test_each_request_has_an_id_of_its_own(sqlite_server: Server) -> None:
    ids = {sqlite_server.anonymous.get("/health/live").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


def test_each_request_leaves_one_line_in_the_access_log(
    start_server: StartServer, log_folder: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server()
    monkeypatch.setattr("platewatch.users.service.UserService.any_account", lambda _self: clock.advance(0.25))
    answer = server.anonymous.get("/auth/register?token=secret", headers={"X-Request-ID": "request-1"})
    assert answer.status_code == 200
    (line,) = read_log(log_folder / "access.log")
    expected = {
        "event": "request",
        "method": "GET",
        "path": "/auth/register",
        "status": 200,
        "ms": 250.0,
        "client": "127.0.0.1",
        "request_id": "request-1",
    }
    assert {name: line[name] for name in expected} == expected
    assert "secret" not in str(line)


def test_a_refused_request_is_in_the_access_log_too(sqlite_server: Server, log_folder: Path) -> None:
    sqlite_server.anonymous.get("/auth/me")
    sqlite_server.anonymous.post("/auth/login", headers={"Origin": FOREIGN})
    assert [line["status"] for line in read_log(log_folder / "access.log")] == [401, 403]


@pytest.mark.parametrize("path", ["/", "/health/live", "/nowhere", "/auth/me", "/app/"])
def test_every_answer_has_the_safe_headers(sqlite_server: Server, path: str) -> None:
    headers = sqlite_server.anonymous.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


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
