"""Each route of Galaxy ALPR and SecurePass on a real server, called as those systems' clients call it."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from tests.compat.conftest import QuickStart, assert_like
from tests.servers import SAMPLES, upload

BRITAIN = SAMPLES / "britain.jpg"
BOX = [1.0, 1.0, 1.0, 1.0]
CORNERS = [[1.0, 1.0]] * 4
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
PLATE = {"detection_id": 1, "text": "", "confidence": 0.9, "box": BOX, "corners": CORNERS, "crop_url": ""}
DETECTED = {
    "detection_id": 1,
    "image_id": 1,
    "image_width": 416,
    "image_height": 416,
    "plates": [PLATE],
    "timestamp": "",
    "location_id": 1,
    "location": "",
    "vehicles": [],
    "image_url": "",
    "annotated_url": "",
}
LISTED = {
    "count": 1,
    "detections": [
        {
            "detection_id": 1,
            "image_id": 1,
            "plate": "",
            "confidence": 0.9,
            "box": BOX,
            "corners": CORNERS,
            "timestamp": "",
            "location_id": 1,
            "location": "",
            "crop_url": "",
        }
    ],
}
STATISTICS = {
    "total_detections": 1,
    "unique_plates": 1,
    "mean_confidence": 0.9,
    "by_hour": [{"hour": 0, "count": 1}],
    "by_day": [{"key": "", "count": 1}],
    "by_location": [{"count": 1}],
    "by_camera": [{"count": 1}],
    "by_type": [{"count": 1}],
    "busiest_hours": [{"weekday": 0, "hour": 0, "count": 1}],
    "occupancy": [{"location_id": 1, "location": "", "occupancy": 0}],
}
VISIT = {"id": 1, "plate": "", "state": "", "location_id": 1, "location": "", "entered_at": ""}
STATUS = {
    "plate": "",
    "lists": [],
    "inside": True,
    "inside_location_id": 1,
    "inside_location": "",
    "last_seen": {"location": "", "timestamp": ""},
    "visits": [VISIT],
}
PLACE = {
    "id": 1,
    "name": "",
    "address": "",
    "latitude": 52.5,
    "longitude": 13.4,
    "capacity": 120,
    "time_zone": "",
    "occupancy": 0,
}
FOUND = {"image_width": 416, "image_height": 416, "detections": [{"box": BOX, "corners": CORNERS, "confidence": 0.9}]}
READ = {"recognizer": "", "text": "", "confidence": 0.9, "characters": [["W", 0.9]]}
DECIDED = {"decision": "", "reason": "", "plate": "", "log_id": 1, "timestamp": ""}
LOGGED = {"id": 1, "timestamp": "", "plate": "", "decision": "", "reason": "", "source": ""}


@pytest.fixture
def client(quick_start: QuickStart) -> Any:
    with quick_start.client() as client:
        yield client


def answered(answer: httpx2.Response, documented: Any, status: int = 200) -> Any:
    """The answer, which has the documented fields."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert_like(documented, told)
    return told


def place(client: httpx2.Client, name: str) -> int:
    body = PLACE | {"name": name, "address": "1 Park Street", "time_zone": "Europe/Berlin"}
    del body["id"]
    made: int = answered(client.post("/api/locations", json=body), PLACE, 201)["id"]
    return made


def detected(client: httpx2.Client, name: str) -> Any:
    form = {"location_id": str(place(client, name)), "direction": "entering"}
    return answered(client.post("/detect_image", files=upload(BRITAIN, "file"), data=form), DETECTED)


def test_a_detected_image_and_its_files(client: httpx2.Client) -> None:
    told = detected(client, "detected")
    (plate,) = told["plates"]
    assert plate["text"] == "WM64UMA"
    assert TIME.fullmatch(told["timestamp"])
    for url in (told["image_url"], told["annotated_url"], plate["crop_url"]):
        assert url.startswith("/outputs/")
        picture = client.get(url)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert picture.content.startswith(b"\xff\xd8\xff")


def test_the_latest_detection_and_the_list_of_all(client: httpx2.Client) -> None:
    told = detected(client, "listed")
    assert answered(client.get("/latest_detection"), DETECTED) == told
    listed = answered(client.get("/detections", params={"location_id": told["location_id"]}), LISTED)
    assert [item["detection_id"] for item in listed["detections"]] == [told["detection_id"]]


def test_the_regions_of_an_image(client: httpx2.Client) -> None:
    told = detected(client, "regions")
    regions = answered(client.get("/plate_regions", params={"image_id": told["image_id"]}), {"plates": [PLATE]})
    assert regions["plates"] == told["plates"]


