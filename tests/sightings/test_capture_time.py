"""When a photo was taken, as it is recorded: what its sender says, its EXIF data, its file or the upload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.clock import SetClock
from platewatch.errors import FieldError
from platewatch.sightings.capture_time import CaptureZones, capture_time
from platewatch.sightings.schemas import TimeSource
from platewatch.zones import zone_of
from tests.servers import Server
from tests.sightings.exif import GPS_DATE, GPS_TIME, OFFSET, TAKEN, photo
from tests.sightings.readers import CertainReader

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONES = CaptureZones(None, zone_of("Europe/Berlin"))
PLAIN = photo({})


@pytest.fixture(scope="session")
def reader() -> CertainReader:
    return CertainReader()


@pytest.mark.parametrize(
    ("data", "times", "expected"),
    [
        pytest.param(PLAIN, {}, (NOW, TimeSource.UPLOAD), id="nothing known"),
        pytest.param(
            photo({TAKEN: "2026:02:01 10:00:00"}),
            {"given": NOW - timedelta(days=2), "changed_at": NOW - timedelta(days=3)},
            (NOW - timedelta(days=2), TimeSource.GIVEN),
            id="given before all",
        ),
        pytest.param(
            photo({TAKEN: "2026:02:01 10:00:00"}),
            {"changed_at": NOW - timedelta(days=3)},
            (datetime(2026, 2, 1, 9, tzinfo=UTC), TimeSource.EXIF),
            id="EXIF before the file",
        ),
        pytest.param(
            PLAIN, {"changed_at": NOW - timedelta(days=3)}, (NOW - timedelta(days=3), TimeSource.FILE), id="the file's"
        ),
        pytest.param(PLAIN, {"changed_at": datetime(1980, 1, 1, tzinfo=UTC)}, (NOW, TimeSource.UPLOAD), id="no file's"),
    ],
)
def test_best_known_time_is_taken(
    data: bytes, times: dict[str, datetime], expected: tuple[datetime, TimeSource]
) -> None:
    found = capture_time(data, ZONES, NOW, **times)
    assert (found.at, found.source, found.note) == (*expected, None)
    assert found.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param("1970:01:01 00:00:10", id="clock that begins at 1970"),
        pytest.param("1980:01:01 00:03:00", id="clock that begins at 1980"),
        pytest.param("2000:01:01 08:00:00", id="clock that begins at 2000"),
        pytest.param("2030:01:01 00:00:10", id="years ahead"),
        pytest.param("2026:03:01 13:06:00", id="six minutes ahead"),
        pytest.param("9999:12:31 23:59:59", id="end of the calendar"),
        pytest.param("0001:01:01 00:00:00", id="begin of the calendar"),
    ],
)
def test_time_that_can_not_be_is_passed_over_and_named(taken: str) -> None:
    data = photo({TAKEN: taken})
    found = capture_time(data, ZONES, NOW)
    assert (found.at, found.source) == (NOW, TimeSource.UPLOAD)
    assert found.note is not None
    assert "Check the camera's clock" in found.note
    changed_at = NOW - timedelta(hours=1)
    found = capture_time(data, ZONES, NOW, changed_at=changed_at)
    assert (found.at, found.source, found.note is None) == (changed_at, TimeSource.FILE, False)


def test_time_in_unknown_form_is_named() -> None:
    found = capture_time(photo({TAKEN: "2026:03:01 10:00:00 EST"}), ZONES, NOW)
    assert (found.at, found.source) == (NOW, TimeSource.UPLOAD)
    assert found.note is not None
    assert "'2026:03:01 10:00:00 EST', which can't be read" in found.note


@pytest.mark.parametrize("given", [datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=2)])
def test_given_time_that_can_not_be_is_refused(given: datetime) -> None:
    with pytest.raises(FieldError, match="Check the clock"):
        capture_time(PLAIN, ZONES, NOW, given=given)


@pytest.fixture
def client(start_server: Callable[..., Server]) -> TestClient:
    return start_server().admin()


def record(client: TestClient, data: bytes, **form: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/sightings", files={"image": ("a.jpg", data)}, data=form)
    assert answer.status_code == 201, answer.text
    (image,) = answer.json()["images"]
    (sighting,) = image["sightings"]
    assert (sighting["captured_at"], sighting["captured_at_source"]) == (
        image["captured_at"],
        image["captured_at_source"],
    )
    recorded: dict[str, Any] = image
    return recorded


def test_upload_takes_time_of_photo(client: TestClient) -> None:
    image = record(client, photo({TAKEN: "2026:02:01 10:00:00", OFFSET: "-05:00"}))
    assert (image["captured_at"], image["captured_at_source"]) == ("2026-02-01T15:00:00Z", "exif")
    image = record(client, photo({TAKEN: "2026:02:02 10:00:00"}), captured_at="2026-02-02T10:00:00+01:00")
    assert (image["captured_at"], image["captured_at_source"]) == ("2026-02-02T09:00:00Z", "given")
    image = record(client, PLAIN)
    assert (image["captured_at"], image["captured_at_source"]) == ("2026-03-01T12:00:00Z", "upload")
    shown = client.get("/api/v1/sightings").json()["items"]
    assert [one["captured_at_source"] for one in shown] == ["upload", "given", "exif"]


def test_each_photo_of_request_has_its_own_time(client: TestClient) -> None:
    photos = [photo({TAKEN: f"2026:02:0{day} 10:00:00"}) for day in (1, 2)]
    files = [("image", (f"{number}.jpg", data)) for number, data in enumerate(photos)]
    images = client.post("/api/v1/sightings", files=files).json()["images"]
    assert [image["captured_at"] for image in images] == ["2026-02-01T10:00:00Z", "2026-02-02T10:00:00Z"]


def test_time_without_zone_is_in_that_of_place_else_of_server(client: TestClient) -> None:
    client.patch("/api/v1/settings", json={"time_zone": "Asia/Tokyo"})
    berlin = client.post("/api/v1/locations", json={"name": "berlin", "time_zone": "Europe/Berlin"}).json()["id"]
    client.post("/api/v1/cameras", json={"name": "gate", "location_id": berlin})
    local = [photo({TAKEN: f"2026:02:01 10:00:0{second}"}) for second in range(4)]
    assert record(client, local[0])["captured_at"] == "2026-02-01T01:00:00Z"
    assert record(client, local[1], location="berlin")["captured_at"] == "2026-02-01T09:00:01Z"
    assert record(client, local[2], camera="gate")["captured_at"] == "2026-02-01T09:00:02Z"
    assert record(client, local[3], location="new")["captured_at"] == "2026-02-01T01:00:03Z"


def test_zone_of_gps_counts_where_nobody_chose_one(client: TestClient) -> None:
    gps = {GPS_DATE: "2026:02:01", GPS_TIME: (15.0, 0.0, 5.0)}
    client.post("/api/v1/locations", json={"name": "somewhere"})
    image = record(client, photo({TAKEN: "2026:02:01 10:00:05"}, gps), location="somewhere")
    assert image["captured_at"] == "2026-02-01T15:00:05Z"
    client.patch("/api/v1/settings", json={"time_zone": "UTC"})
    image = record(client, photo({TAKEN: "2026:02:01 10:00:06"}, gps), location="somewhere")
    assert image["captured_at"] == "2026-02-01T10:00:06Z"


def test_clock_that_is_wrong_is_named_in_answer(client: TestClient) -> None:
    image = record(client, photo({TAKEN: "1970:01:01 00:00:10"}))
    assert image["captured_at_source"] == "upload"
    assert "1970-01-01T00:00:10" in image["captured_at_note"]


def test_other_systems_uploads_take_time_of_photo_too(client: TestClient) -> None:
    taken = photo({TAKEN: "2026:02:01 10:00:00", OFFSET: "+01:00"})
    detected = client.post("/detect_image", files={"file": ("a.jpg", taken)}).json()
    assert detected["timestamp"] == "2026-02-01T09:00:00Z"
    uploaded = client.post("/api/upload_image", files={"image": ("a.jpg", photo({TAKEN: "2026:02:02 10:00:00Z"}))})
    assert uploaded.status_code == 200
    history = client.get("/api/history").json()["data"]
    assert [record["date"] for record in history] == ["2026-02-02T10:00:00", "2026-02-01T09:00:00"]


def test_pass_by_hand_says_where_its_time_comes_from(client: TestClient) -> None:
    given = client.post("/api/v1/sightings/manual", json={"plate": "AB12", "captured_at": "2026-03-01T10:00:00Z"})
    assert given.json()["captured_at_source"] == "given"
    assert client.post("/api/v1/sightings/manual", json={"plate": "AB12"}).json()["captured_at_source"] == "upload"


def test_photo_of_yesterday_opens_no_gate(client: TestClient, clock: SetClock) -> None:
    place = client.post("/api/v1/locations", json={"name": "yard", "time_zone": "UTC"}).json()["id"]
    client.put(f"/api/v1/access/policies/{place}", json={"enabled": True, "unknown": "grant"})
    record(client, photo({TAKEN: "2026:02:28 12:00:00Z"}), location="yard", direction="entering")
    assert client.get("/api/v1/access/log").json()["items"] == []
    fresh = f"{clock.now():%Y:%m:%d %H:%M:%S}Z"
    record(client, photo({TAKEN: fresh}), location="yard", direction="entering")
    assert [entry["decision"] for entry in client.get("/api/v1/access/log").json()["items"]] == ["granted"]


def test_time_of_sighting_is_corrected(server: Server) -> None:
    client = server.admin()
    client.post("/api/v1/locations", json={"name": "yard"})
    watched = client.post("/api/v1/watchlists", json={"name": "w", "kind": "watch"}).json()["id"]
    entry = {"plate": "AB12CDE", "valid_to": "2026-02-01T00:00:00Z"}
    client.post(f"/api/v1/watchlists/{watched}/entries", json=entry)
    came = record(client, photo({TAKEN: "2026:02:10 10:00:00Z"}), location="yard", direction="entering")
    identity = came["sightings"][0]["id"]
    assert client.get("/api/v1/matches").json()["items"] == []

    path = f"/api/v1/sightings/{identity}"
    changed = client.patch(path, json={"captured_at": "2026-01-10T10:00:00+01:00", "reason": "clock was wrong"})
    assert changed.status_code == 200, changed.text
    shown = client.get(path).json()
    assert (shown["captured_at"], shown["captured_at_source"]) == ("2026-01-10T09:00:00Z", "given")
    assert shown["is_corrected"]
    (visit,) = client.get("/api/v1/visits").json()["items"]
    assert visit["entered_at"] == "2026-01-10T09:00:00Z"
    assert [match["sighting_id"] for match in client.get("/api/v1/matches").json()["items"]] == [identity]
    days = {"date_from": "2026-01-10", "date_to": "2026-01-10"}
    assert client.get("/api/v1/statistics/summary", params=days).json()["sightings"] == 1
    (change,) = client.get(f"{path}/history").json()["items"]
    assert change["before"] == {"captured_at": "2026-02-10T10:00:00+00:00", "captured_at_source": "exif"}
    assert client.patch(path, json={"captured_at": "1970-01-01T00:00:00Z"}).status_code == 422
