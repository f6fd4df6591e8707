"""`/api/v1/read` and `/api/v1/sightings` as a client sees them, on every database."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from platewatch.db.tables import EventRow, IdempotencyRow, ImageRow, SightingRow
from platewatch.reading.pool import ReaderPool
from platewatch.vision.pipeline import PlateReader
from tests.servers import SAMPLES, Server, samples, upload
from tests.vision.pictures import heic, quarters, turned

BRITAIN = SAMPLES / "britain.jpg"
SPAIN = SAMPLES / "spain.jpg"


def photo_without_plate() -> tuple[str, bytes, str]:
    buffer = BytesIO()
    Image.new("RGB", (320, 200), (90, 120, 90)).save(buffer, "JPEG")
    return ("meadow.jpg", buffer.getvalue(), "image/jpeg")


def record(client: TestClient, path: Path = BRITAIN, *, headers: dict[str, str] | None = None, **fields: str) -> Any:
    return client.post("/api/v1/sightings", files=upload(path), data=fields, headers=headers)


def count_rows(server: Server, row: type[Any]) -> int:
    with server.runtime.database.reading() as session:
        return session.query(row).count()


def nothing_is_left(server: Server) -> bool:
    rows = [count_rows(server, row) for row in (SightingRow, ImageRow, EventRow, IdempotencyRow)]
    return rows == [0, 0, 0, 0] and server.media_files == []


def test_a_photo_becomes_a_sighting_that_is_listed_and_shown(server: Server) -> None:
    client = server.admin()
    answer = record(client, camera="gate 1", location="north", direction="entering")
    assert answer.status_code == 201, answer.text
    (image,) = answer.json()["images"]
    (sighting,) = image["sightings"]
    assert (image["image"], image["width"], image["height"]) == ("britain.jpg", 416, 416)
    assert sighting["plate"] == "WM64UMA"
    assert [text for text, _ in sighting["characters"]] == list("WM64UMA")
    assert (sighting["camera"], sighting["location"], sighting["direction"]) == ("gate 1", "north", "entering")
    assert sighting["recorded_by"] == "ada"
    left, top, right, bottom = sighting["box"]
    assert 215 < left < right < 375
    assert 245 < top < bottom < 300
    assert client.get("/api/v1/sightings").json() == {"items": [sighting], "next_cursor": None}
    assert client.get(f"/api/v1/sightings/{sighting['id']}").json() == sighting


def test_the_stored_images_of_a_sighting_can_be_fetched(server: Server) -> None:
    client = server.admin()
    sighting = record(client).json()["images"][0]["sightings"][0]
    photo = client.get(sighting["image_url"])
    assert photo.headers["content-type"] == "image/jpeg"
    assert photo.content == BRITAIN.read_bytes()
    crop = Image.open(BytesIO(client.get(sighting["crop_url"]).content))
    assert crop.width > crop.height > 10
    annotated = client.get(sighting["annotated_url"]).content
    assert Image.open(BytesIO(annotated)).size == (416, 416)
    assert annotated != photo.content


def test_reading_alone_stores_nothing(server: Server) -> None:
    client = server.admin()
    answer = client.post("/api/v1/read", files=upload(SPAIN))
    assert answer.status_code == 200
    (image,) = answer.json()["images"]
    assert [plate["text"] for plate in image["plates"]] == ["0695DVH"]
    (plate,) = image["plates"]
    told = {"text", "confidence", "is_unsure", "region", "region_confidence", "box", "corners", "characters"}
    assert set(plate) == told
    assert 0.3 <= plate["region_confidence"] <= 1
    assert nothing_is_left(server)


def test_several_photos_are_read_in_one_request_in_their_order(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    chosen = samples()[:3]
    files = [part for path, _ in chosen for part in upload(path)]
    images = client.post("/api/v1/sightings", files=files).json()["images"]
    assert [image["image"] for image in images] == [path.name for path, _ in chosen]
    assert [image["sightings"][0]["plate"] for image in images] == [text for _, text in chosen]


def test_a_photo_without_plates_leaves_nothing(server: Server) -> None:
    answer = server.admin().post("/api/v1/sightings", files=[("image", photo_without_plate())])
    assert answer.status_code == 201
    assert answer.json()["images"][0]["sightings"] == []
    assert nothing_is_left(server)


def test_equal_photos_are_kept_once(server: Server) -> None:
    client = server.admin()
    record(client)
    files = server.media_files
    record(client, record_known="true")
    assert server.media_files == files
    assert count_rows(server, SightingRow) == 2


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_turned_photo_of_any_format_is_kept_upright_without_exif(sqlite_server: Server, image_format: str) -> None:
    client = sqlite_server.admin()
    with Image.open(SAMPLES / "britain.jpg") as upright:
        data = turned(upright.convert("RGB"), 6, image_format)
        size = upright.size
    name = f"photo.{image_format.lower()}"
    answer = client.post("/api/v1/sightings", files=[("image", (name, data, f"image/{image_format.lower()}"))])
    assert answer.status_code == 201, answer.text
    (image,) = answer.json()["images"]
    assert (image["width"], image["height"]) == size
    (sighting,) = image["sightings"]
    shown = client.get(f"/api/v1/sightings/{sighting['id']}/image")
    with Image.open(BytesIO(shown.content)) as stored:
        assert (stored.format, stored.size, dict(stored.getexif())) == ("JPEG", size, {})
        xs, ys = zip(*sighting["corners"], strict=True)
        plate = np.asarray(stored.convert("L"))[round(min(ys)) : round(max(ys)), round(min(xs)) : round(max(xs))]
    # The outline fits the picture that a browser shows: it lies on the light plate.
    assert plate.mean() > 90


def test_heic_without_its_package_is_refused_with_what_to_install(
    sqlite_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)
    files = [("image", ("IMG_1.HEIC", heic(quarters()), "image/heic"))]
    answer = sqlite_server.admin().post("/api/v1/sightings", files=files)
    assert answer.status_code == 422
    assert "pillow-heif" in answer.json()["detail"]


def test_a_png_upload_is_kept_as_jpeg(sqlite_server: Server) -> None:
    buffer = BytesIO()
    Image.open(BRITAIN).save(buffer, "PNG")
    client = sqlite_server.admin()
    answer = client.post("/api/v1/sightings", files=[("image", ("car.png", buffer.getvalue(), "image/png"))])
    sighting = answer.json()["images"][0]["sightings"][0]
    assert Image.open(BytesIO(client.get(sighting["image_url"]).content)).format == "JPEG"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({}, ["2", "1", "0"], id="newest first"),
        pytest.param({"plate": "wm64 uma"}, ["2", "1", "0"], id="the plate, however it is written"),
        pytest.param({"plate": "WM64"}, [], id="another plate"),
        pytest.param({"captured_from": "2026-03-01T11:00:00Z"}, ["2", "1"], id="from a time on"),
        pytest.param({"captured_to": "2026-03-01T13:00:00+01:00"}, ["1", "0"], id="before a time, another zone"),
        pytest.param({"min_confidence": "0.5"}, ["2", "1", "0"], id="sure enough"),
        pytest.param({"min_confidence": "1"}, [], id="not sure enough"),
    ],
)
def test_the_list_is_filtered(server: Server, query: dict[str, str], expected: list[str]) -> None:
    client = server.admin()
    for hour in (10, 11, 12):
        record(client, camera=str(hour - 10), captured_at=f"2026-03-01T{hour}:00:00Z")
    items = client.get("/api/v1/sightings", params=query).json()["items"]
    assert [item["camera"] for item in items] == expected


def test_pages_follow_each_other_without_gap_or_double(server: Server) -> None:
    client = server.admin()
    for second in range(5):
        record(client, captured_at=f"2026-03-01T10:00:0{second // 2}Z", record_known="true")
    seen, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/sightings", params=params).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


def test_the_same_key_records_once_and_answers_alike(server: Server) -> None:
    client = server.admin()
    headers = {"Idempotency-Key": "upload-1"}
    first = record(client, headers=headers)
    again = record(client, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count_rows(server, SightingRow) == 1


def test_two_requests_at_once_with_one_key_record_once(server: Server) -> None:
    server.admin()
    clients = [server.log_in() for _ in range(2)]
    headers = {"Idempotency-Key": "upload-1"}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: record(client, headers=headers), clients))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert count_rows(server, SightingRow) == 1
    assert count_rows(server, EventRow) == 1


def test_one_key_for_two_different_requests_is_refused(server: Server) -> None:
    client = server.admin()
    headers = {"Idempotency-Key": "upload-1"}
    record(client, headers=headers)
    other_photo = record(client, SPAIN, headers=headers)
    other_field = record(client, headers=headers, camera="gate 2")
    assert (other_photo.status_code, other_field.status_code) == (422, 422)
    assert "Use a new key" in other_photo.json()["detail"]
    assert count_rows(server, SightingRow) == 1


def test_a_key_is_forgotten_after_its_time(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    headers = {"Idempotency-Key": "upload-1"}
    record(client, headers=headers, record_known="true")
    with sqlite_server.runtime.database.transaction() as session:
        session.query(IdempotencyRow).one().created_at -= timedelta(hours=25)
    assert "Idempotency-Replayed" not in record(client, headers=headers, record_known="true").headers
    assert count_rows(sqlite_server, SightingRow) == 2


def test_a_key_too_long_is_refused(sqlite_server: Server) -> None:
    answer = record(sqlite_server.admin(), headers={"Idempotency-Key": "k" * 256})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_cameras_and_locations_are_made_once(server: Server) -> None:
    client = server.admin()
    ids = {record(client, camera="gate", location="north").status_code for _ in range(2)}
    assert ids == {201}
    record(client, camera="GATE")
    cameras = {item["camera"] for item in client.get("/api/v1/sightings").json()["items"]}
    assert cameras == {"gate", "GATE"}


def test_captured_at_is_kept_in_utc(server: Server) -> None:
    answer = record(server.admin(), captured_at="2026-03-01T12:30:00.123456+05:30")
    sighting = answer.json()["images"][0]["sightings"][0]
    assert datetime.fromisoformat(sighting["captured_at"]) == datetime(2026, 3, 1, 7, 0, 0, 123456, UTC)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"captured_at": "2026-03-01T12:30:00"}, "captured_at", id="no offset"),
        pytest.param({"captured_at": "yesterday"}, "captured_at", id="no time"),
        pytest.param({"captured_at": "2999-01-01T00:00:00Z"}, "captured_at", id="far in the future"),
        pytest.param({"captured_at": "0001-01-01T00:00:00Z"}, "captured_at", id="before photography"),
        pytest.param({"direction": "sideways"}, "direction", id="no direction"),
        pytest.param({"camera": "c" * 151}, "camera", id="name too long"),
        pytest.param({"camara": "gate"}, "camara", id="misspelled field"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_left(sqlite_server: Server, fields: dict[str, str], named: str) -> None:
    answer = sqlite_server.admin().post("/api/v1/sightings", files=upload(BRITAIN), data=fields)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [named]
    assert nothing_is_left(sqlite_server)


@pytest.mark.parametrize("path", ["/api/v1/sightings?location=yard", "/api/v1/read?location=yard"])
def test_a_query_parameter_that_an_upload_does_not_know_is_refused(sqlite_server: Server, path: str) -> None:
    answer = sqlite_server.admin().post(path, files=upload(BRITAIN))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "location")
    assert nothing_is_left(sqlite_server)


def test_a_missing_photo_and_a_wrong_field_name_are_reported(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    wrong = client.post("/api/v1/sightings", files=upload(BRITAIN, field="photo"))
    assert wrong.status_code == 422
    assert "'photo' is not known" in wrong.json()["detail"]
    assert "image" in wrong.json()["detail"]
    missing = client.post("/api/v1/sightings", data={"camera": "gate"})
    assert missing.status_code == 422
    assert missing.json()["errors"][0]["field"] == "image"


@pytest.mark.parametrize(
    "path",
    ["", "/image", "/crop", "/annotated"],
)
def test_an_unknown_sighting_is_reported(sqlite_server: Server, path: str) -> None:
    answer = sqlite_server.admin().get(f"/api/v1/sightings/4711{path}")
    assert answer.status_code == 404
    assert "4711" in answer.json()["detail"]


@pytest.mark.parametrize("cursor", ["x", "W10", "AAAA", "..%2F"])
def test_a_malformed_cursor_is_reported(sqlite_server: Server, cursor: str) -> None:
    answer = sqlite_server.admin().get("/api/v1/sightings", params={"cursor": cursor})
    assert answer.status_code == 422
    assert "next_cursor" in answer.json()["detail"]


@pytest.mark.parametrize(
    "params",
    [{"limit": "0"}, {"limit": "201"}, {"min_confidence": "2"}, {"captured_from": "today"}, {"colour": "red"}],
    ids=["no rows", "too many rows", "no confidence", "no time", "unknown filter"],
)
def test_a_bad_filter_is_named(sqlite_server: Server, params: dict[str, str]) -> None:
    answer = sqlite_server.admin().get("/api/v1/sightings", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == next(iter(params))


def test_beyond_the_waiting_line_clients_are_told_when_to_come_back(sqlite_server: Server, reader: PlateReader) -> None:
    client = sqlite_server.admin()
    sqlite_server.runtime.reading.readers = ReaderPool(lambda: reader, 1, 0)
    taken, done = threading.Event(), threading.Event()

    def hold(_: PlateReader) -> None:
        taken.set()
        done.wait()

    holder = threading.Thread(target=sqlite_server.runtime.reading.readers.run, args=(hold,))
    holder.start()
    try:
        assert taken.wait(10)
        busy = record(client)
    finally:
        done.set()
        holder.join()
    assert busy.status_code == 503
    assert int(busy.headers["Retry-After"]) >= 1
    assert "busy" in busy.json()["detail"]
    assert nothing_is_left(sqlite_server)
    assert record(client).status_code == 201
