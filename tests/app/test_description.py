from __future__ import annotations

import re
from typing import Any

import pytest

from platewatch.web.error_shapes import uses_detail, uses_envelope
from tests.servers import Server


def answers(server: Server) -> list[tuple[str, str, dict[str, Any]]]:
    """Of each operation the path, and each status of an error with its contents."""
    return [
        (path, status, answer.get("content", {}))
        for path, operations in server.app.openapi()["paths"].items()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if status == "4XX"
    ]


def test_errors_are_described_as_they_are_sent(sqlite_server: Server) -> None:
    told = answers(sqlite_server)
    assert len(told) > 30
    for path, _, content in told:
        enveloped, detailed = "PlainEnvelope" in str(content), "DetailError" in str(content)
        expected = "application/json" if enveloped or detailed else "application/problem+json"
        assert set(content) == {expected}, path
        assert (enveloped, detailed) == (uses_envelope(path), uses_detail(path)), path


def test_the_description_stays_the_same_object(sqlite_server: Server) -> None:
    assert sqlite_server.app.openapi() is sqlite_server.app.openapi()


def test_the_page_is_for_who_is_logged_in(sqlite_server: Server) -> None:
    assert sqlite_server.anonymous.get("/api/docs").status_code == 401
    page = sqlite_server.admin().get("/api/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_the_page_loads_nothing_from_elsewhere_and_all_that_it_names(sqlite_server: Server) -> None:
    admin = sqlite_server.admin()
    page = admin.get("/api/docs").text
    named = re.findall(r'(?:src|href|url)="([^"]+)"', page)
    assert len(named) == 3
    assert "://" not in page
    assert not re.search(r"<script>|\son\w+=", page), "the security policy forbids scripts within pages"
    for path in (*named, "/openapi.json"):
        assert admin.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "name", ["redoc.standalone.js", "..%2Fcore.py", "..", "%2e%2e%2fcore.py", "swagger-ui.css%00", ".", "start.js.map"]
)
def test_no_other_file_is_given(sqlite_server: Server, name: str) -> None:
    answer = sqlite_server.admin().get(f"/api/docs/{name}", follow_redirects=False)
    assert answer.status_code in {404, 307, 200}
    assert answer.status_code != 200 or "<title>platewatch API</title>" in answer.text
