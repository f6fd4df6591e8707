"""`POST /api/v1/read` with one photo as the whole body."""

from __future__ import annotations

import pytest

from tests.servers import SAMPLES, Server, upload
from tests.sightings.test_endpoints import photo_without_plate

BRITAIN = SAMPLES / "britain.jpg"
DATA = BRITAIN.read_bytes()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "image/jpeg"},
        {"Content-Type": "IMAGE/JPEG; charset=binary"},
        {"Content-Type": "image/x-whatever"},
        {"Content-Type": "application/octet-stream"},
        {},
    ],
    ids=["jpeg", "with a parameter", "unknown image", "octet-stream", "none"],
)
def test_a_photo_as_the_body_is_read_like_one_in_a_form(sqlite_server: Server, headers: dict[str, str]) -> None:
    client = sqlite_server.admin()
    in_form = client.post("/api/v1/read", files=upload(BRITAIN)).json()["images"][0]
    answer = client.post("/api/v1/read", content=DATA, headers=headers)
    assert answer.status_code == 200, answer.text
    (image,) = answer.json()["images"]
    assert image["plates"] == in_form["plates"]
    assert [plate["text"] for plate in image["plates"]] == ["WM64UMA"]
    assert sqlite_server.media_files == []


def test_the_recognizer_stands_in_the_query(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    headers = {"Content-Type": "image/jpeg"}
    assert client.post("/api/v1/read?recognizer=platewatch", content=DATA, headers=headers).status_code == 200
    answer = client.post("/api/v1/read?recognizer=nosuch", content=DATA, headers=headers)
    assert (answer.status_code, "nosuch" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        pytest.param(b"", {"Content-Type": "image/jpeg"}, 422, "empty", id="empty"),
        pytest.param(b"", {}, 422, "empty", id="no body"),
        pytest.param(b"hello", {"Content-Type": "image/jpeg"}, 422, "not an image", id="no image"),
        pytest.param(DATA[:900], {"Content-Type": "image/jpeg"}, 422, "cut short", id="cut short"),
        pytest.param(b"{}", {"Content-Type": "application/json"}, 422, "--data-binary", id="JSON"),
        pytest.param(DATA, {"Content-Type": "text/plain"}, 422, "--data-binary", id="text"),
        pytest.param(
            DATA, {"Content-Type": "application/x-www-form-urlencoded"}, 400, "image/jpeg", id="curl without a type"
        ),
        pytest.param(
            b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 422, "image/jpeg", id="another form"
        ),
        pytest.param(
            b"\xff\xd8\xff" + bytes(17 * 1024 * 1024), {"Content-Type": "image/jpeg"}, 413, "16 MB", id="too large"
        ),
    ],
)
def test_a_body_that_is_no_photo_says_what_to_send(
    sqlite_server: Server, body: bytes, headers: dict[str, str], status: int, says: str
) -> None:
    answer = sqlite_server.admin().post("/api/v1/read", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["detail"]


def test_a_form_without_a_photo_names_its_fields(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    answer = client.post("/api/v1/read", files={"camera": (None, "gate")})
    assert "form fields found: camera" in answer.json()["detail"]
    answer = client.post("/api/v1/read", files={"photo": photo_without_plate()})
    assert "'photo' is not known" in answer.json()["detail"]


def test_nobody_sends_a_body_without_a_log_in(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.post("/api/v1/read", content=DATA, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 401


def test_the_description_names_both_ways(sqlite_server: Server) -> None:
    operation = sqlite_server.admin().get("/openapi.json").json()["paths"]["/api/v1/read"]["post"]
    assert set(operation["requestBody"]["content"]) == {"multipart/form-data", "image/*", "application/octet-stream"}
