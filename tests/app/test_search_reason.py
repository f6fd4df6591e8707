"""Who finds by plate says why: every route that could is asked, so that a new one needs its dependency."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.testclient import WebSocketDenialResponse

from platewatch.app.main import create_app
from platewatch.settings import Settings
from platewatch.web.dependencies import get_plate_search
from tests.servers import Server

PLATE_LIKE = ("plate", "q", "subject")
"""Parameters by which plates are found: parts of names of parameters, and whole names of short ones."""
BY_ID_OR_AS_IT_HAPPENS = {
    "/api/v1/sightings/{sighting_id}",
    "/api/v1/visits/{visit_id}",
    "/api/v1/access/log/{log_id}",
    "/api/v1/watchlists/{watchlist_id}/entries/{entry_id}",
    "/api/v1/sightings/{sighting_id}/history",
    "/api/v1/matches",
    "/api/v1/privacy/holds",
    "/plate_regions",
}
"""Routes that show plates and need no reason: one row by its id, and what administrators and lists matched or held."""
CHOSEN = {"/api/v1/statistics/regulars", "/latest_detection"}
"""Routes that name no plate, and whose answer picks plates by itself."""
REASON = {"X-Search-Reason": "lost car"}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that finds by plate."""

    path: str
    params: dict[str, str]


def routes(app: FastAPI) -> Iterator[APIRoute | APIWebSocketRoute]:
    for included in app.routes:
        for route in included.original_router.routes:  # type: ignore[attr-defined]
            if isinstance(route, APIRoute | APIWebSocketRoute):
                yield route


def calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def parameters(dependant: Dependant) -> Iterator[str]:
    for field in (*dependant.query_params, *dependant.path_params, *dependant.header_params):
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from annotation.model_fields
        else:
            yield field.alias
    for inner in dependant.dependencies:
        yield from parameters(inner)


def shows_plates(annotation: object, seen: frozenset[type] = frozenset()) -> bool:
    """Whether the type of an answer has a field `plate` somewhere."""
    if get_origin(annotation) is not None:
        return any(shows_plates(part, seen) for part in get_args(annotation))
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)) or annotation in seen:
        return False
    fields = annotation.model_fields
    return "plate" in fields or any(shows_plates(one.annotation, seen | {annotation}) for one in fields.values())


def is_plate_like(name: str) -> bool:
    return "plate" in name or name in PLATE_LIKE


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(Settings(data=tmp_path_factory.mktemp("app")))


def test_every_route_that_finds_by_plate_asks_for_the_reason(app: FastAPI) -> None:
    lacking = set()
    for route in routes(app):
        reads = isinstance(route, APIWebSocketRoute) or route.methods == {"GET"}
        finds = any(is_plate_like(name) for name in parameters(route.dependant)) or route.path.endswith("/export")
        if reads and finds and get_plate_search not in calls(route.dependant):
            lacking.add(route.path)
    assert lacking == set()


def test_every_route_that_shows_plates_asks_for_the_reason_or_is_known_not_to(app: FastAPI) -> None:
    showing = {
        route.path
        for route in routes(app)
        if isinstance(route, APIRoute) and route.methods == {"GET"} and shows_plates(route.response_model)
    }
    asking = {route.path for route in routes(app) if get_plate_search in calls(route.dependant)}
    assert showing - asking - BY_ID_OR_AS_IT_HAPPENS == set()
    assert asking >= CHOSEN | {"/api/v1/events", "/api/v1/live"}


def asks(app: FastAPI, ids: dict[str, str]) -> list[Ask]:
    """A request by plate to every route that takes one, and those that pick plates by themselves."""
    found = []
    for route in routes(app):
        if not isinstance(route, APIRoute) or route.methods != {"GET"}:
            continue
        path = route.path
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        names = {name for name in parameters(route.dependant) if is_plate_like(name)}
        found += [Ask(path, {name: "AB12CDE"}) for name in sorted(names)]
        if route.path.endswith("/export") or route.path in CHOSEN:
            found.append(Ask(path, {}))
    return [*found, Ask("/logs", {"format": "csv"}), Ask("/api/v1/sightings", {"plate": "AB1*"})]


@pytest.fixture
def site(start_server: Callable[..., Server]) -> tuple[Server, TestClient, dict[str, str]]:
    """A server that requires reasons, with a plate in each of its lists."""
    server = start_server(search_reason="required", event_poll_ms=10)
    client = server.admin()
    made = client.post("/api/v1/watchlists", json={"name": "residents", "kind": "allow"}).json()
    client.post(f"/api/v1/watchlists/{made['id']}/entries", json={"plate": "AB12CDE"})
    client.post("/api/v1/sightings/manual", json={"plate": "AB12CDE", "location": "yard", "direction": "entering"})
    client.post("/api/v1/access/decide", json={"plate": "AB12CDE", "direction": "entering"})
    return server, client, {"watchlist_id": str(made["id"]), "sighting_id": "1", "entry_id": "1"}


