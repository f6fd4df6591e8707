from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import Server

PAGE = "<!doctype html><title>the built dashboard</title>"
SECRET = "outside of the folder"
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the dashboard's files, with a secret beside it."""
    folder = tmp_path / "built"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text(SECRET)
    monkeypatch.setattr("platewatch.app.dashboard.STATIC_FOLDER", folder)
    return folder


@pytest.fixture
def built(static: Path) -> Path:
    """The same folder, as the build leaves it."""
    (static / "assets").mkdir()
    (static / "index.html").write_text(PAGE)
    (static / "favicon.svg").write_text("<svg/>")
    (static / "assets" / "index-4f2a.js").write_text("start()")
    return static


@pytest.mark.usefixtures("static")
def test_without_a_build_the_page_says_how_to_build_it(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.get("/app/")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "make dashboard" in answer.text


@pytest.mark.parametrize(
    ("path", "content_type", "content", "cache"),
    [
        ("/app/", "text/html", PAGE, "no-cache"),
        ("/app/index.html", "text/html", PAGE, "no-cache"),
        ("/app/favicon.svg", "image/svg+xml", "<svg/>", "no-cache"),
        ("/app/assets/index-4f2a.js", "text/javascript", "start()", FOREVER),
    ],
)
@pytest.mark.usefixtures("built")
def test_a_file_is_served_with_its_type_and_may_be_kept_if_its_name_has_its_hash(
    sqlite_server: Server, path: str, content_type: str, content: str, cache: str
) -> None:
    answer = sqlite_server.anonymous.get(path)
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.headers["cache-control"] == cache


@pytest.mark.usefixtures("built")
def test_the_address_without_its_slash_leads_to_the_page(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.get("/app", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/app/")


@pytest.mark.parametrize(
    "path",
    ["login", "sightings/17", "sightings?plate=AB", "assets", "a" * 300, "x/" * 3000, "%00", "%ff"],
    ids=["page", "deep page", "query", "folder", "long name", "long path", "NUL", "not UTF-8"],
)
@pytest.mark.usefixtures("built")
def test_any_other_address_shows_the_page_whose_router_knows_more(sqlite_server: Server, path: str) -> None:
    answer = sqlite_server.anonymous.get(f"/app/{path}")
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.usefixtures("built")
def test_a_script_of_an_older_build_is_not_answered_with_the_page(sqlite_server: Server) -> None:
    answer = sqlite_server.anonymous.get("/app/assets/index-0000.js")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/app/../secret.txt",
        "/app/..%2fsecret.txt",
        "/app/%2e%2e/secret.txt",
        "/app/%2e%2e%2fsecret.txt",
        "/app/assets/../../secret.txt",
        "/app/assets/%2e%2e/%2e%2e/secret.txt",
        "/app/..%5csecret.txt",
        "/app/link.txt",
        "/app/{absolute}",
        "/app//{absolute}",
        "/app/%2f{absolute}",
    ],
)
def test_nothing_outside_of_the_folder_is_served(sqlite_server: Server, built: Path, path: str) -> None:
    secret = built.parent / "secret.txt"
    (built / "link.txt").symlink_to(secret)
    answer = sqlite_server.anonymous.get(path.replace("{absolute}", str(secret).lstrip("/")))
    assert SECRET not in answer.text
    assert answer.status_code in {200, 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.usefixtures("built")
def test_the_files_can_only_be_looked_at(sqlite_server: Server, method: str) -> None:
    assert sqlite_server.anonymous.request(method, "/app/index.html").status_code == 405
