from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from platewatch.clock import SetClock
from tests.app.logfiles import read_log
from tests.servers import Server

StartServer = Callable[..., Server]

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
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(
    ("path", "kept"), [("/auth/register", "no-store"), ("/api/v1/users", "no-store"), ("/health", None)]
)
def test_what_is_private_is_not_kept_by_browsers(sqlite_server: Server, path: str, kept: str | None) -> None:
    assert sqlite_server.admin().get(path).headers.get("cache-control") == kept


@pytest.mark.parametrize(("base_url", "told"), [("https://plates.example.com", True), ("http://localhost", False)])
def test_browsers_are_asked_to_stay_with_encryption_where_there_is_any(
    sqlite_server: Server, base_url: str, told: bool
) -> None:
    headers = sqlite_server.new_client(base_url=base_url).get("/health/live").headers
    assert ("strict-transport-security" in headers) is told


def test_a_websockets_line_says_whether_it_opened(sqlite_server: Server, log_folder: Path) -> None:
    admin = sqlite_server.admin()
    url = "ws://localhost:8000/api/v1/live"
    with admin.websocket_connect(url) as socket:
        socket.close()
    with pytest.raises(WebSocketDenialResponse), sqlite_server.new_client().websocket_connect(url):
        pass
    with pytest.raises(WebSocketDisconnect), admin.websocket_connect(url, headers={"Origin": FOREIGN}):
        pass
    lines = [line for line in read_log(log_folder / "access.log") if line["method"] == "WEBSOCKET"]
    assert [line["status"] for line in lines] == [101, 401, 403]
