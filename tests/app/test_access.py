"""Who may use which route: one table over all of them, so that a new route needs its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from platewatch.app.main import create_app
from platewatch.settings import Settings
from tests.databases import Kind, empty_url
from tests.servers import BlindReader, Server, migrate, routes_of, started


class Caller(StrEnum):
    ANONYMOUS = "anonymous"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    KEY_READ = "key read"
    KEY_RECOGNIZE = "key recognize"
    KEY_MANAGE = "key manage"
    REVOKED_KEY = "revoked key"
    ENDED_SESSION = "ended session"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which callers pass, and the path that is asked for where it is not the route's own."""

    allowed: frozenset[Caller]
    path: str | None = None


EVERYONE = frozenset(Caller)
STRANGERS = frozenset({Caller.ANONYMOUS, Caller.REVOKED_KEY, Caller.ENDED_SESSION})
KNOWN = EVERYONE - STRANGERS
READERS = KNOWN - {Caller.KEY_RECOGNIZE, Caller.KEY_MANAGE}
RECOGNIZERS = frozenset({Caller.OPERATOR, Caller.ADMIN, Caller.KEY_RECOGNIZE})
MANAGERS = frozenset({Caller.ADMIN, Caller.KEY_MANAGE})
KEY_OWNERS = frozenset({Caller.VIEWER, Caller.OPERATOR, Caller.ADMIN, Caller.KEY_MANAGE})
NO_ROW = 999_999
USER = f"/api/v1/users/{NO_ROW}"
LISTED = f"/api/v1/watchlists/{NO_ROW}/entries"
UPLOADS = {
    "/api/v1/read",
    "/api/v1/sightings",
    "/api/upload_image",
    "/detect_image",
    "/detection",
    "/ocr",
    "/verification",
}

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/"): Rule(EVERYONE),
    ("GET", "/health"): Rule(EVERYONE),
    ("GET", "/health/live"): Rule(EVERYONE),
    ("GET", "/openapi.json"): Rule(KNOWN),
    ("GET", "/api/docs"): Rule(KNOWN),
    ("GET", "/api/docs/start.js"): Rule(EVERYONE),
    ("GET", "/api/docs/{name}"): Rule(EVERYONE, "/api/docs/swagger-ui.css"),
    ("GET", "/app"): Rule(EVERYONE),
    ("GET", "/app/{path:path}"): Rule(EVERYONE, "/app/"),
    ("GET", "/auth/register"): Rule(EVERYONE),
    ("POST", "/auth/register"): Rule(EVERYONE),
    ("POST", "/auth/login"): Rule(EVERYONE),
    ("POST", "/auth/logout"): Rule(KNOWN),
    ("GET", "/auth/me"): Rule(KNOWN),
    ("POST", "/auth/update/username"): Rule(KEY_OWNERS),
    ("POST", "/auth/update/password"): Rule(KEY_OWNERS),
    ("POST", "/auth/delete"): Rule(KEY_OWNERS),
    ("GET", "/api/v1/regions"): Rule(READERS),
    ("GET", "/api/v1/settings"): Rule(READERS),
    ("PATCH", "/api/v1/settings"): Rule(MANAGERS),
    ("GET", "/api/v1/users"): Rule(MANAGERS),
    ("POST", "/api/v1/users"): Rule(MANAGERS),
    ("GET", "/api/v1/users/{user_id}"): Rule(MANAGERS, USER),
    ("PATCH", "/api/v1/users/{user_id}"): Rule(MANAGERS, USER),
    ("DELETE", "/api/v1/users/{user_id}"): Rule(MANAGERS, USER),
    ("POST", "/api/v1/users/{user_id}/password"): Rule(MANAGERS, f"{USER}/password"),
    ("DELETE", "/api/v1/users/{user_id}/second-factor"): Rule(MANAGERS, f"{USER}/second-factor"),
    ("GET", "/api/v1/users/{user_id}/sessions"): Rule(MANAGERS, f"{USER}/sessions"),
    ("DELETE", "/api/v1/users/{user_id}/sessions"): Rule(MANAGERS, f"{USER}/sessions"),
    ("GET", "/api/v1/users/{user_id}/api-keys"): Rule(MANAGERS, f"{USER}/api-keys"),
    ("GET", "/api/v1/sessions"): Rule(KEY_OWNERS),
    ("DELETE", "/api/v1/sessions"): Rule(KEY_OWNERS),
    ("DELETE", "/api/v1/sessions/{session_id}"): Rule(KEY_OWNERS, f"/api/v1/sessions/{NO_ROW}"),
    ("GET", "/api/v1/second-factor"): Rule(KEY_OWNERS),
    ("POST", "/api/v1/second-factor"): Rule(KEY_OWNERS),
    ("POST", "/api/v1/second-factor/confirm"): Rule(KEY_OWNERS),
    ("POST", "/api/v1/second-factor/disable"): Rule(KEY_OWNERS),
    ("GET", "/api/v1/audit"): Rule(MANAGERS),
    ("GET", "/api/v1/audit/export"): Rule(MANAGERS),
    ("GET", "/api/v1/api-keys"): Rule(KEY_OWNERS),
    ("POST", "/api/v1/api-keys"): Rule(KEY_OWNERS),
    ("DELETE", "/api/v1/api-keys/{key_id}"): Rule(KEY_OWNERS, f"/api/v1/api-keys/{NO_ROW}"),
    ("POST", "/api/v1/read"): Rule(RECOGNIZERS),
    ("POST", "/api/v1/sightings"): Rule(RECOGNIZERS),
    ("GET", "/api/v1/sightings"): Rule(READERS),
    ("GET", "/api/v1/privacy/retention"): Rule(MANAGERS),
    ("PUT", "/api/v1/privacy/retention"): Rule(MANAGERS),
    ("PUT", "/api/v1/privacy/retention/{location_id}"): Rule(MANAGERS, f"/api/v1/privacy/retention/{NO_ROW}"),
    ("DELETE", "/api/v1/privacy/retention/{location_id}"): Rule(MANAGERS, f"/api/v1/privacy/retention/{NO_ROW}"),
    ("GET", "/api/v1/privacy/runs"): Rule(MANAGERS),
    ("POST", "/api/v1/privacy/runs"): Rule(MANAGERS),
    ("GET", "/api/v1/privacy/holds"): Rule(MANAGERS),
    ("POST", "/api/v1/privacy/holds"): Rule(MANAGERS),
    ("DELETE", "/api/v1/privacy/holds/{hold_id}"): Rule(MANAGERS, f"/api/v1/privacy/holds/{NO_ROW}"),
    ("GET", "/api/v1/privacy/report"): Rule(MANAGERS),
    ("POST", "/api/v1/privacy/erasures"): Rule(MANAGERS),
    ("GET", "/api/v1/imports"): Rule(MANAGERS),
    ("POST", "/api/v1/imports/folder"): Rule(MANAGERS),
    ("POST", "/api/v1/imports/archive"): Rule(MANAGERS),
    ("GET", "/api/v1/imports/{job_id}"): Rule(MANAGERS, f"/api/v1/imports/{NO_ROW}"),
    ("PATCH", "/api/v1/imports/{job_id}"): Rule(MANAGERS, f"/api/v1/imports/{NO_ROW}"),
    ("DELETE", "/api/v1/imports/{job_id}"): Rule(MANAGERS, f"/api/v1/imports/{NO_ROW}"),
    ("GET", "/api/v1/imports/{job_id}/files"): Rule(MANAGERS, f"/api/v1/imports/{NO_ROW}/files"),
    ("POST", "/api/v1/sightings/manual"): Rule(RECOGNIZERS),
    ("GET", "/api/v1/sightings/count"): Rule(READERS),
    ("GET", "/api/v1/sightings/export"): Rule(READERS),
    ("PATCH", "/api/v1/sightings/{sighting_id}"): Rule(RECOGNIZERS, f"/api/v1/sightings/{NO_ROW}"),
    ("DELETE", "/api/v1/sightings/{sighting_id}"): Rule(MANAGERS, f"/api/v1/sightings/{NO_ROW}"),
    ("POST", "/api/v1/sightings/{sighting_id}/merge"): Rule(MANAGERS, f"/api/v1/sightings/{NO_ROW}/merge"),
    ("GET", "/api/v1/sightings/{sighting_id}/history"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}/history"),
    ("GET", "/api/v1/sightings/{sighting_id}"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}"),
    ("GET", "/api/v1/sightings/{sighting_id}/image"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}/image"),
    ("GET", "/api/v1/sightings/{sighting_id}/crop"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}/crop"),
    ("GET", "/api/v1/sightings/{sighting_id}/annotated"): Rule(READERS, f"/api/v1/sightings/{NO_ROW}/annotated"),
    ("GET", "/api/v1/watchlists"): Rule(READERS),
    ("POST", "/api/v1/watchlists"): Rule(MANAGERS),
    ("GET", "/api/v1/watchlists/check"): Rule(READERS),
    ("GET", "/api/v1/watchlists/imports"): Rule(MANAGERS),
    ("GET", "/api/v1/watchlists/imports/{import_id}"): Rule(MANAGERS, f"/api/v1/watchlists/imports/{NO_ROW}"),
    ("GET", "/api/v1/watchlists/{watchlist_id}"): Rule(READERS, f"/api/v1/watchlists/{NO_ROW}"),
    ("PATCH", "/api/v1/watchlists/{watchlist_id}"): Rule(MANAGERS, f"/api/v1/watchlists/{NO_ROW}"),
    ("DELETE", "/api/v1/watchlists/{watchlist_id}"): Rule(MANAGERS, f"/api/v1/watchlists/{NO_ROW}"),
    ("GET", "/api/v1/watchlists/{watchlist_id}/entries"): Rule(READERS, f"/api/v1/watchlists/{NO_ROW}/entries"),
    ("POST", "/api/v1/watchlists/{watchlist_id}/entries"): Rule(MANAGERS, f"/api/v1/watchlists/{NO_ROW}/entries"),
    ("GET", "/api/v1/watchlists/{watchlist_id}/entries/{entry_id}"): Rule(READERS, f"{LISTED}/1"),
    ("PUT", "/api/v1/watchlists/{watchlist_id}/entries/{entry_id}"): Rule(MANAGERS, f"{LISTED}/1"),
    ("DELETE", "/api/v1/watchlists/{watchlist_id}/entries/{entry_id}"): Rule(MANAGERS, f"{LISTED}/1"),
    ("POST", "/api/v1/watchlists/{watchlist_id}/import"): Rule(MANAGERS, f"/api/v1/watchlists/{NO_ROW}/import"),
    ("GET", "/api/v1/watchlists/{watchlist_id}/export"): Rule(MANAGERS, f"/api/v1/watchlists/{NO_ROW}/export"),
    ("GET", "/api/v1/matches"): Rule(READERS),
    ("POST", "/api/v1/access/decide"): Rule(RECOGNIZERS),
    ("GET", "/api/v1/access/log"): Rule(READERS),
    ("GET", "/api/v1/access/log/export"): Rule(READERS),
    ("GET", "/api/v1/access/log/{log_id}"): Rule(READERS, f"/api/v1/access/log/{NO_ROW}"),
    ("GET", "/api/v1/access/policies/{location_id}"): Rule(READERS, f"/api/v1/access/policies/{NO_ROW}"),
    ("PUT", "/api/v1/access/policies/{location_id}"): Rule(MANAGERS, f"/api/v1/access/policies/{NO_ROW}"),
    ("GET", "/api/v1/access/gates"): Rule(RECOGNIZERS),
    ("POST", "/api/v1/access/gates"): Rule(MANAGERS),
    ("GET", "/api/v1/access/gates/{gate_id}"): Rule(RECOGNIZERS, f"/api/v1/access/gates/{NO_ROW}"),
    ("PATCH", "/api/v1/access/gates/{gate_id}"): Rule(MANAGERS, f"/api/v1/access/gates/{NO_ROW}"),
    ("DELETE", "/api/v1/access/gates/{gate_id}"): Rule(MANAGERS, f"/api/v1/access/gates/{NO_ROW}"),
    ("POST", "/api/v1/access/gates/{gate_id}/open"): Rule(RECOGNIZERS, f"/api/v1/access/gates/{NO_ROW}/open"),
    ("GET", "/api/v1/locations"): Rule(READERS),
    ("POST", "/api/v1/locations"): Rule(MANAGERS),
    ("GET", "/api/v1/locations/{location_id}"): Rule(READERS, f"/api/v1/locations/{NO_ROW}"),
    ("PATCH", "/api/v1/locations/{location_id}"): Rule(MANAGERS, f"/api/v1/locations/{NO_ROW}"),
    ("DELETE", "/api/v1/locations/{location_id}"): Rule(MANAGERS, f"/api/v1/locations/{NO_ROW}"),
    ("GET", "/api/v1/cameras"): Rule(READERS),
    ("POST", "/api/v1/cameras"): Rule(MANAGERS),
    ("GET", "/api/v1/cameras/{camera_id}"): Rule(READERS, f"/api/v1/cameras/{NO_ROW}"),
    ("PATCH", "/api/v1/cameras/{camera_id}"): Rule(MANAGERS, f"/api/v1/cameras/{NO_ROW}"),
    ("DELETE", "/api/v1/cameras/{camera_id}"): Rule(MANAGERS, f"/api/v1/cameras/{NO_ROW}"),
    ("GET", "/api/v1/visits"): Rule(READERS),
    ("GET", "/api/v1/visits/export"): Rule(READERS),
    ("GET", "/api/v1/visits/{visit_id}"): Rule(READERS, f"/api/v1/visits/{NO_ROW}"),
    ("POST", "/api/v1/visits/{visit_id}/close"): Rule(RECOGNIZERS, f"/api/v1/visits/{NO_ROW}/close"),
    ("GET", "/api/v1/statistics/summary"): Rule(READERS),
    ("GET", "/api/v1/statistics/counts"): Rule(READERS),
    ("GET", "/api/v1/statistics/heatmap"): Rule(READERS),
    ("GET", "/api/v1/statistics/regulars"): Rule(READERS),
    ("GET", "/api/v1/statistics/dwell"): Rule(READERS),
    ("GET", "/api/v1/statistics/occupancy"): Rule(READERS),
    ("GET", "/api/v1/events"): Rule(READERS),
    ("WS", "/api/v1/live"): Rule(READERS),
    ("POST", "/api/upload_image"): Rule(RECOGNIZERS),
    ("GET", "/api/history"): Rule(READERS),
    ("POST", "/api/plate"): Rule(RECOGNIZERS),
    ("POST", "/api/fetch_img"): Rule(RECOGNIZERS),
    ("POST", "/detect_image"): Rule(RECOGNIZERS),
    ("GET", "/latest_detection"): Rule(READERS),
    ("GET", "/detections"): Rule(READERS),
    ("GET", "/plate_regions"): Rule(READERS),
    ("GET", "/plate_queries"): Rule(READERS),
    ("GET", "/vehicle_queries"): Rule(READERS),
    ("GET", "/plate_status"): Rule(READERS, "/plate_status?plate=AB12CDE"),
    ("GET", "/session_queries"): Rule(READERS),
    ("GET", "/statistics"): Rule(READERS),
    ("GET", "/api/locations"): Rule(READERS),
    ("POST", "/api/locations"): Rule(MANAGERS),
    ("GET", "/api/locations/{location_id}"): Rule(READERS, f"/api/locations/{NO_ROW}"),
    ("PUT", "/api/locations/{location_id}"): Rule(MANAGERS, f"/api/locations/{NO_ROW}"),
    ("DELETE", "/api/locations/{location_id}"): Rule(MANAGERS, f"/api/locations/{NO_ROW}"),
    ("GET", "/outputs/{path:path}"): Rule(READERS, f"/outputs/plates/{NO_ROW}.jpg"),
    ("GET", "/static/{path:path}"): Rule(READERS, "/static/nothing.css"),
    ("POST", "/detection"): Rule(RECOGNIZERS),
    ("POST", "/ocr"): Rule(RECOGNIZERS),
    ("POST", "/verification"): Rule(RECOGNIZERS),
    ("GET", "/logs"): Rule(READERS),
    ("POST", "/logs"): Rule(RECOGNIZERS),
}


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Caller, Callable[[], TestClient]]]:
    """Makes a client of each caller, on one server for the whole table: no row of it changes anything for the next."""
    folder = tmp_path_factory.mktemp("access")
    with ExitStack() as stack:
        url = stack.enter_context(empty_url(Kind.SQLITE, folder, "access"))
        settings = Settings(data=folder, database_url=url, bcrypt_rounds=4, rate_limit_anonymous=0)
        migrate(settings)
        yield _callers(stack.enter_context(started(settings, BlindReader())))


