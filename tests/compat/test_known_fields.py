"""Other systems' routes refuse what they don't know, so that no misspelt filter or field is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.app.main import create_app
from platewatch.settings import Settings
from tests.servers import SAMPLES, Server, routes_of, upload

TAGS = {"CarWatch", "Galaxy ALPR", "SecurePass"}
FILES = ("/outputs/", "/static/")
"""Browsers add parameters of their own to the addresses of files."""


def compat_routes() -> list[tuple[str, str]]:
    app = create_app(Settings(data=Path("nowhere")))
    described = app.openapi()["paths"]
    return [
        (method, path.replace("{location_id}", "1"))
        for method, path in routes_of(app)
        if not path.startswith(FILES) and TAGS & set(described.get(path, {}).get(method.lower(), {}).get("tags", ()))
    ]


@pytest.mark.parametrize(("method", "path"), compat_routes())
def test_every_route_refuses_an_unknown_query_parameter(sqlite_server: Server, method: str, path: str) -> None:
    answer = sqlite_server.admin().request(method, path, params={"no_such": "1"})
    assert answer.status_code == 422
    told = answer.json()
    assert "no_such" in told.get("message", "") + told.get("detail", "")


def test_files_are_served_with_any_query(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    (sqlite_server.runtime.settings.data / "static" / "logo.svg").write_text("<svg/>")
    assert client.get("/static/logo.svg", params={"v": "2"}).status_code == 200


@pytest.mark.parametrize("path", ["/detect_image", "/detection", "/ocr", "/verification"])
def test_routes_that_take_a_photo_refuse_an_unknown_form_field(sqlite_server: Server, path: str) -> None:
    answer = sqlite_server.admin().post(path, files=upload(SAMPLES / "britain.jpg"), data={"location": "north"})
    assert answer.status_code == 422
    assert "location" in str(answer.json())
    assert sqlite_server.media_files == []


def test_the_message_names_what_the_route_knows(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    told = client.post("/detect_image", files=upload(SAMPLES / "britain.jpg"), data={"location": "north"}).json()
    assert told["detail"] == (
        "The form field 'location' is not known. "
        "The form fields are: 'camera_id', 'direction', 'file', 'image', 'location_id', 'record_known'."
    )
    told = client.get("/latest_detection", params={"location": "north"}).json()
    assert "The query parameters are: 'camera_id', 'location_id', 'reason'." in told["detail"]
    told = client.post("/api/fetch_img", params={"x": "1"}).json()
    assert told["message"] == "The query parameter 'x' is not known. This route has no query parameters."
