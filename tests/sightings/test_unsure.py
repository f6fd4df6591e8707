"""Readings below the level of the setting: marked everywhere, and nothing follows from them until somebody looks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.servers import Server
from tests.sightings.exif import TAKEN, photo
from tests.sightings.readers import CertainReader

SECONDS = itertools.count(1)
"""Since ten o'clock: each photo has a time of its own."""


@pytest.fixture
def reader() -> CertainReader:
    return CertainReader()


def pass_by(client: TestClient, reader: CertainReader, confidence: float, **form: str) -> dict[str, Any]:
    """The sighting of a photo that is read with this confidence."""
    reader.confidence = confidence
    second = next(SECONDS)
    at = f"2026:02:01 10:{second // 60:02}:{second % 60:02}Z"
    answer = client.post("/api/v1/sightings", files={"image": ("a.jpg", photo({TAKEN: at}))}, data=form)
    assert answer.status_code == 201, answer.text
    (sighting,) = answer.json()["images"][0]["sightings"]
    seen: dict[str, Any] = sighting
    return seen


def test_level_is_set(start_server: Callable[..., Server], reader: CertainReader) -> None:
    client = start_server(unsure_below=0.8).admin()
    assert [pass_by(client, reader, value)["is_unsure"] for value in (0.79, 0.8)] == [True, False]
    read = client.post("/api/v1/read", files={"image": ("a.jpg", photo({}))}).json()["images"][0]["plates"]
    assert [plate["is_unsure"] for plate in read] == [False]


