from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from platewatch import errors
from platewatch.db.engine import Database
from platewatch.settings import Settings
from platewatch.web.error_handlers import status_of
from tests.app.logfiles import read_log
from tests.databases import Kind, empty_url
from tests.servers import BlindReader, Server, migrate, started

StartServer = Callable[..., Server]

CASES = [
    (errors.EmptyImageError(), 422),
    (errors.NotAnImageError(), 422),
    (errors.TruncatedImageError(), 422),
    (errors.UnsupportedImageError("CMYK"), 422),
    (errors.ImageTooLargeError(what="MB", limit="16"), 413),
    (errors.CursorError("x"), 422),
    (errors.FieldError("x", "y"), 422),
    (errors.NotFoundError("camera", 1), 404),
    (errors.ConflictError("x"), 409),
    (errors.IdempotencyError("x"), 422),
    (errors.AuthenticationError("x"), 401),
    (errors.SecondFactorError("x"), 401),
    (errors.ForbiddenError("x"), 403),
    (errors.TooManyRequestsError("x", retry_after_s=1), 429),
    (errors.DatabaseAwayError(), 503),
    (errors.BusyError(retry_after_s=1), 503),
    (errors.UnknownBackendError(kind="detector", name="x", ready=[]), 503),
    (errors.ModelFileError("x"), 503),
    (errors.StorageError("x"), 507),
    (errors.SettingsError("x"), 500),
]


