"""Bodies that are missing or no JSON are answered with the fields that the route needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers import Server

JSON = {"Content-Type": "application/json"}


def message(answer: Any) -> str:
    assert answer.status_code == 422, answer.text
    told = answer.json()
    text: str = told.get("detail") or told["message"]
    return text


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("POST", "/api/v1/second-factor", "Send a JSON object with: password."),
        ("POST", "/api/v1/access/gates", "Send a JSON object with: name, location_id, actuator; it may also have: "),
        ("POST", "/api/v1/imports/folder", "Send a JSON object with: folder; it may also have: "),
        ("POST", "/api/v1/sightings/manual", "Send a JSON object with: plate; it may also have: "),
        ("POST", "/api/v1/locations", "Send a JSON object with: name; it may also have: "),
        ("PUT", "/api/v1/access/policies/1", "Send a JSON object, {} at least; it may have: enabled, "),
        ("POST", "/api/plate", "Send a JSON object with: plate; it may also have: "),
        (
            "POST",
            "/auth/update/password",
            "with: current_password, new_password, confirm_new_password; it may also have",
        ),
        ("POST", "/logs", "Send a JSON object with: plate, "),
    ],
)
def test_a_missing_body_is_answered_with_the_fields_that_are_needed(
    sqlite_server: Server, method: str, path: str, needed: str
) -> None:
    told = message(sqlite_server.admin().request(method, path))
    assert told.startswith("The request has no body.")
    assert needed in told
    assert "Field required" not in told


def test_a_body_without_its_media_type_is_answered_with_that_type(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}):
        told = message(client.post("/api/v1/locations", content=b'{"name": "north"}', headers=headers))
        assert "Content-Type: application/json" in told
        assert "with: name" in told


@pytest.mark.parametrize("body", [b"[]", b'"north"', b"3", b"null"], ids=["array", "text", "number", "null"])
def test_json_that_is_no_object_is_answered_with_the_fields(sqlite_server: Server, body: bytes) -> None:
    assert "with: name" in message(sqlite_server.admin().post("/api/v1/locations", content=body, headers=JSON))


def test_broken_json_is_reported_with_its_place(sqlite_server: Server) -> None:
    told = message(sqlite_server.admin().post("/api/v1/locations", content=b'{"name": north}', headers=JSON))
    assert "at character 9" in told
    assert "with: name" in told


def test_the_problem_names_the_body_as_its_field(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/v1/second-factor")
    assert [problem["field"] for problem in answer.json()["errors"]] == ["body"]
