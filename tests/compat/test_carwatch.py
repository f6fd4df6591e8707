"""CarWatch's upload as CarWatch's client sends it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from platewatch.db.tables import ImageRow, SightingRow
from tests.servers import SAMPLES, Server, upload
from tests.sightings.test_endpoints import photo_without_plate

BRITAIN = SAMPLES / "britain.jpg"


@pytest.mark.parametrize("status", ["entering", "leaving", "unknown"])
def test_an_upload_is_read_recorded_and_answered_in_the_envelope(server: Server, status: str) -> None:
    client = server.admin()
    answer = client.post(f"/api/upload_image?status={status}", files=upload(BRITAIN))
    assert answer.status_code == 200
    told = answer.json()
    assert re.fullmatch(r"image_\d{17}\.jpg", told.pop("image_filename"))
    assert told == {
        "success": True,
        "message": "Image received, uploaded to database, OCR processed, and data recorded successfully.",
        "plate_number": "WM64UMA",
        "status": status,
        "image_uploaded": True,
    }
    (item,) = client.get("/api/v1/sightings").json()["items"]
    assert (item["plate"], item["direction"], item["recorded_by"]) == ("WM64UMA", status, "ada")


def test_without_a_status_the_direction_is_unknown(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/upload_image", files=upload(BRITAIN))
    assert answer.json()["status"] == "unknown"


def test_a_photo_without_plates_is_stored_and_says_so(server: Server) -> None:
    answer = server.admin().post("/api/upload_image", files=[("image", photo_without_plate())])
    assert answer.status_code == 200
    told = answer.json()
    assert (told["success"], told["plate_number"], told["image_uploaded"]) == (True, None, True)
    assert "no plate" in told["message"]
    with server.runtime.database.reading() as session:
        assert session.query(ImageRow).one().filename == told["image_filename"]
        assert session.query(SightingRow).count() == 0
    assert len(server.media_files) == 1


def refused(answer: Any, status: int) -> str:
    assert answer.status_code == status
    told = answer.json()
    assert set(told) == {"success", "message"}
    assert told["success"] is False
    message: str = told["message"]
    return message


def test_a_wrong_field_name_is_told_with_the_fields_found(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/upload_image", files=upload(BRITAIN, field="file"))
    assert "'image'" in refused(answer, 422)
    assert "file" in refused(answer, 422)


def test_a_wrong_status_is_told(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/upload_image?status=parked", files=upload(BRITAIN))
    assert "status" in refused(answer, 422)


def test_nobody_uploads_without_a_log_in(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.post("/api/upload_image", files=upload(BRITAIN))
    assert "Log in" in refused(answer, 401)
    assert sqlite_server.media_files == []