def noted(client: TestClient) -> list[dict[str, Any]]:
    return list(client.get("/api/v1/audit", params={"limit": 200}).json()["items"])


def test_no_way_finds_a_plate_without_a_reason_and_each_notes_it(
    site: tuple[Server, TestClient, dict[str, str]],
) -> None:
    server, client, ids = site
    wanted = asks(server.app, ids)
    assert len(wanted) > 20
    for ask in wanted:
        refused = client.get(ask.path, params=ask.params)
        assert refused.status_code == 422, ask
        assert "X-Search-Reason" in refused.text, ask
        assert "AB12CDE" not in refused.text, ask
        last_id = noted(client)[0]["id"]
        found = client.get(ask.path, params=ask.params, headers=REASON)
        assert found.status_code == 200, (ask, found.text)
        new = [
            note
            for note in noted(client)
            if note["id"] > last_id and note["username"] == "ada" and note["details"] != {}
        ]
        reasons = [note["details"].get("reason") or note["details"].get("search_reason") for note in new]
        assert reasons == ["lost car"], (ask, new)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("/api/v1/visits?plate=AB12CDE", "reason", id="visits"),
        pytest.param("/api/v1/access/log?plate=AB12CDE", "search_reason", id="access log"),
        pytest.param("/api/v1/watchlists/check?plate=AB12CDE", "reason", id="check"),
        pytest.param("/session_queries?plate=AB12CDE", "reason", id="sessions"),
        pytest.param("/logs?plate=AB12CDE", "search_reason", id="logs"),
        pytest.param("/api/v1/statistics/regulars?limit=5", "reason", id="regulars"),
        pytest.param("/latest_detection?", "reason", id="latest detection"),
        pytest.param("/api/v1/privacy/report?plate=AB12CDE", "reason", id="report"),
    ],
)
def test_reason_may_stand_in_the_address(site: tuple[Server, TestClient, dict[str, str]], path: str, name: str) -> None:
    _, client, _ = site
    assert client.get(f"{path}&{name}=lost+car").status_code == 200
    (note,) = [note for note in noted(client) if "lost car" in note["details"].values()]
    assert note["username"] == "ada"


def test_filter_of_the_access_log_is_no_reason(site: tuple[Server, TestClient, dict[str, str]]) -> None:
    _, client, _ = site
    assert client.get("/api/v1/access/log?plate=AB12CDE&reason=allow_list").status_code == 422


def test_lists_without_a_plate_and_rows_by_id_need_no_reason(site: tuple[Server, TestClient, dict[str, str]]) -> None:
    _, client, ids = site
    for path in (
        "/api/v1/sightings",
        "/api/v1/visits",
        "/api/v1/access/log",
        f"/api/v1/watchlists/{ids['watchlist_id']}/entries",
        "/api/v1/sightings/1",
        "/api/v1/audit",
        "/session_queries",
        "/logs",
    ):
        assert client.get(path).status_code == 200, path


def test_events_of_the_past_need_a_reason_and_those_that_come_need_none(
    site: tuple[Server, TestClient, dict[str, str]],
) -> None:
    server, admin, _ = site
    client = server.key_client(admin, "read", "recognize", "manage")
    refused = client.get("/api/v1/events", headers={"Last-Event-ID": "0"})
    assert (refused.status_code, "AB12CDE" in refused.text) == (422, False)
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/api/v1/live?after=0"):
        pass
    assert denied.value.status_code == 422
    with client.websocket_connect("/api/v1/live?after=0&reason=lost+car") as live:
        assert "AB12CDE" in live.receive_text()
    with client.websocket_connect("/api/v1/live?after=0", headers=REASON) as live:
        assert "AB12CDE" in live.receive_text()
    assert [note["details"]["filters"] for note in noted(client) if note["details"].get("in") == "events"] == [
        "after=0",
        "after=0",
    ]
    with client.websocket_connect("/api/v1/live") as live:
        client.post("/api/v1/sightings/manual", json={"plate": "ZZ99ZZZ"})
        assert "ZZ99ZZZ" in live.receive_text()


def test_no_reason_is_asked_for_where_it_is_optional(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    client.post("/api/v1/sightings/manual", json={"plate": "AB12CDE", "location": "yard", "direction": "entering"})
    for path in ("/api/v1/visits?plate=AB12CDE", "/api/v1/statistics/regulars", "/latest_detection"):
        assert client.get(path).status_code == 200
    (note,) = [note for note in noted(client) if note["action"] == "plates.searched"]
    assert (note["subject"], note["details"]) == (
        "AB12CDE",
        {"in": "visits", "filters": "plate=AB12CDE", "reason": None},
    )