@pytest.mark.parametrize(("error", "status"), CASES, ids=[type(error).__name__ for error, _ in CASES])
def test_each_error_has_its_status(error: errors.PlatewatchError, status: int) -> None:
    assert status_of(error) == status


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    """The body, which is problem details of this status."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"], body["title"]) == ("about:blank", status, HTTPStatus(status).phrase)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        pytest.param("GET", "/api/v1/nothing", 404, "'/api/v1/nothing'", id="no such route"),
        pytest.param("GET", "/nowhere", 404, "/openapi.json", id="outside the API"),
        pytest.param("DELETE", "/api/v1/users", 405, "does not take DELETE", id="wrong method"),
        pytest.param("GET", "/api/v1/sightings/999999", 404, "There is no sighting 999999", id="no such row"),
        pytest.param("GET", "/api/v1/sightings?limit=x", 422, "limit", id="bad query"),
        pytest.param("PATCH", "/api/v1/users/1", 422, "body", id="no body"),
    ],
)
def test_the_api_answers_with_problem_details(
    sqlite_server: Server, method: str, path: str, status: int, says: str
) -> None:
    body = assert_problem(sqlite_server.admin().request(method, path), status)
    assert says in body["detail"]


def test_a_wrong_method_is_shown_the_right_ones(sqlite_server: Server) -> None:
    assert sqlite_server.admin().delete("/api/v1/users").headers["allow"] == "GET"


def test_each_bad_field_is_named(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().get("/api/v1/sightings?limit=0&min_confidence=2")
    body = assert_problem(answer, 422)
    assert {error["field"] for error in body["errors"]} == {"limit", "min_confidence"}
    assert all(error["message"] for error in body["errors"])


def test_a_nested_field_is_named_with_its_way(sqlite_server: Server) -> None:
    answer = sqlite_server.admin().post("/api/v1/api-keys", json={"name": "x", "scopes": ["read", "x"]})
    assert [error["field"] for error in assert_problem(answer, 422)["errors"]] == ["scopes.1"]


def test_a_secret_that_was_sent_is_not_sent_back(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.post("/auth/register", json={"username": "ada", "password": ["hunter2 hunter2"]})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/auth/nothing", 404),
        ("DELETE", "/auth/login", 405),
        ("POST", "/auth/login", 422),
        ("GET", "/auth/me", 401),
        ("POST", "/api/upload_image", 401),
        ("GET", "/api/upload_image", 405),
    ],
)
def test_accounts_and_carwatchs_upload_answer_with_the_envelope(
    sqlite_server: Server, method: str, path: str, status: int
) -> None:
    answer = sqlite_server.anonymous.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"success", "message"}
    assert answer.json()["success"] is False
    assert answer.json()["message"]


@pytest.mark.parametrize("chunked", [False, True], ids=["length told", "length not told"])
def test_a_body_beyond_the_limit_is_refused(start_server: StartServer, *, chunked: bool) -> None:
    admin = start_server(max_image_mb=1, max_images_per_request=1).admin()
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    body = head + b"0" * (2 * 1024 * 1024) + b"\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    content = iter([body[:1000], body[1000:]]) if chunked else body
    answer = admin.post("/api/v1/read", content=content, headers=headers)
    assert "too large" in assert_problem(answer, 413)["detail"]


def test_one_photo_too_many_is_refused(start_server: StartServer) -> None:
    admin = start_server(max_images_per_request=2).admin()
    answer = admin.post("/api/v1/read", files=[("image", b"x")] * 3)
    assert_problem(answer, 400)


def test_a_busy_server_says_when_to_come_back(sqlite_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = sqlite_server.admin()

    def refuse(*_: object) -> None:
        raise errors.BusyError(retry_after_s=2.4)

    monkeypatch.setattr("platewatch.sightings.service.SightingService.page", refuse)
    answer = admin.get("/api/v1/sightings")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "3"


@pytest.mark.usefixtures("log_folder")
def test_a_crash_is_answered_in_the_shape_of_the_path_and_tells_nothing(
    sqlite_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("inner state")

    monkeypatch.setattr("platewatch.users.service.UserService.any_account", crash)
    answer = sqlite_server.new_client(raise_server_exceptions=False).get("/auth/register")
    assert answer.status_code == 500
    assert set(answer.json()) == {"success", "message"}
    assert "inner state" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_crash_is_found_in_the_logs_by_the_id_of_its_answer(
    sqlite_server: Server, log_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = sqlite_server.admin()

    def crash(*_: object) -> None:
        raise ZeroDivisionError("inner state")

    monkeypatch.setattr("platewatch.sightings.service.SightingService.page", crash)
    body = assert_problem(admin.get("/api/v1/sightings"), 500)
    assert "error.log" in body["detail"]
    assert "inner state" not in body["detail"]
    (line,) = read_log(log_folder / "error.log")
    assert line["request_id"] == body["request_id"]
    assert (line["event"], line["path"]) == ("request.crashed", "/api/v1/sightings")
    assert "ZeroDivisionError: inner state" in str(line["exception"])
    access = read_log(log_folder / "access.log")[-1]
    assert (access["request_id"], access["status"]) == (body["request_id"], 500)


def test_what_the_server_can_not_help_is_logged_and_what_the_caller_did_is_not(
    sqlite_server: Server, log_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = sqlite_server.admin()
    raised: list[errors.PlatewatchError] = []

    def fail(*_: object) -> None:
        raise raised[-1]

    monkeypatch.setattr("platewatch.sightings.service.SightingService.page", fail)
    for error, _ in CASES:
        raised.append(error)
        admin.get("/api/v1/sightings")
    logged = {line["kind"] for line in read_log(log_folder / "error.log")}
    assert logged == {
        "DatabaseAwayError",
        "UnknownBackendError",
        "ModelFileError",
        "StorageError",
        "SettingsError",
    }


def test_too_many_requests_say_when_to_come_back(sqlite_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = sqlite_server.admin()

    def refuse(*_: object) -> None:
        raise errors.TooManyRequestsError("Slowly.", retry_after_s=7.2)

    monkeypatch.setattr("platewatch.users.service.UserService.accounts", refuse)
    answer = admin.get("/api/v1/users")
    assert_problem(answer, 429)
    assert answer.headers["retry-after"] == "8"


@pytest.mark.parametrize("kind", [Kind.MARIADB, Kind.POSTGRESQL, Kind.SQLITE], ids=str)
def test_a_database_that_goes_away_is_reported_as_such_and_the_server_works_on_when_it_is_back(
    kind: Kind, tmp_path: Path
) -> None:
    with empty_url(kind, tmp_path, "platewatch_test_away") as url:
        settings = Settings(data=tmp_path, database_url=url, bcrypt_rounds=4)
        migrate(settings)
        with started(settings, BlindReader()) as server:
            admin = server.admin()
            server.runtime.tail.stop()
            working = server.runtime.database
            server.runtime.state.database = away_from(kind, tmp_path)
            for client, path in ((admin, "/api/v1/users"), (server.anonymous, "/auth/register")):
                answer = client.get(path)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
                assert "database" in answer.text
            answer = admin.post("/api/v1/api-keys", json={"name": "x", "scopes": ["read"]})
            assert_problem(answer, 503)
            server.runtime.state.database.dispose()
            server.runtime.state.database = working
            assert admin.get("/api/v1/users").status_code == 200


def away_from(kind: Kind, folder: Path) -> Database:
    """A database of the kind that is not there."""
    urls = {
        Kind.SQLITE: f"sqlite:///{folder}",  # a folder, no file
        Kind.MARIADB: "mysql://nobody@127.0.0.1:1/nothing",
        Kind.POSTGRESQL: "postgresql://nobody@127.0.0.1:1/nothing",
    }
    return Database(urls[kind])


@pytest.mark.parametrize(
    ("path", "body", "field", "message"),
    [
        ("locations", {"name": "x", "latitude": 1}, "body", "give latitude and longitude together"),
        ("locations", {"name": "x", "time_zone": "Mars"}, "time_zone", "'Mars' is not a time zone"),
        ("access/decide", [1], "body", "Input should be a valid dictionary"),
    ],
    ids=["fields together", "a rule of our own", "no object"],
)
def test_messages_about_fields_tell_nothing_of_the_code(
    sqlite_server: Server, path: str, body: object, field: str, message: str
) -> None:
    answer = sqlite_server.admin().post(f"/api/v1/{path}", json=body)
    assert_problem(answer, 422)
    (told,) = answer.json()["errors"]
    assert (told["field"], told["message"][: len(message)]) == (field, message)
    assert not any(word in answer.text for word in ("Value error", "instance of", ". : "))
