"""A sighting with a wrong time is corrected, and everything that goes by its time follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.servers import Server

TYPED = {"plate": "AB12CDE", "location": "yard", "direction": "entering"}


def type_in(client: TestClient, **over: Any) -> int:
    answer = client.post("/api/v1/sightings/manual", json={**TYPED, "captured_at": "2026-02-28T12:00:00Z", **over})
    assert answer.status_code == 201, answer.text
    sighting_id: int = answer.json()["id"]
    return sighting_id


def correct(client: TestClient, sighting_id: int, captured_at: str, **over: Any) -> dict[str, Any]:
    body = {"captured_at": captured_at, **over}
    answer = client.patch(f"/api/v1/sightings/{sighting_id}", json=body)
    assert answer.status_code == 200, answer.text
    sighting: dict[str, Any] = answer.json()
    return sighting


def test_a_corrected_time_is_kept_with_the_former_one_and_noted(server: Server) -> None:
    client = server.admin()
    sighting_id = type_in(client)
    told = correct(client, sighting_id, "2026-02-28T10:00:00+01:00", reason="summer time")
    assert (told["captured_at"], told["captured_at_source"]) == ("2026-02-28T09:00:00Z", "given")
    assert told["is_corrected"]
    (change,) = client.get(f"/api/v1/sightings/{sighting_id}/history").json()["items"]
    assert change["before"]["captured_at"] == "2026-02-28T12:00:00+00:00"
    assert (change["reason"], change["corrected_by"]) == ("summer time", "ada")
    note = client.get("/api/v1/audit", params={"action": "sighting.corrected"}).json()["items"][0]
    assert (note["subject"], note["details"]["fields"]) == (
        f"sighting {sighting_id}",
        ["captured_at", "captured_at_source"],
    )


def test_a_visit_begins_at_the_corrected_time(server: Server) -> None:
    client = server.admin()
    sighting_id = type_in(client)
    correct(client, sighting_id, "2026-02-28T09:00:00Z")
    (visit,) = client.get("/api/v1/visits").json()["items"]
    assert visit["entered_at"] == "2026-02-28T09:00:00Z"


def test_retention_goes_by_the_corrected_time(start_server: Callable[..., Server]) -> None:
    client = start_server().admin()
    old, recent = type_in(client), type_in(client, plate="XY99ZZZ", captured_at="2025-11-01T12:00:00Z")
    client.put("/api/v1/privacy/retention", json={"text_days": 30})
    correct(client, old, "2025-12-01T12:00:00Z")
    correct(client, recent, "2026-02-27T12:00:00Z")
    client.post("/api/v1/privacy/runs", json={"dry_run": False})
    assert [client.get(f"/api/v1/sightings/{one}").status_code for one in (old, recent)] == [404, 200]


@pytest.mark.parametrize("captured_at", ["1970-01-01T00:00:10Z", "2030-01-01T00:00:00Z", "2026-02-28T09:00:00", "2026"])
def test_a_time_that_can_not_be_is_refused(start_server: Callable[..., Server], captured_at: str) -> None:
    client = start_server().admin()
    sighting_id = type_in(client)
    answer = client.patch(f"/api/v1/sightings/{sighting_id}", json={"captured_at": captured_at})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "captured_at")
    assert client.get(f"/api/v1/sightings/{sighting_id}/history").json()["items"] == []


def test_a_viewer_corrects_no_time(sqlite_server: Server) -> None:
    sighting_id = type_in(sqlite_server.admin())
    viewer = sqlite_server.user("vera", "viewer")
    body = {"captured_at": "2026-02-28T09:00:00Z"}
    assert viewer.patch(f"/api/v1/sightings/{sighting_id}", json=body).status_code == 403
