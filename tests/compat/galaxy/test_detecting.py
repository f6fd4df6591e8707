"""`/detect_image`, `/latest_detection` and `/plate_regions` as Galaxy's clients call them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from platewatch.db.tables import ImageRow, SightingRow
from tests.servers import SAMPLES, Server, upload
from tests.sightings.test_endpoints import photo_without_plate

BRITAIN = SAMPLES / "britain.jpg"


def detect(client: Any, field: str = "file", **fields: Any) -> Any:
    answer = client.post("/detect_image", files=upload(BRITAIN, field), data=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def make_place(client: Any, name: str = "north") -> int:
    made = client.post("/api/locations", json={"name": name})
    assert made.status_code == 201, made.text
    place: int = made.json()["id"]
    return place


@pytest.mark.parametrize("field", ["file", "image"])
def test_a_photo_is_detected_stored_and_shown(server: Server, field: str) -> None:
    client = server.admin()
    told = detect(client, field)
    (plate,) = told["plates"]
    assert (plate["text"], plate["detection_id"]) == ("WM64UMA", told["detection_id"])
    assert 0.5 < plate["confidence"] <= 1
    left, top, right, bottom = plate["box"]
    assert 215 < left < right < 375
    assert 245 < top < bottom < 300
    assert len(plate["corners"]) == 4
    assert (told["image_width"], told["image_height"], told["vehicles"]) == (416, 416, [])
    assert client.get(told["image_url"]).content == BRITAIN.read_bytes()
    annotated = client.get(told["annotated_url"])
    assert annotated.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(annotated.content)).size == (416, 416)
    crop = Image.open(BytesIO(client.get(plate["crop_url"]).content))
    assert crop.width > crop.height > 10
    (item,) = client.get("/api/v1/sightings").json()["items"]
    assert (item["id"], item["plate"], item["recorded_by"]) == (plate["detection_id"], "WM64UMA", "ada")


def test_the_place_is_named_by_ids(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    place = make_place(client)
    camera = client.post("/api/v1/cameras", json={"name": "gate 1", "location_id": place}).json()["id"]
    told = detect(client, location_id=place, camera_id=camera, direction="entering")
    assert (told["location_id"], told["location"]) == (place, "north")
    assert (told["camera_id"], told["camera"], told["direction"]) == (camera, "gate 1", "entering")


@pytest.mark.parametrize("field", ["location_id", "camera_id"])
def test_a_place_that_is_not_there_is_reported_and_nothing_is_stored(sqlite_server: Server, field: str) -> None:
    client = sqlite_server.admin()
    answer = client.post("/detect_image", files=upload(BRITAIN), data={field: 4711})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "4711" in answer.json()["detail"]
    assert sqlite_server.media_files == []


def test_a_photo_without_plates_is_stored_too(server: Server) -> None:
    client = server.admin()
    answer = client.post("/detect_image", files=[("file", photo_without_plate())])
    told = answer.json()
    assert (told["detection_id"], told["plates"]) == (None, [])
    assert (told["image_width"], told["image_height"]) == (320, 200)
    assert client.get(told["image_url"]).status_code == 200
    assert client.get(told["annotated_url"]).status_code == 200
    regions = client.get("/plate_regions", params={"image_id": told["image_id"]}).json()
    assert (regions["image_id"], regions["plates"]) == (told["image_id"], [])
    with server.runtime.database.reading() as session:
        assert (session.query(ImageRow).count(), session.query(SightingRow).count()) == (1, 0)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        pytest.param(None, "none", id="nothing"),
        pytest.param(upload(BRITAIN, "file") + upload(BRITAIN, "image"), "file, image", id="both"),
    ],
)
def test_one_photo_is_wanted_and_the_fields_found_are_reported(sqlite_server: Server, files: Any, says: str) -> None:
    answer = sqlite_server.admin().post("/detect_image", files=files)
    assert answer.status_code == 422
    assert f"(fields found: {says})" in answer.json()["detail"]


def test_a_photo_in_another_field_is_shown_the_fields(sqlite_server: Server) -> None:
    told = sqlite_server.admin().post("/detect_image", files=upload(BRITAIN, "photo"))
    assert told.status_code == 422
    assert "'photo' is not known" in told.json()["detail"]
    assert "'file', 'image'" in told.json()["detail"]


def test_what_is_no_image_is_reported(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/detect_image", files={"file": ("a.jpg", b"text", "image/jpeg")})
    assert answer.status_code == 422
    assert "not an image" in answer.json()["detail"]


def test_the_latest_detection_is_the_newest_photo_with_a_plate(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    nothing = client.get("/latest_detection")
    assert (nothing.status_code, nothing.json()["detail"]) == (404, "There is no detection yet.")
    place = make_place(client)
    first = detect(client, location_id=place)
    second = detect(client)
    client.post("/detect_image", files=[("file", photo_without_plate())])
    assert client.get("/latest_detection").json() == second
    assert client.get("/latest_detection", params={"location_id": place}).json() == first


def test_a_plate_written_by_hand_is_a_detection_without_a_photo(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    client.post("/api/plate", json={"plate": "AB12CDE"})
    told = client.get("/latest_detection").json()
    assert (told["image_id"], told["image_url"], told["annotated_url"]) == (None, None, None)
    assert [(plate["text"], plate["box"], plate["crop_url"]) for plate in told["plates"]] == [("AB12CDE", None, None)]
    regions = client.get("/plate_regions", params={"detection_id": told["detection_id"]}).json()
    assert regions["plates"] == told["plates"]


def test_regions_are_found_by_photo_and_by_detection(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    told = detect(client)
    by_image = client.get("/plate_regions", params={"image_id": told["image_id"]}).json()
    by_detection = client.get("/plate_regions", params={"detection_id": told["detection_id"]}).json()
    assert by_image == by_detection
    assert by_image["plates"] == told["plates"]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        pytest.param({}, 422, id="neither"),
        pytest.param({"image_id": 1, "detection_id": 1}, 422, id="both"),
        pytest.param({"image_id": 4711}, 404, id="no such photo"),
        pytest.param({"detection_id": 4711}, 404, id="no such detection"),
        pytest.param({"image_id": 0}, 422, id="no id"),
        pytest.param({"image_id": 2**70}, 422, id="an id too large"),
    ],
)
def test_regions_need_one_photo(sqlite_server: Server, params: dict[str, int], status: int) -> None:
    assert sqlite_server.admin().get("/plate_regions", params=params).status_code == status