def test_default_level_is_half(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    assert [pass_by(client, reader, value)["is_unsure"] for value in (0.13, 0.4999, 0.5)] == [True, True, False]


def test_unsure_entry_opens_no_visit_until_confirmed(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    seen = pass_by(client, reader, 0.31, location="lot", direction="entering")
    assert client.get("/api/v1/visits").json()["items"] == []
    assert client.get("/api/v1/locations").json()["items"][0]["occupancy"] == 0

    path = f"/api/v1/sightings/{seen['id']}"
    confirmed = client.patch(path, json={"is_unsure": False}).json()
    assert (confirmed["is_unsure"], confirmed["is_corrected"], confirmed["confidence"]) == (False, False, 0.31)
    (visit,) = client.get("/api/v1/visits").json()["items"]
    assert (visit["state"], visit["plate"]) == ("open", "AB12CDE")
    (change,) = client.get(f"{path}/history").json()["items"]
    assert (change["before"], change["after"]) == ({"is_unsure": True}, {"is_unsure": False})
    assert client.patch(path, json={"is_unsure": True}).status_code == 422


def test_correction_makes_sure(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    seen = pass_by(client, reader, 0.31, location="lot", direction="entering")
    corrected = client.patch(f"/api/v1/sightings/{seen['id']}", json={"plate": "XY99ZZZ"}).json()
    assert (corrected["is_unsure"], corrected["is_corrected"]) == (False, True)
    assert [visit["plate"] for visit in client.get("/api/v1/visits").json()["items"]] == ["XY99ZZZ"]


def test_note_leaves_reading_unsure(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    seen = pass_by(client, reader, 0.31, location="lot", direction="entering")
    assert client.patch(f"/api/v1/sightings/{seen['id']}", json={"note": "a blur"}).json()["is_unsure"]
    assert client.get("/api/v1/visits").json()["items"] == []


def test_unsure_exit_closes_visit_of_its_plate_but_makes_none(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    pass_by(client, reader, 0.31, location="lot", direction="leaving")
    assert client.get("/api/v1/visits").json()["items"] == []
    pass_by(client, reader, 0.95, location="lot", direction="entering")
    pass_by(client, reader, 0.31, location="lot", direction="leaving")
    assert [visit["state"] for visit in client.get("/api/v1/visits").json()["items"]] == ["closed"]


@pytest.mark.parametrize("direction", ["entering", "leaving"])
def test_unsure_reading_opens_no_gate(
    start_server: Callable[..., Server], reader: CertainReader, direction: str
) -> None:
    client = start_server().admin()
    place = client.post("/api/v1/locations", json={"name": "lot", "time_zone": "UTC"}).json()["id"]
    policy = {"enabled": True, "unknown": "grant", "min_confidence": 0.0, "max_age_s": 3600}
    client.put(f"/api/v1/access/policies/{place}", json=policy)
    decided = []
    for second, confidence in enumerate((0.49, 0.5)):
        reader.confidence = confidence
        data = photo({TAKEN: f"2026:03:01 11:59:5{second}Z"})
        form = {"location": "lot", "direction": direction}
        client.post("/api/v1/sightings", files={"image": ("a.jpg", data)}, data=form)
        asked = {"location_id": str(place), "direction": direction}
        by_photo = client.post("/api/v1/access/decide", files={"image": ("a.jpg", data)}, data=asked).json()
        by_text = client.post(
            "/api/v1/access/decide",
            json={"plate": "AB12CDE", "location_id": place, "direction": direction, "confidence": confidence},
        ).json()
        verified = client.post("/verification", files={"file": ("a.jpg", data)}, data=asked).json()
        decided.append([answer["decision"] for answer in (by_photo, by_text, verified)])
    assert decided == [["review"] * 3, ["granted"] * 3]
    logged = [entry["decision"] for entry in client.get("/api/v1/access/log?limit=200").json()["items"]]
    assert (logged.count("review"), logged.count("granted")) == (4, 4)
    typed = {"plate": "AB12CDE", "location_id": place, "direction": direction}
    assert client.post("/api/v1/access/decide", json=typed).json()["decision"] == "granted"


def test_unsure_readings_are_found_and_exported(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    sure, unsure = (pass_by(client, reader, value)["id"] for value in (0.9, 0.2))
    for sort in ("-captured_at", "confidence", "plate"):
        for wanted, ids in (("true", [unsure]), ("false", [sure])):
            found = client.get("/api/v1/sightings", params={"unsure": wanted, "sort": sort}).json()["items"]
            assert [one["id"] for one in found] == ids
    assert client.get("/api/v1/sightings/count?unsure=true").json()["count"] == 1
    lines = client.get("/api/v1/sightings/export?unsure=true").text.splitlines()
    assert len(lines) == 2
    assert dict(zip(lines[0].lstrip("\ufeff").split(","), lines[1].split(","), strict=True))["is_unsure"] == "true"


def test_galaxy_marks_unsure_readings(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    reader.confidence = 0.2
    detected = client.post("/detect_image", files={"file": ("a.jpg", photo({}))}).json()
    assert [plate["is_unsure"] for plate in detected["plates"]] == [True]
    assert [one["is_unsure"] for one in client.get("/detections").json()["detections"]] == [True]


def test_event_of_list_says_that_reading_is_unsure(server: Server, reader: CertainReader) -> None:
    client = server.admin()
    watched = client.post("/api/v1/watchlists", json={"name": "w", "kind": "watch"}).json()["id"]
    client.post(f"/api/v1/watchlists/{watched}/entries", json={"plate": "AB12CDE"})
    pass_by(client, reader, 0.2)
    events = server.runtime.events.read_after(0, 100)
    assert [event.payload["is_unsure"] for event in events if event.kind == "watchlist.matched"] == [True]


def test_statistics_count_unsure_readings_and_leave_typed_passes_out_of_means(
    server: Server, reader: CertainReader
) -> None:
    client = server.admin()
    for confidence in (0.2, 0.8):
        pass_by(client, reader, confidence)
    client.post("/api/v1/sightings/manual", json={"plate": "AB12", "captured_at": "2026-02-01T12:00:00Z"})
    days = {"date_from": "2026-02-01", "date_to": "2026-02-01"}

    def summary(**filters: str) -> tuple[int, float | None, int]:
        shown = client.get("/api/v1/statistics/summary", params=days | filters).json()
        return shown["sightings"], shown["mean_confidence"], shown["unsure"]

    assert summary() == (3, 0.5, 1)
    assert summary(unsure="true") == (1, 0.2, 1)
    assert summary(unsure="false") == (2, 0.8, 0)
    (day,) = client.get("/api/v1/statistics/counts", params=days).json()["items"]
    assert (day["count"], day["mean_confidence"], day["unsure"]) == (3, 0.5, 1)
    assert client.get("/statistics", params=days).json()["mean_confidence"] == 0.5
    client.post("/api/v1/sightings/manual", json={"plate": "AB12", "captured_at": "2026-02-05T12:00:00Z"})
    typed = {"date_from": "2026-02-05", "date_to": "2026-02-05"}
    assert client.get("/api/v1/statistics/summary", params=typed).json()["mean_confidence"] is None
