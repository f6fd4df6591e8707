"""CarWatch's document, example by example, against a real server."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.cli.children import run
from tests.compat.conftest import QuickStart, assert_like
from tests.databases import Kind, empty_url
from tests.servers import SAMPLES

HEALTH = {"status": "healthy", "service": "carwatch-backend", "endpoints": {"auth": "/auth/*", "api": "/api/*"}}
INFORMATION = {"message": "CarWatch Backend API is running", "version": "1.0.0", "status": "healthy"}
UPLOADED = {
    "success": True,
    "message": "Image received, uploaded to database, OCR processed, and data recorded successfully.",
    "plate_number": "ABC123",
    "status": "entering",
    "image_uploaded": True,
    "image_filename": "image_20250615123456789.jpg",
}
HISTORY = {
    "success": True,
    "message": "History retrieved",
    "data": [
        {
            "subject": "Vehicle Entry",
            "plate": "ABC123",
            "description": "car is available",
            "date": "2025-06-15T10:30:00",
            "username": "user123",
        }
    ],
}
FETCHED = {
    "success": True,
    "message": "Latest image saved to images/image_20250615123456.jpg",
    "filename": "image_20250615123456.jpg",
    "filepath": "images/image_20250615123456.jpg",
    "file_size": 252366,
    "image_size": [1600, 1200],
    "upload_date": "2025-06-15T12:34:56",
}
LOGGED_IN = {"success": True, "message": "Login successful", "data": {"user_id": 1, "username": "your_username"}}
REGISTER = """POST /auth/register
Content-Type: application/json

{
    "username": "your_username",
    "password": "your_password"
}"""
LOG_IN = REGISTER.replace("/auth/register", "/auth/login")
RENAME = """POST /auth/update/username
Content-Type: application/json

{
    "new_username": "new_username"
}"""
CHANGE_PASSWORD = """POST /auth/update/password
Content-Type: application/json

{
    "current_password": "current_password",
    "new_password": "new_password",
    "confirm_new_password": "new_password"
}"""
DELETE = """POST /auth/delete
Content-Type: application/json

{
    "password": "user_password"
}"""
PLATE = """POST /api/plate
Content-Type: application/json

{
    "plate": "XYZ789",
    "subject": "Manual Entry",
    "description": "Manually recorded plate"
}"""
UPLOAD = """curl -X POST -F "image=@test_image.jpg" \\
     "http://localhost:8000/api/upload_image?status=entering\""""
ENV_FILE = """# Database Configuration
DB_HOST={host}
DB_USER={user}
DB_PASSWORD={password}
DB_NAME={name}
DB_PORT={port}

# Security Settings
SECRET_KEY=your_secret_key_here
BCRYPT_ROUNDS=12

# Application Settings
DEBUG=False
"""


def send(client: httpx2.Client, block: str) -> httpx2.Response:
    """The answer to a request as the document prints it."""
    head, _, body = block.partition("\n\n")
    (method, path), *headers = (line.split(" ", 1) for line in head.splitlines())
    return client.request(method, path, headers={name.rstrip(":"): value for name, value in headers}, content=body)


def account(client: httpx2.Client, username: str, password: str) -> None:
    """Registered and logged in as the document's example, under a name and password of its own."""
    for block in (REGISTER, LOG_IN):
        own = block.replace("your_username", username).replace("your_password", password)
        assert send(client, own).status_code in {200, 201}


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    shutil.copy(SAMPLES / "britain.jpg", tmp_path / "test_image.jpg")
    return tmp_path


def upload(quick_start: QuickStart, folder: Path) -> dict[str, Any]:
    status, body = quick_start.curl(UPLOAD, folder)
    assert status == 200, body
    told: dict[str, Any] = json.loads(body)
    return told


