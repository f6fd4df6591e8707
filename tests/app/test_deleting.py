"""`DELETE` of what isn't there answers alike on every route."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from platewatch.app.main import create_app
from platewatch.settings import Settings
from tests.databases import Kind, empty_url
from tests.servers import BlindReader, migrate, routes_of, started

NO_ROW = 999_999
COLLECTIONS = {"/api/v1/sessions": 204, "/api/v1/users/{user_id}/sessions": 204}
"""What is always there, however little is in it."""


def deletable() -> list[str]:
    """The path of every route with DELETE."""
    # Nothing is opened before the app starts, so that any folder will do.
    return sorted({path for method, path in routes_of(create_app(Settings(data=Path()))) if method == "DELETE"})


def filled(path: str, value: object) -> str:
    return re.sub(r"{\w+(:\w+)?}", str(value), path)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An administrator on a server with a location, a list and a user, none of which has anything to be deleted."""
    folder = tmp_path_factory.mktemp("deleting")
    with ExitStack() as stack:
        url = stack.enter_context(empty_url(Kind.SQLITE, folder, "deleting"))
        settings = Settings(data=folder, database_url=url, bcrypt_rounds=4, rate_limit=0, rate_limit_anonymous=0)
        migrate(settings)
        server = stack.enter_context(started(settings, BlindReader()))
        client = server.admin()
        server.user("bob")
        client.post("/api/v1/locations", json={"name": "yard"})
        client.post("/api/v1/watchlists", json={"name": "residents", "kind": "allow"})
        yield client


def test_there_are_routes_to_try() -> None:
    assert len(deletable()) >= 15


@pytest.mark.parametrize("path", [path for path in deletable() if "{" in path])
def test_an_id_of_nothing_is_not_found(client: TestClient, path: str) -> None:
    answer = client.delete(filled(path, NO_ROW))
    assert answer.status_code == 404, answer.text
    assert str(NO_ROW) in answer.json()["detail"]
    assert client.delete(filled(path, NO_ROW)).json()["detail"] == answer.json()["detail"]


@pytest.mark.parametrize("value", ["0", "-1", "x", str(2**63)], ids=["zero", "negative", "word", "too large"])
@pytest.mark.parametrize("path", [path for path in deletable() if "{" in path])
def test_an_id_that_nothing_can_have_is_refused(client: TestClient, path: str, value: str) -> None:
    assert client.delete(filled(path, value)).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/users/2/second-factor",
        "/api/v1/privacy/retention/1",
        "/api/v1/watchlists/1/entries/1",
    ],
)
def test_what_an_existing_thing_does_not_have_is_not_found(client: TestClient, path: str) -> None:
    answer = client.delete(path)
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


Make = Callable[[TestClient], str]


def made(client: TestClient, path: str, body: dict[str, object]) -> str:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return f"{path}/{answer.json().get('id') or answer.json()['user_id']}"


def with_retention(client: TestClient) -> str:
    assert client.put("/api/v1/privacy/retention/1", json={"text_days": 3}).status_code == 200
    return "/api/v1/privacy/retention/1"


GATE = {"name": "barrier", "location_id": 1, "actuator": {"kind": "http", "url": "http://192.0.2.20/open"}}
MADE: dict[str, Make] = {
    "key": lambda client: made(client, "/api/v1/api-keys", {"name": "x", "scopes": ["read"]}),
    "user": lambda client: made(client, "/api/v1/users", {"username": "eve", "password": "a whole new password"}),
    "location": lambda client: made(client, "/api/v1/locations", {"name": "other"}),
    "place": lambda client: made(client, "/api/locations", {"name": "another"}),
    "camera": lambda client: made(client, "/api/v1/cameras", {"name": "north"}),
    "list": lambda client: made(client, "/api/v1/watchlists", {"name": "guests", "kind": "allow"}),
    "entry": lambda client: made(client, "/api/v1/watchlists/1/entries", {"plate": "AB12"}),
    "gate": lambda client: made(client, "/api/v1/access/gates", GATE),
    "hold": lambda client: made(client, "/api/v1/privacy/holds", {"plate": "AB12", "reason": "file 17"}),
    "sighting": lambda client: made(client, "/api/v1/sightings/manual", {"plate": "AB12"}).replace("/manual", ""),
    "retention": with_retention,
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_what_was_deleted_is_not_found_the_second_time(client: TestClient, make: Make) -> None:
    path = make(client)
    assert [client.delete(path).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(("path", "status"), COLLECTIONS.items())
def test_a_collection_may_be_empty(client: TestClient, path: str, status: int) -> None:
    assert client.delete(filled(path, 2)).status_code == status
