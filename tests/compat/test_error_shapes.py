from __future__ import annotations

import pytest

from platewatch.web.error_shapes import uses_detail, uses_envelope
from tests.servers import Server


@pytest.mark.parametrize(
    ("path", "envelope", "detail"),
    [
        pytest.param("/auth/login", True, False, id="accounts"),
        pytest.param("/api/upload_image", True, False, id="CarWatch"),
        pytest.param("/api/plate", True, False, id="CarWatch, another path"),
        pytest.param("/api/plates", False, False, id="only begins alike"),
        pytest.param("/detections", False, True, id="Galaxy ALPR"),
        pytest.param("/api/locations/3", False, True, id="Galaxy ALPR, below"),
        pytest.param("/outputs/plates/1.jpg", False, True, id="Galaxy ALPR, files"),
        pytest.param("/detection", False, True, id="SecurePass"),
        pytest.param("/logs", False, True, id="SecurePass, logs"),
        pytest.param("/logs.html", False, False, id="only begins alike, at the root"),
        pytest.param("/api/v1/locations", False, False, id="our own"),
        pytest.param("/", False, False, id="the root"),
    ],
)
def test_each_path_has_its_shape(path: str, envelope: bool, detail: bool) -> None:
    assert (uses_envelope(path), uses_detail(path)) == (envelope, detail)


@pytest.mark.parametrize(
    ("method", "path", "status", "fields"),
    [
        pytest.param("GET", "/detections?limit=0", 422, ["limit"], id="bad query"),
        pytest.param("GET", "/api/locations/999", 404, None, id="no such row"),
        pytest.param("GET", "/outputs/nothing.jpg", 404, None, id="no such file"),
        pytest.param("DELETE", "/statistics", 405, None, id="wrong method"),
        pytest.param("POST", "/ocr", 422, ["file"], id="no photo"),
        pytest.param("POST", "/logs", 422, ["body"], id="no body"),
    ],
)
def test_errors_are_reported_as_fastapi_programs_tell_them(
    sqlite_server: Server, method: str, path: str, status: int, fields: list[str] | None
) -> None:
    answer = sqlite_server.admin().request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert isinstance(told["detail"], str)
    assert [error["field"] for error in told.get("errors", [])] == (fields or [])


def test_nobody_gets_in_without_a_log_in_and_is_told_so(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.get("/detections")
    assert answer.status_code == 401
    assert "Log in" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/detections", "/logs", "/statistics", "/api/history", "/plate_status?plate=AB12CDE"])
def test_what_tells_of_plates_is_not_kept_by_browsers(sqlite_server: Server, path: str) -> None:
    assert sqlite_server.admin().get(path).headers["cache-control"] == "no-store"