def test_the_health_check_by_curl(quick_start: QuickStart, tmp_path: Path) -> None:
    status, body = quick_start.curl("curl -X GET http://localhost:8000/health", tmp_path)
    assert status == 200
    told = json.loads(body)
    assert_like(HEALTH, told)
    assert (told["status"], told["endpoints"]) == (HEALTH["status"], HEALTH["endpoints"])
    assert (told["database"]["state"], told["models"]["state"]) == ("ready", "ready")


def test_the_containers_health_check_by_curl(quick_start: QuickStart, tmp_path: Path) -> None:
    assert quick_start.curl("curl -f http://localhost:8000/health || exit 1", tmp_path)[0] == 200


def test_the_root_answers_programs_and_sends_browsers_to_the_dashboard(
    quick_start: QuickStart,
) -> None:
    with quick_start.client() as client:
        told = client.get("/").json()
        assert_like(INFORMATION, told)
        assert told["status"] == "healthy"
        page = client.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/app/")


def test_an_upload_by_curl_is_read_and_recorded(quick_start: QuickStart, photo_folder: Path) -> None:
    told = upload(quick_start, photo_folder)
    assert_like(UPLOADED, told)
    assert re.fullmatch(r"image_\d{17}\.jpg", told["image_filename"])
    fixed = {"plate_number": "WM64UMA", "image_filename": told["image_filename"]}
    assert told == UPLOADED | fixed


def test_the_history_is_listed_as_documented(quick_start: QuickStart, photo_folder: Path) -> None:
    upload(quick_start, photo_folder)
    with quick_start.client() as client:
        told = client.get("/api/history", params={"plate": "WM64UMA"}).json()
    assert_like(HISTORY, told)
    assert told["message"] == HISTORY["message"]
    newest = told["data"][0]
    assert set(newest) == {"subject", "plate", "description", "date", "username"}
    assert (newest["subject"], newest["description"]) == ("Vehicle Entry", "car is available")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", newest["date"])


def test_a_plate_is_recorded_by_hand(quick_start: QuickStart) -> None:
    with quick_start.client() as client:
        answer = send(client, PLATE)
        newest = client.get("/api/history", params={"plate": "XYZ789"}).json()["data"][0]
    assert answer.status_code == 201
    assert answer.json()["success"] is True
    assert answer.json()["data"] == newest
    assert (newest["subject"], newest["description"]) == ("Manual Entry", "Manually recorded plate")


