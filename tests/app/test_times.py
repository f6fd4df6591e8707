"""Every time that the API takes: ISO 8601 with an offset, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.app.main import create_app
from platewatch.settings import Settings
from tests.servers import SAMPLES, BlindReader, Server

NUMERIC = ("2026", "20261101", "46419", "1764547200", "1764547200.5", "2026-11-01", "2026-11-01T09:00:00", "now")
EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
OPENAPI = create_app(Settings(auth="off")).openapi()


@pytest.fixture(scope="session")
def reader() -> BlindReader:
    """Nothing here looks at plates, so no models are loaded."""
    return BlindReader()


def kinds_of(schema: dict[str, Any]) -> set[str]:
    """The formats of a schema's text, through `anyOf`."""
    return {part.get("format", "") for part in schema.get("anyOf", [schema])}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = OPENAPI["components"]["schemas"][name] if name else schema
    return found


def timed_parameters(kind: str) -> list[Any]:
    return [
        pytest.param(path, parameter["name"], id=f"{path} {parameter['name']}")
        for path, operations in sorted(OPENAPI["paths"].items())
        for parameter in operations.get("get", {}).get("parameters", [])
        if kind in kinds_of(parameter["schema"])
    ]


def timed_fields() -> list[Any]:
    found = []
    for path, operations in sorted(OPENAPI["paths"].items()):
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            for kind, body in content.items():
                for name, field in resolved(body["schema"]).get("properties", {}).items():
                    if "date-time" in kinds_of(field):
                        found.append(pytest.param(method, path, kind, name, id=f"{method} {path} {name}"))
    return found


def address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "1", path)


@pytest.fixture
def admin(sqlite_server: Server) -> TestClient:
    return sqlite_server.admin()


def test_times_are_looked_for_everywhere() -> None:
    names = {parameter.values[1] for parameter in timed_parameters("date-time")}
    assert {"captured_from", "began_to", "decided_from", "noted_to", "at"} <= names
    assert {parameter.values[3] for parameter in timed_fields()} >= {
        "captured_at",
        "valid_from",
        "expires_at",
        "left_at",
    }


@pytest.mark.parametrize(("path", "name"), timed_parameters("date-time"))
def test_parameter_takes_iso_8601_only(admin: TestClient, path: str, name: str) -> None:
    others = {"plate": "AB12"} if path.endswith("check") else {}
    for text in (*NUMERIC, *EDGES):
        answer = admin.get(address(path), params={name: text, **others})
        assert answer.status_code == 422, (text, answer.text)
        assert name in answer.text
    good = admin.get(address(path), params={name: "2026-11-01T09:00:00+01:00", **others})
    assert good.status_code < 422, good.text


@pytest.mark.parametrize(("path", "name"), timed_parameters("date"))
def test_day_takes_iso_8601_only(admin: TestClient, path: str, name: str) -> None:
    for text in ("2026", "20261101", "1767225600", "2026-11-01T00:00:00Z"):
        answer = admin.get(address(path), params={name: text})
        assert answer.status_code == 422, (text, answer.text)
        assert name in answer.text


@pytest.mark.parametrize(("method", "path", "kind", "name"), timed_fields())
def test_field_takes_iso_8601_only(admin: TestClient, method: str, path: str, kind: str, name: str) -> None:
    for value in (*NUMERIC, *EDGES, 2026, 1764547200, 0, True):
        if kind == "application/json":
            answer = admin.request(method, address(path), json={name: value})
        else:
            files = {"image": ("a.jpg", (SAMPLES / "spain.jpg").read_bytes())}
            answer = admin.request(method, address(path), data={name: str(value)}, files=files)
        assert answer.status_code == 422, (value, answer.text)
        assert name in answer.text


def test_moment_at_end_of_calendar_has_no_local_time_everywhere(admin: TestClient) -> None:
    place = admin.post("/api/v1/locations", json={"name": "east", "time_zone": "Pacific/Kiritimati"}).json()["id"]
    made = admin.post("/api/v1/watchlists", json={"name": "staff", "kind": "allow"}).json()["id"]
    entry = {"plate": "AB12", "schedule": "mon-fri 08:00-18:00"}
    assert admin.post(f"/api/v1/watchlists/{made}/entries", json=entry).status_code == 201
    for at in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        asked = {"plate": "AB12", "at": at, "location_id": place}
        answer = admin.get("/api/v1/watchlists/check", params=asked)
        assert answer.status_code == 422, answer.text
        assert "at" in answer.text


def test_whole_calendar_can_be_asked_for_and_stored(server: Server) -> None:
    admin = server.admin()
    whole = {"captured_from": "0001-01-01T00:00:00Z", "captured_to": "9999-12-31T23:59:59Z"}
    admin.post("/api/v1/sightings/manual", json={"plate": "AB12"})
    assert len(admin.get("/api/v1/sightings", params=whole).json()["items"]) == 1
    made = admin.post("/api/v1/watchlists", json={"name": "staff", "kind": "allow"}).json()["id"]
    entry = {"plate": "AB12", "valid_from": "0001-01-01T00:00:00Z", "valid_to": "9999-12-31T23:59:59Z"}
    stored = admin.post(f"/api/v1/watchlists/{made}/entries", json=entry)
    assert stored.status_code == 201, stored.text
    shown = admin.get(f"/api/v1/watchlists/{made}/entries").json()["items"][0]
    assert (shown["valid_from"], shown["valid_to"]) == (entry["valid_from"], entry["valid_to"])
    assert admin.get("/api/v1/watchlists/check", params={"plate": "AB12"}).json()["matches"]


@pytest.mark.parametrize(
    "captured_at",
    ["1970-01-01T00:00:00Z", "1980-01-01T00:00:30Z", "2000-01-01T12:00:00-08:00", "2100-01-01T00:00:00Z"],
)
def test_clock_that_is_not_set_is_refused(admin: TestClient, captured_at: str) -> None:
    by_hand = admin.post("/api/v1/sightings/manual", json={"plate": "AB12", "captured_at": captured_at})
    files = {"image": ("a.jpg", (SAMPLES / "spain.jpg").read_bytes())}
    by_form = admin.post("/api/v1/sightings", data={"captured_at": captured_at}, files=files)
    for answer in (by_hand, by_form):
        assert answer.status_code == 422
        assert "Check the clock" in answer.json()["detail"]
