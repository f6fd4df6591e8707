"""`/detection` and `/ocr` as SecurePass's clients call them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from platewatch.db.tables import EventRow, ImageRow, SightingRow
from platewatch.vision.image import open_image
from platewatch.vision.pipeline import PlateReader
from tests.missing import need_tesseract
from tests.servers import SAMPLES, Server, upload
from tests.sightings.test_endpoints import photo_without_plate

BRITAIN = SAMPLES / "britain.jpg"
FIELDS = ("file", "image")


def nothing_is_stored(server: Server) -> bool:
    with server.runtime.database.reading() as session:
        rows = [session.query(row).count() for row in (SightingRow, ImageRow, EventRow)]
    return rows == [0, 0, 0] and server.media_files == []


def crop_of_sample(reader: PlateReader) -> tuple[str, bytes, str]:
    """The plate of the sample cut out with a little around it, as a PNG file."""
    image = open_image(BRITAIN.read_bytes())
    left, top, right, bottom = reader.read_image(image).readings[0].box_xyxy
    with Image.open(BRITAIN) as photo:
        plate = photo.crop((int(left) - 3, int(top) - 3, int(right) + 3, int(bottom) + 3))
    buffer = BytesIO()
    plate.save(buffer, "PNG")
    return ("crop.png", buffer.getvalue(), "image/png")


@pytest.mark.parametrize("field", FIELDS)
def test_a_detection_returns_where_plates_are_and_stores_nothing(sqlite_server: Server, field: str) -> None:
    answer = sqlite_server.admin().post("/detection", files=upload(BRITAIN, field))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert set(told) == {"detector", "image_width", "image_height", "detections"}
    assert (told["detector"], told["image_width"], told["image_height"]) == ("platewatch", 416, 416)
    (plate,) = told["detections"]
    assert set(plate) == {"box", "corners", "confidence"}
    left, top, right, bottom = plate["box"]
    assert 215 < left < right < 375
    assert 245 < top < bottom < 300
    assert [len(corner) for corner in plate["corners"]] == [2, 2, 2, 2]
    assert 0 < plate["confidence"] <= 1
    assert nothing_is_stored(sqlite_server)


@pytest.mark.parametrize("field", FIELDS)
def test_the_best_plate_of_a_photo_is_read(sqlite_server: Server, field: str) -> None:
    answer = sqlite_server.admin().post("/ocr", files=upload(BRITAIN, field))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["recognizer"], told["text"]) == ("platewatch", "WM64UMA")
    assert [character for character, _ in told["characters"]] == list("WM64UMA")
    assert all(0 < confidence <= 1 for _, confidence in told["characters"])
    assert 0.5 < told["confidence"] <= 1
    assert nothing_is_stored(sqlite_server)


def test_a_crop_is_read_as_a_whole(sqlite_server: Server, reader: PlateReader) -> None:
    told = sqlite_server.admin().post("/ocr", files={"file": crop_of_sample(reader)}).json()
    assert told["text"] == "WM64UMA"
    assert nothing_is_stored(sqlite_server)


def test_a_picture_without_a_plate_has_no_text(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    told = client.post("/ocr", files=[("file", photo_without_plate())]).json()
    assert (told["recognizer"], told["text"], told["confidence"], told["characters"]) == ("platewatch", "", 0.0, [])
    assert (told["region"], told["region_confidence"]) == (None, None)
    assert client.post("/detection", files=[("file", photo_without_plate())]).json()["detections"] == []


def test_another_recognizer_is_chosen_by_name(sqlite_server: Server) -> None:
    need_tesseract()
    answer = sqlite_server.admin().post("/ocr?recognizer=tesseract", files=upload(BRITAIN, "file"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["recognizer"] == "tesseract"


@pytest.mark.parametrize("name", ["nothing", "../tesseract", "os:system"])
def test_an_unknown_recognizer_is_reported_with_those_that_are_there(sqlite_server: Server, name: str) -> None:
    answer = sqlite_server.admin().post("/ocr", params={"recognizer": name}, files=upload(BRITAIN, "file"))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["recognizer"]
    assert "rapidocr" in answer.json()["detail"]


def test_the_recognizer_that_is_set_has_its_own_readers_and_others_share_one(sqlite_server: Server) -> None:
    runtime = sqlite_server.runtime
    assert runtime.reading.readers_with("platewatch") is runtime.reading.readers
    assert runtime.reading.readers_with("tesseract") == runtime.reading.spare_reader.of("tesseract")


@pytest.mark.parametrize("path", ["/detection", "/ocr"])
@pytest.mark.parametrize(
    ("files", "status"),
    [
        pytest.param(None, 422, id="nothing"),
        pytest.param({"photo": b"x"}, 422, id="another field"),
        pytest.param({"file": b"text"}, 422, id="no image"),
        pytest.param({"file": b""}, 422, id="empty"),
        pytest.param({"file": BRITAIN.read_bytes()[:2000]}, 422, id="cut short"),
    ],
)
def test_a_bad_upload_is_reported(sqlite_server: Server, path: str, files: Any, status: int) -> None:
    answer = sqlite_server.admin().post(path, files=files)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


def test_an_image_too_large_is_reported(start_server: Any) -> None:
    client = start_server(max_image_mb=1).admin()
    answer = client.post("/detection", files={"file": b"\xff\xd8\xff" + bytes(1024 * 1024)})
    assert answer.status_code == 413
    assert "more than 1 MB" in answer.json()["detail"]
