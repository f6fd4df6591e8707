"""The same photo twice: named as known and recorded once, unless that is not meant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.clock import SetClock
from tests.imports.archives import archive
from tests.imports.test_worker import finished, outcomes
from tests.servers import Server
from tests.sightings.exif import TAKEN, photo
from tests.sightings.readers import CertainReader

DATED = photo({TAKEN: "2026:02:01 10:00:00Z"})
PLAIN = photo({})


@pytest.fixture(scope="session")
def reader() -> CertainReader:
    return CertainReader()


@pytest.fixture
def client(start_server: Callable[..., Server]) -> TestClient:
    return start_server().admin()


def record(client: TestClient, data: bytes, **form: Any) -> tuple[bool, list[int]]:
    """Whether the photo is known, and the ids of its sightings."""
    answer = client.post("/api/v1/sightings", files={"image": ("a.jpg", data)}, data=form)
    assert answer.status_code == 201, answer.text
    (image,) = answer.json()["images"]
    return image["is_known"], [sighting["id"] for sighting in image["sightings"]]


def count(client: TestClient) -> int:
    counted: int = client.get("/api/v1/sightings/count").json()["count"]
    return counted


def test_same_photo_is_recorded_once(server: Server) -> None:
    client = server.admin()
    first = record(client, PLAIN, location="yard", direction="entering")
    assert first[0] is False
    events = client.get("/api/v1/visits").json()
    assert record(client, PLAIN, location="yard", direction="entering") == (True, first[1])
    assert count(client) == 1
    assert client.get("/api/v1/visits").json() == events
    assert len(server.media_files) == 2


def test_it_is_recorded_again_if_that_is_meant(client: TestClient) -> None:
    (first,) = record(client, PLAIN)[1]
    is_known, (second,) = record(client, PLAIN, record_known="true")
    assert (is_known, second) == (False, first + 1)
    assert record(client, PLAIN) == (True, [first])


@pytest.mark.parametrize(
    ("first", "second", "is_known"),
    [
        pytest.param({}, {}, True, id="no place"),
        pytest.param({"location": "a"}, {"location": "a"}, True, id="one place"),
        pytest.param({"location": "a"}, {"location": "b"}, False, id="another place"),
        pytest.param({"location": "a"}, {}, False, id="no place the second time"),
        pytest.param({"camera": "a"}, {"camera": "b"}, False, id="another camera"),
        pytest.param({"direction": "entering"}, {"direction": "leaving"}, False, id="the other way"),
        pytest.param({"direction": "entering"}, {}, False, id="no way the second time"),
        pytest.param(
            {"captured_at": "2026-02-01T10:00:00Z"},
            {"captured_at": "2026-02-01T11:00:00+01:00"},
            True,
            id="the same time",
        ),
        pytest.param(
            {"captured_at": "2026-02-01T10:00:00Z"}, {"captured_at": "2026-02-01T10:05:00Z"}, False, id="another time"
        ),
        pytest.param({"captured_at": "2026-02-01T10:00:00Z"}, {}, True, id="no time the second time"),
    ],
)
def test_place_and_time_have_to_be_the_same(
    client: TestClient, first: dict[str, str], second: dict[str, str], is_known: bool
) -> None:
    earlier = record(client, PLAIN, **first)
    assert earlier[0] is False
    assert record(client, PLAIN, **second)[0] is is_known


def test_known_photo_is_answered_with_the_time_that_it_was_recorded_with(client: TestClient, clock: SetClock) -> None:
    (sighting_id,) = record(client, PLAIN)[1]

    def time_of_next() -> tuple[str, str]:
        clock.advance(60)
        (image,) = client.post("/api/v1/sightings", files={"image": ("a.jpg", PLAIN)}).json()["images"]
        assert image["is_known"]
        return image["captured_at"], image["captured_at_source"]

    recorded = client.get(f"/api/v1/sightings/{sighting_id}").json()["captured_at"]
    assert time_of_next() == (recorded, "upload")
    client.patch(f"/api/v1/sightings/{sighting_id}", json={"captured_at": "2026-02-01T10:00:00Z"})
    assert time_of_next() == ("2026-02-01T10:00:00Z", "given")


def test_photo_without_time_is_known_for_a_day(client: TestClient, clock: SetClock) -> None:
    record(client, PLAIN)
    clock.advance(timedelta(hours=23).total_seconds())
    assert record(client, PLAIN)[0] is True
    clock.advance(timedelta(hours=2).total_seconds())
    assert record(client, PLAIN)[0] is False


def test_photo_with_time_stays_known(client: TestClient, clock: SetClock) -> None:
    record(client, DATED)
    clock.advance(timedelta(days=6).total_seconds())
    assert record(client, DATED)[0] is True


def test_setting_turns_it_off(start_server: Callable[..., Server]) -> None:
    client = start_server(known_photo_hours=0).admin()
    record(client, DATED)
    assert record(client, DATED)[0] is False
    assert count(client) == 2


def test_same_photo_twice_in_one_request(client: TestClient) -> None:
    files = [("image", (name, PLAIN)) for name in ("a.jpg", "b.jpg")]
    images = client.post("/api/v1/sightings", files=files).json()["images"]
    assert [image["is_known"] for image in images] == [False, True]
    assert images[0]["sightings"] == images[1]["sightings"]
    assert count(client) == 1


def test_photo_of_deleted_sighting_is_new(client: TestClient) -> None:
    (identity,) = record(client, PLAIN)[1]
    assert client.delete(f"/api/v1/sightings/{identity}").status_code == 204
    assert record(client, PLAIN)[0] is False


def test_corrected_sighting_is_known_as_it_is_now(client: TestClient) -> None:
    (identity,) = record(client, PLAIN)[1]
    client.patch(f"/api/v1/sightings/{identity}", json={"plate": "XY99ZZZ"})
    answer = client.post("/api/v1/sightings", files={"image": ("a.jpg", PLAIN)}).json()["images"][0]
    assert answer["sightings"][0]["plate"] == "XY99ZZZ"


def test_photo_without_plate_is_not_known(client: TestClient, reader: CertainReader) -> None:
    reader.text, before = "", reader.text
    try:
        blank = photo({TAKEN: "2026:02:02 10:00:00Z"})
        assert record(client, blank) == record(client, blank) == (False, [])
    finally:
        reader.text = before


def test_several_requests_at_once_record_one_photo_once(server: Server) -> None:
    client = server.admin()
    gate = threading.Barrier(4)
    known: list[bool] = []

    def send() -> None:
        own = server.log_in()
        gate.wait()
        known.append(record(own, PLAIN, location="yard")[0])

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(known) == [False, True, True, True]
    assert count(client) == 1


def test_other_systems_uploads_know_photo_too(client: TestClient) -> None:
    first = client.post("/detect_image", files={"file": ("a.jpg", PLAIN)}).json()
    second = client.post("/detect_image", files={"file": ("a.jpg", PLAIN)}).json()
    assert (first["is_known"], second["is_known"]) == (False, True)
    assert first["detection_id"] == second["detection_id"]
    again = client.post("/detect_image", files={"file": ("a.jpg", PLAIN)}, data={"record_known": "true"}).json()
    assert again["detection_id"] != first["detection_id"]

    new = client.post("/api/upload_image", files={"image": ("a.jpg", PLAIN)}).json()
    known = client.post("/api/upload_image", files={"image": ("a.jpg", PLAIN)}).json()
    assert "data recorded successfully" in new["message"]
    assert f"recorded before, as sighting {again['detection_id'] + 1}" in known["message"]
    assert (known["plate_number"], known["image_filename"]) == ("AB12CDE", new["image_filename"])
    meant = client.post("/api/upload_image?record_known=true", files={"image": ("a.jpg", PLAIN)}).json()
    assert "data recorded successfully" in meant["message"]
    assert count(client) == 4


def send_archive(client: TestClient, files: dict[str, bytes], tmp_path: Path, **fields: str) -> dict[str, Any]:
    content = archive(tmp_path / "sent.zip", files).read_bytes()
    sent = {"archive": ("march.zip", BytesIO(content), "application/zip")}
    answer = client.post("/api/v1/imports/archive", files=sent, data=fields)
    assert answer.status_code == 201, answer.text
    return finished(client, answer.json()["id"])


def test_import_knows_photos_of_uploads_and_of_itself(server: Server, tmp_path: Path) -> None:
    client = server.admin()
    (uploaded,) = record(client, DATED)[1]
    other = photo({TAKEN: "2026:02:03 10:00:00Z"})
    job = send_archive(client, {"a.jpg": DATED, "b.jpg": other, "c.jpg": other}, tmp_path)
    assert (job["done"], job["known"], job["sightings"]) == (3, 2, 1)
    assert outcomes(client, job["id"]) == {"a.jpg": ("done", 0), "b.jpg": ("done", 1), "c.jpg": ("done", 0)}
    files = client.get(f"/api/v1/imports/{job['id']}/files").json()["items"]
    assert [file["known_sighting_id"] for file in files] == [uploaded, None, uploaded + 1]
    assert files[0]["note"] == f"The same photo was recorded before, as sighting {uploaded}."

    again = send_archive(client, {"a.jpg": DATED, "b.jpg": other, "c.jpg": other}, tmp_path)
    assert (again["known"], again["sightings"]) == (3, 0)
    meant = send_archive(client, {"a.jpg": DATED}, tmp_path, record_known="true")
    assert (meant["record_known"], meant["known"], meant["sightings"]) == (True, 0, 1)
    assert count(client) == 3


def test_import_shows_time_that_can_not_be(server: Server, tmp_path: Path) -> None:
    client = server.admin()
    job = send_archive(client, {"a.jpg": photo({TAKEN: "1970:01:01 00:00:10"})}, tmp_path)
    (file,) = client.get(f"/api/v1/imports/{job['id']}/files").json()["items"]
    assert (file["captured_at_source"], file["captured_at"]) == ("file", "2026-02-03T04:05:06Z")
    assert "1970-01-01T00:00:10" in file["note"]


@pytest.mark.parametrize(
    ("correction", "form"),
    [
        ({"captured_at": "2026-02-01T12:30:00Z"}, {}),
        ({"captured_at": "2026-02-01T12:30:00Z"}, {"captured_at": "2026-02-01T12:30:00Z"}),
        ({"direction": "leaving"}, {}),
    ],
    ids=["time", "time, sent with the corrected one", "direction"],
)
def test_photo_whose_sighting_was_corrected_stays_known(
    client: TestClient, correction: dict[str, str], form: dict[str, str]
) -> None:
    (first,) = record(client, DATED, direction="entering")[1]
    corrected = client.patch(f"/api/v1/sightings/{first}", json=correction)
    assert corrected.status_code == 200, corrected.text
    corrected = client.patch(f"/api/v1/sightings/{first}", json={"note": "seen by the guard"})
    assert corrected.status_code == 200, corrected.text
    assert record(client, DATED, direction="entering", **form) == (True, [first])