@pytest.mark.parametrize("path", ["/plate_queries", "/vehicle_queries"])
def test_a_query_by_plate_and_time(client: httpx2.Client, path: str) -> None:
    told = detected(client, f"queried{path}")
    params = {"plate": "WM64*", "captured_from": told["timestamp"], "location_id": told["location_id"]}
    found = answered(client.get(path, params=params), LISTED)
    assert [item["detection_id"] for item in found["detections"]] == [told["detection_id"]]


def test_the_statistics(client: httpx2.Client) -> None:
    told = detected(client, "counted")
    counted = answered(client.get("/statistics", params={"location_id": told["location_id"]}), STATISTICS)
    assert (counted["total_detections"], counted["unique_plates"]) == (1, 1)
    assert [hour["hour"] for hour in counted["by_hour"]] == list(range(24))
    assert counted["occupancy"][0]["occupancy"] == 1


def test_the_status_of_a_plate_and_its_sessions(client: httpx2.Client) -> None:
    told = detected(client, "status")
    status = answered(client.get("/plate_status", params={"plate": "WM64UMA"}), STATUS)
    assert (status["inside"], status["last_seen"]["detection_id"]) == (True, told["detection_id"])
    visits = answered(
        client.get("/session_queries", params={"location_id": told["location_id"]}),
        {"kind": "", "sessions": [VISIT], "next_cursor": None},
    )
    assert [(visit["plate"], visit["state"]) for visit in visits["sessions"]] == [("WM64UMA", "open")]
    users = client.get("/session_queries", params={"kind": "user"})
    assert (users.status_code, users.json()["kind"]) == (200, "user")


def test_locations_are_made_read_changed_and_deleted(client: httpx2.Client) -> None:
    path = f"/api/locations/{place(client, 'first')}"
    told = answered(client.get(path), PLACE)
    assert told in answered(client.get("/api/locations"), [PLACE])
    assert answered(client.put(path, json=told | {"name": "renamed"}), PLACE)["name"] == "renamed"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_the_folders_of_galaxy_are_there_and_static_is_served(quick_start: QuickStart, client: httpx2.Client) -> None:
    assert all((quick_start.data / name).is_dir() for name in ("outputs", "uploads", "static"))
    (quick_start.data / "static" / "style.css").write_text("body {}")
    answer = client.get("/static/style.css")
    assert (answer.status_code, answer.text) == (200, "body {}")
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("field", ["file", "image"])
def test_a_detection_of_securepass(client: httpx2.Client, field: str) -> None:
    assert len(answered(client.post("/detection", files=upload(BRITAIN, field)), FOUND)["detections"]) == 1


@pytest.mark.parametrize("field", ["file", "image"])
def test_the_text_of_a_photo(client: httpx2.Client, field: str) -> None:
    told = answered(client.post("/ocr?recognizer=rapidocr", files=upload(BRITAIN, field)), READ)
    assert (told["text"], told["recognizer"]) == ("WM64UMA", "rapidocr")


@pytest.mark.parametrize(
    "question",
    [
        pytest.param({"json": {"plate": "WM64UMA"}}, id="JSON"),
        pytest.param({"json": {"plate": "WM64UMA", "direction": "leaving"}}, id="JSON with a direction"),
        pytest.param({"files": upload(BRITAIN, "file")}, id="photo in file"),
        pytest.param({"files": upload(BRITAIN, "image")}, id="photo in image"),
    ],
)
def test_a_verification_is_answered_and_logged(client: httpx2.Client, question: dict[str, Any]) -> None:
    told = answered(client.post("/verification", **question), DECIDED)
    assert "match" in told
    assert told["decision"] in {"granted", "denied", "review"}
    newest = answered(client.get("/logs", params={"limit": 1}), {"logs": [LOGGED]})["logs"][0]
    assert (newest["id"], newest["decision"], newest["reason"]) == (told["log_id"], told["decision"], told["reason"])


def test_an_access_event_is_written_by_hand_and_given_as_csv(client: httpx2.Client) -> None:
    event = {"plate": "AB12CDE", "decision": "granted", "reason": "let in by the guard"}
    told = answered(client.post("/logs", json=event), LOGGED, 201)
    assert {name: told[name] for name in event} == event
    answer = client.get("/logs", params={"format": "csv", "plate": "AB12CDE"})
    assert answer.headers["content-type"].startswith("text/csv")
    header, newest = answer.text.splitlines()[:2]
    assert {"plate", "decision", "reason"} <= set(header.lstrip("\ufeff").split(","))
    assert "AB12CDE" in newest
    assert "let in by the guard" in newest


def test_no_path_leads_out_of_the_served_folders(quick_start: QuickStart, client: httpx2.Client) -> None:
    for path in ("/outputs/../platewatch.db", "/static/%2e%2e/platewatch.db", "/outputs/..%2fplatewatch.db"):
        status, body = quick_start.curl(f"curl --path-as-is http://localhost:8000{path}", quick_start.folder)
        assert status == 404
        assert "SQLite" not in body
    assert (quick_start.data / "platewatch.db").is_file()
