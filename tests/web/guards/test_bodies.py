"""How much of a body is taken, and from whom."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError
from starlette.types import Message

from platewatch.web.guards import MAX_JSON_BYTES, MAX_PUBLIC_BYTES, BodyLimits
from tests.servers import Server

KEY = {"name": "x", "scopes": ["read"]}


class Body:
    """A body that is never taken whole, and that counts what was taken."""

    def __init__(self, part: bytes = b"x" * 65536, parts: int = 10_000) -> None:
        self.part, self.parts, self.taken = part, parts, 0

    async def receive(self) -> Message:
        self.taken += 1
        return {"type": "http.request", "body": self.part, "more_body": self.taken < self.parts}


def send(server: Server, path: str, body: Body, headers: dict[str, str]) -> int:
    """The status of the answer to this body, which is taken piece by piece as the app asks for it."""
    status: list[int] = []

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 5000),
        "server": ("localhost", 8000),
    }
    asyncio.run(server.app(scope, body.receive, note))
    return status[0]


UPLOAD = {"Host": "localhost", "Content-Type": "multipart/form-data; boundary=x"}
UPLOAD_PATHS = ["/api/v1/read", "/api/v1/sightings", "/api/upload_image"]


@pytest.mark.parametrize("path", UPLOAD_PATHS)
@pytest.mark.parametrize("credentials", [{}, {"X-API-Key": "pw_guess"}, {"Cookie": "platewatch_session=x"}], ids=str)
def test_not_a_byte_of_an_upload_is_taken_from_strangers(
    sqlite_server: Server, path: str, credentials: dict[str, str]
) -> None:
    body = Body()
    assert send(sqlite_server, path, body, UPLOAD | credentials) == 401
    assert body.taken == 0


@pytest.mark.parametrize("path", UPLOAD_PATHS)
def test_not_a_byte_of_an_upload_is_taken_from_who_may_not_upload(sqlite_server: Server, path: str) -> None:
    key = sqlite_server.admin().post("/api/v1/api-keys", json=KEY).json()["key"]
    body = Body()
    assert send(sqlite_server, path, body, UPLOAD | {"X-API-Key": key}) == 403
    assert body.taken == 0


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
def test_strangers_can_send_little(sqlite_server: Server, path: str, kind: str) -> None:
    body = Body(b"x" * 1000)
    assert send(sqlite_server, path, body, {"Host": "localhost", "Content-Type": kind}) == 413
    assert body.taken <= MAX_PUBLIC_BYTES // 1000 + 1


def test_a_length_that_is_declared_is_believed_before_anything_is_taken(sqlite_server: Server) -> None:
    body = Body()
    headers = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(MAX_PUBLIC_BYTES + 1)}
    assert send(sqlite_server, "/auth/login", body, headers) == 413
    assert body.taken == 0


@pytest.mark.parametrize("told", ["-1", "1e9", "9" * 400, "\u0664\u0665", "x"])
def test_a_length_that_is_no_number_changes_nothing(sqlite_server: Server, told: str) -> None:
    answer = sqlite_server.anonymous.post(
        "/auth/login", json={"username": "x", "password": "y"}, headers={b"Content-Length": told.encode()}
    )
    assert answer.status_code == 401


def test_json_of_users_is_bounded_too(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    whole = admin.post("/api/v1/api-keys", json=KEY | {"name": "x" * MAX_JSON_BYTES})
    assert (whole.status_code, whole.headers["content-type"]) == (413, "application/problem+json")
    assert admin.post("/api/v1/api-keys", json=KEY | {"name": "x" * 10_000}).status_code == 422


@pytest.mark.parametrize(
    ("content_type", "limit"),
    [
        ("application/json", 10),
        ("Application/JSON; charset=utf-8", 10),
        ("application/merge-patch+json", 10),
        ("multipart/form-data; boundary=json", 100),
        ("", 100),
    ],
)
def test_json_has_a_limit_of_its_own(content_type: str, limit: int) -> None:
    assert BodyLimits(100, json=10).of(content_type) == limit


def test_the_json_limit_is_never_above_the_whole_one() -> None:
    assert BodyLimits(5, json=10).of("application/json") == 5


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b"9" * 100_000, b"[" * 500 + b"]" * 500],
    ids=["open lists", "objects", "a long number", "lists"],
)
def test_deep_and_strange_json_is_refused_as_any_other(sqlite_server: Server, content: bytes) -> None:
    admin = sqlite_server.admin()
    answer = admin.post("/api/v1/api-keys", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert len(answer.content) < 2000


@pytest.mark.usefixtures("log_folder")
def test_an_error_of_the_server_while_it_judges_is_not_told_as_a_bad_body(
    sqlite_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = sqlite_server.admin()
    failing: list[Exception] = [ZeroDivisionError("inner state"), OperationalError("SELECT", {}, Exception("gone"))]

    def fail(*_: object) -> None:
        raise failing[-1]

    monkeypatch.setattr("platewatch.web.callers.SessionService.principal", fail)
    away = admin.post("/api/v1/api-keys", json=KEY)
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    failing.pop()
    crashed = admin.post("/api/v1/api-keys", json=KEY)
    assert crashed.status_code == 500
    assert "inner state" not in crashed.text
