"""`/outputs/...` and `/static/...`: who gets which file, and that no way leads out."""

from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.compat.galaxy.files import file_below
from tests.servers import Server

SECRET = "what nobody may read"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files, and a secret beside it."""
    (tmp_path / "secret.txt").write_text(SECRET)
    root = tmp_path / "outputs"
    (root / "inner").mkdir(parents=True)
    (root / "report.txt").write_text("report")
    (root / "inner" / "a b.txt").write_text("inner")
    (root / ".hidden").write_text(SECRET)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text(SECRET)
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    return root


@pytest.mark.parametrize(("path", "text"), [("report.txt", "report"), ("inner/a b.txt", "inner")])
def test_files_below_the_folder_are_found(folder: Path, path: str, text: str) -> None:
    found = file_below(folder, path)
    assert found is not None
    assert found.read_text() == text


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "inner",
        "nothing.txt",
        "../secret.txt",
        "inner/../../secret.txt",
        "/etc/passwd",
        "..\\secret.txt",
        ".hidden",
        ".git/config",
        "link.txt",
        "report.txt\0.jpg",
        "a" * 5000,
        "report.txt/more",
    ],
)
def test_nothing_else_is_found(folder: Path, path: str) -> None:
    assert file_below(folder, path) is None


def test_the_folders_are_made_at_the_start(sqlite_server: Server) -> None:
    data = sqlite_server.runtime.settings.data
    assert all((data / name).is_dir() for name in ("outputs", "uploads", "static"))


@pytest.mark.parametrize("root", ["outputs", "static"])
def test_a_file_of_the_operator_is_served_to_who_may_read(sqlite_server: Server, root: str) -> None:
    (sqlite_server.runtime.settings.data / root / "logo.svg").write_text("<svg/>")
    answer = sqlite_server.admin().get(f"/{root}/logo.svg")
    assert (answer.status_code, answer.text) == (200, "<svg/>")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert sqlite_server.anonymous.get(f"/{root}/logo.svg").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "../own.db",
        "%2e%2e/own.db",
        "..%2fown.db",
        "%2e%2e%2fown.db",
        "..%5cown.db",
        "....//own.db",
        "%00",
        "x%00.jpg",
        "%252e%252e/own.db",
        "/etc/passwd",
        "plates/../../own.db",
    ],
)
def test_no_address_leads_out_of_the_folder(sqlite_server: Server, path: str) -> None:
    (sqlite_server.runtime.settings.data / "own.db").write_text(SECRET)
    client = sqlite_server.admin()
    for root in ("outputs", "static"):
        answer = client.get(f"/{root}/{path}")
        assert answer.status_code == 404
        assert SECRET not in answer.text


def test_a_picture_that_is_not_there_is_reported(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    missing = (
        "plates/4711.jpg",
        "uploaded/4711.jpg",
        "annotated/4711.jpg",
        "uploaded/9999999999999999999.jpg",
        "plates/0.jpg",
        "plates/01.jpg",
        "plates/-1.jpg",
        "vehicles/1.jpg",
        "uploaded/1.png",
    )
    assert {path: client.get(f"/outputs/{path}").status_code for path in missing} == dict.fromkeys(missing, 404)
