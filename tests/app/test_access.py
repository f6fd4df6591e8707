"""Who may use which route: one table over all of them, so that a new route needs its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from platewatch.app.main import create_app
from platewatch.settings import Settings
from tests.databases import Kind, empty_url
from tests.servers import BlindReader, Server, routes_of, started


class Caller(StrEnum):
    ANONYMOUS = "anonymous"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    KEY_READ = "key read"
    KEY_RECOGNIZE = "key recognize"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which callers pass, and the path that is asked for where it is not the route's own."""

    allowed: frozenset[Caller]
    path: str | None = None


EVERYONE = frozenset(Caller)
KNOWN = EVERYONE - {Caller.ANONYMOUS}
READERS = KNOWN - {Caller.KEY_RECOGNIZE}
RECOGNIZERS = frozenset({Caller.OPERATOR, Caller.ADMIN, Caller.KEY_RECOGNIZE})
MANAGERS = frozenset({Caller.ADMIN})
KEY_OWNERS = frozenset({Caller.VIEWER, Caller.OPERATOR, Caller.ADMIN})
NO_ROW = 999_999
UPLOADS = {"/api/v1/read", "/api/v1/sightings", "/api/upload_image"}

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/"): Rule(EVERYONE),
    ("GET", "/health"): Rule(EVERYONE),
    ("GET", "/health/live"): Rule(EVERYONE),
    ("GET", "/openapi.json"): Rule(KNOWN),
    ("GET", "/app"): Rule(EVERYONE),
    ("GET", "/app/{path:path}"): Rule(EVERYONE, "/app/"),
    ("GET", "/auth/register"): Rule(EVERYONE),
    ("POST", "/auth/register"): Rule(EVERYONE),
    ("POST", "/auth/login"): Rule(EVERYONE),
    ("POST", "/auth/logout"): Rule(KNOWN),
    ("GET", "/auth/me"): Rule(KNOWN),
    ("GET", "/api/v1/users"): Rule(MANAGERS),
    ("PATCH", "/api/v1/users/{user_id}"): Rule(MANAGERS, f"/api/v1/users/{NO_ROW}"),
    ("GET", "/api/v1/api-keys"): Rule(KEY_OWNERS),
    ("POST", "/api/v1/api-keys"): Rule(KEY_OWNERS),
    ("DELETE", "/api/v1/api-keys/{key_id}"): Rule(KEY_OWNERS, f"/api/v1/api-keys/{NO_ROW}"),
    ("POST", "/api/v1/read"): Rule(RECOGNIZERS),
    ("POST", "/api/v1/sightings"): Rule(RECOGNIZERS),
    ("GET", "/api/v1/sightings"): Rule(READERS),
    ("GET", "/api/v1/sightings/{sighting_id}"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}"),
    ("GET", "/api/v1/sightings/{sighting_id}/image"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}/image"),
    ("GET", "/api/v1/sightings/{sighting_id}/crop"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}/crop"),
    ("GET", "/api/v1/sightings/{sighting_id}/annotated"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}/annotated"),
    ("GET", "/api/v1/events"): Rule(READERS),
    ("WS", "/api/v1/live"): Rule(READERS),
    ("POST", "/api/upload_image"): Rule(RECOGNIZERS),
}


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Caller, Callable[[], TestClient]]]:
    """Makes a client of each caller, on one server for the whole table: no row of it changes anything for the next."""
    folder = tmp_path_factory.mktemp("access")
    with ExitStack() as stack:
        url = stack.enter_context(empty_url(Kind.SQLITE, folder, "access"))
        settings = Settings(data=folder, database_url=url, bcrypt_rounds=4)
        create_app(settings).state.runtime.database.migrate()
        yield _callers(stack.enter_context(started(settings, BlindReader())))


def _callers(server: Server) -> dict[Caller, Callable[[], TestClient]]:
    admin = server.admin()
    server.user("vera", "viewer")
    server.user("otto", "operator")
    key_read, key_recognize = server.key_client(admin, "read"), server.key_client(admin, "recognize")
    return {
        Caller.ANONYMOUS: server.new_client,
        Caller.VIEWER: lambda: server.log_in("vera"),
        Caller.OPERATOR: lambda: server.log_in("otto"),
        Caller.ADMIN: server.log_in,
        Caller.KEY_READ: lambda: key_read,
        Caller.KEY_RECOGNIZE: lambda: key_recognize,
    }


def status_of(client: TestClient, method: str, path: str) -> int:
    """The status of the answer to a request that nobody could use, so that only rights decide between 4xx and 4xx."""
    if method == "WS":
        try:
            # Only with the whole address the client sends its cookie.
            with client.websocket_connect(f"ws://localhost:8000{path}"):
                return HTTPStatus.SWITCHING_PROTOCOLS
        except WebSocketDenialResponse as denial:
            return denial.status_code
    # The stream of events never ends; this value is refused after the rights and before it begins.
    headers = {"Last-Event-ID": "x"} if path == "/api/v1/events" else {}
    files = {"image": b"not an image", "unknown": b"field"} if path in UPLOADS else None
    return client.request(method, path, headers=headers, files=files, follow_redirects=False).status_code


def test_every_route_has_its_row_and_every_row_its_route(tmp_path: Path) -> None:
    assert set(routes_of(create_app(Settings(data=tmp_path)))) == set(RULES)


@pytest.mark.parametrize("caller", list(Caller), ids=str)
@pytest.mark.parametrize(("route", "rule"), RULES.items(), ids=[" ".join(route) for route in RULES])
def test_a_route_lets_in_whom_its_row_names(
    callers: dict[Caller, Callable[[], TestClient]], caller: Caller, route: tuple[str, str], rule: Rule
) -> None:
    status = status_of(callers[caller](), route[0], rule.path or route[1])
    refusal = HTTPStatus.UNAUTHORIZED if caller is Caller.ANONYMOUS else HTTPStatus.FORBIDDEN
    if caller in rule.allowed:
        assert status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        assert status < HTTPStatus.INTERNAL_SERVER_ERROR or rule.path == "/app/"
    else:
        assert status == refusal