def _callers(server: Server) -> dict[Caller, Callable[[], TestClient]]:
    admin = server.admin()
    server.user("vera", "viewer")
    server.user("otto", "operator")
    keys = {
        Caller.KEY_READ: server.key_client(admin, "read"),
        Caller.KEY_RECOGNIZE: server.key_client(admin, "recognize"),
        Caller.KEY_MANAGE: server.key_client(admin, "manage"),
        Caller.REVOKED_KEY: server.key_client(admin, "read", "recognize", "manage"),
    }
    revoked_id = max(item["id"] for item in admin.get("/api/v1/api-keys").json()["items"])
    assert admin.delete(f"/api/v1/api-keys/{revoked_id}").status_code == HTTPStatus.NO_CONTENT
    return {
        Caller.ANONYMOUS: server.new_client,
        Caller.VIEWER: lambda: server.log_in("vera"),
        Caller.OPERATOR: lambda: server.log_in("otto"),
        Caller.ADMIN: server.log_in,
        Caller.ENDED_SESSION: lambda: ended(server),
        **{caller: partial(lambda client: client, client) for caller, client in keys.items()},
    }


def ended(server: Server) -> TestClient:
    """A client that sends the cookie of a log-in that was ended."""
    client = server.log_in()
    cookie = client.cookies["platewatch_session"]
    assert client.post("/auth/logout").status_code == HTTPStatus.OK
    return server.new_client(cookies={"platewatch_session": cookie})


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
    refusal = HTTPStatus.UNAUTHORIZED if caller in STRANGERS else HTTPStatus.FORBIDDEN
    if caller in rule.allowed:
        assert status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        assert status < HTTPStatus.INTERNAL_SERVER_ERROR or rule.path == "/app/"
    else:
        assert status == refusal