def test_the_latest_image_is_written_into_the_images_folder(quick_start: QuickStart, photo_folder: Path) -> None:
    name = upload(quick_start, photo_folder)["image_filename"]
    with quick_start.client() as client:
        told = client.post("/api/fetch_img").json()
    assert_like(FETCHED, told)
    photo = (SAMPLES / "britain.jpg").read_bytes()
    assert told == {
        "success": True,
        "message": f"Latest image saved to images/{name}",
        "filename": name,
        "filepath": f"images/{name}",
        "file_size": len(photo),
        "image_size": [416, 416],
        "upload_date": told["upload_date"],
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", told["upload_date"])
    assert (quick_start.data / told["filepath"]).read_bytes() == photo


def test_accounts_are_made_and_logged_in(quick_start: QuickStart) -> None:
    with quick_start.client() as client:
        registered = send(client, REGISTER)
        assert registered.status_code == 201
        assert_like({"success": True, "message": ""}, registered.json())
        assert registered.json()["message"] == "User registered successfully"
        logged_in = send(client, LOG_IN)
        assert_like(LOGGED_IN, logged_in.json())
        cookie = logged_in.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        me = client.get("/auth/me").json()
        assert_like({"success": True, "data": {"user_id": 1, "username": ""}}, me)
        assert me["data"] == logged_in.json()["data"]
        assert me["data"]["username"] == "your_username"
        left = client.post("/auth/logout")
        assert_like({"success": True, "message": ""}, left.json())
        assert client.get("/auth/me").json()["data"]["username"] != "your_username"


def test_a_username_is_changed(quick_start: QuickStart) -> None:
    with quick_start.client() as client:
        account(client, "old_username", "your_password")
        assert_like({"success": True, "message": ""}, send(client, RENAME).json())
        assert client.get("/auth/me").json()["data"]["username"] == "new_username"


def test_a_password_is_changed_and_other_sessions_end(quick_start: QuickStart) -> None:
    with quick_start.client() as client, quick_start.client() as other:
        account(client, "changing", "current_password")
        own = LOG_IN.replace("your_username", "changing")
        assert send(other, own.replace("your_password", "current_password")).status_code == 200
        assert_like({"success": True, "message": ""}, send(client, CHANGE_PASSWORD).json())
        assert client.get("/auth/me").json()["data"]["username"] == "changing"
        assert other.get("/auth/me").status_code == 401
        assert send(client, own.replace("your_password", "current_password")).status_code == 401
        assert send(client, own.replace("your_password", "new_password")).status_code == 200


def test_an_account_is_deleted_and_its_history_stays_with_no_user(quick_start: QuickStart) -> None:
    with quick_start.client() as client, quick_start.client() as anybody:
        account(client, "leaving", "user_password")
        assert send(client, PLATE.replace("XYZ789", "GONE123")).status_code == 201
        newest = {"plate": "GONE123"}
        assert anybody.get("/api/history", params=newest).json()["data"][0]["username"] == "leaving"
        assert_like({"success": True, "message": ""}, send(client, DELETE).json())
        assert anybody.get("/api/history", params=newest).json()["data"][0]["username"] is None
        gone = LOG_IN.replace("your_username", "leaving").replace("your_password", "user_password")
        assert send(client, gone).status_code == 401


@pytest.mark.parametrize(
    ("block", "status"),
    [
        pytest.param(LOG_IN.replace("your_username", "nobody"), 401, id="wrong log-in"),
        pytest.param(REGISTER.replace('"username"', '"user"'), 422, id="misnamed field"),
        pytest.param(PLATE.replace("XYZ789", "-"), 422, id="no plate"),
        pytest.param("GET /api/history?limit=0\n\n", 422, id="no rows"),
        pytest.param("DELETE /api/plate\n\n", 405, id="wrong method"),
    ],
)
def test_errors_come_in_the_envelope(quick_start: QuickStart, block: str, status: int) -> None:
    with quick_start.client() as client:
        answer = send(client, block)
    assert answer.status_code == status
    assert set(answer.json()) == {"success", "message"}
    assert answer.json()["success"] is False
    assert answer.json()["message"]


def test_nothing_temporary_is_left(quick_start: QuickStart, photo_folder: Path) -> None:
    upload(quick_start, photo_folder)
    (photo_folder / "test_image.jpg").write_bytes(b"no image")
    assert quick_start.curl(UPLOAD, photo_folder)[0] == 422
    assert list((quick_start.data / "uploads").iterdir()) == []
    assert list((quick_start.data / "media" / ".incoming").iterdir()) == []


def test_the_documents_env_file_reaches_its_database(tmp_path: Path) -> None:
    with empty_url(Kind.MARIADB, tmp_path, "platewatch_carwatch_env") as address:
        url = httpx2.URL(address.replace("mysql+pymysql", "http"))
        text = ENV_FILE.format(
            host=url.host,
            user=url.username,
            password=url.password,
            name=url.path.strip("/"),
            port=url.port or 3306,
        )
        (tmp_path / ".env").write_text(text)
        refused = run(tmp_path, "migrate")
        (tmp_path / ".env").write_text(text.replace("your_secret_key_here", "a phrase of this gate alone"))
        done = run(tmp_path, "migrate")
    assert refused.returncode == 2
    assert ".env, line 9: SECRET_KEY can't be used: the key is a document's placeholder" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert "platewatch_carwatch_env" in done.stdout
    assert "was brought up to date" in done.stdout
