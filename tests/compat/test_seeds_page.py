"""The page that maps the three documents says what is so: routes, tests and files are there, and its claims hold."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.app.main import create_app
from platewatch.settings import Settings
from tests.cli.children import PATIENCE_S, environment, free_port, run
from tests.compat.conftest import QuickStart
from tests.compat.test_carwatch_document import HEALTH, INFORMATION
from tests.servers import PASSWORD, SAMPLES, Server, routes_of, upload

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "seeds.md").read_text(encoding="utf-8")
TAGS = {"CarWatch", "Galaxy ALPR", "SecurePass"}


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > 50
    for file, test in named:
        tree = ast.parse((CHECKOUT / file).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not test or test in functions, f"{file}::{test}"


def test_every_file_that_is_named_is_there() -> None:
    paths = re.findall(r"`((?:src|deploy)/[\w./]*)`", PAGE) + [
        f"docs/{name}" for name in re.findall(r"\]\(([\w./-]+)\)", PAGE)
    ]
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


def named_routes() -> set[tuple[str, str]]:
    return set(re.findall(r"`(GET|POST|PUT|DELETE|WS) (/[^`\s]*)`", PAGE))


def test_every_route_that_is_named_is_there(tmp_path: Path) -> None:
    routes = {(method, path.replace(":path}", "}")) for method, path in routes_of(create_app(Settings(data=tmp_path)))}
    assert named_routes() - routes == set()


def test_no_route_of_the_three_systems_is_left_out(tmp_path: Path) -> None:
    described = create_app(Settings(data=tmp_path)).openapi()["paths"]
    theirs = {
        (method.upper(), path)
        for path, operations in described.items()
        for method, operation in operations.items()
        if TAGS & set(operation["tags"])
    }
    assert len(theirs) >= 25
    assert theirs - named_routes() == set()


def rows_with(text: str) -> list[str]:
    """The lines of tables that hold the text."""
    found = [line for line in PAGE.splitlines() if line.startswith("|") and text in line]
    assert found, f"no row of the page has {text!r}"
    return found


def headings(file: Path) -> set[str]:
    """The anchors that a page's headings make."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_leads_to_a_heading_that_is_there() -> None:
    links = re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", PAGE)
    assert links
    docs = CHECKOUT / "docs"
    assert [link for link in links if link[1] not in headings(docs / (link[0] or "seeds.md"))] == []


OPEN_ROUTES = {"/health", "/health/live", "/", "/auth/register", "/auth/login", "/auth/logout"}


def test_every_route_asks_for_a_log_in(sqlite_server: Server) -> None:
    described = sqlite_server.app.openapi()["paths"]
    asked = 0
    for path, operations in described.items():
        for method, operation in operations.items():
            if TAGS & set(operation["tags"]) and path not in OPEN_ROUTES:
                answer = sqlite_server.anonymous.request(method.upper(), re.sub(r"\{\w+\}", "1", path))
                assert answer.status_code == 401, f"{method} {path}: {answer.text}"
                asked += 1
    assert asked > 20


def test_the_second_account_waits_for_approval(start_server: Callable[..., Server]) -> None:
    rows_with("PLATEWATCH_REGISTRATION=open")
    server = start_server()
    admin = server.admin()
    made = server.register("guard").json()
    assert "approve" in made["message"]
    log_in = {"username": "guard", "password": PASSWORD}
    refused = server.new_client().post("/auth/login", json=log_in)
    assert (refused.status_code, "approval" in refused.json()["message"]) == (403, True)
    path = f"/api/v1/users/{made['data']['user_id']}"
    assert admin.patch(path, json={"status": "active"}).status_code == 200
    assert server.new_client().post("/auth/login", json=log_in).status_code == 200
    opened = start_server(registration="open")
    assert opened.register("another").json()["data"]["status"] == "active"


def test_named_sites_are_let_in_by_cors(start_server: Callable[..., Server]) -> None:
    (row,) = rows_with("http://localhost:5173,http://localhost:3000")
    sites = re.findall(r"`(http://[^`]*)`", row)[0]
    server = start_server(allowed_origins=sites)
    client = server.admin()
    for site in (*sites.split(","), "http://localhost:8080"):
        allowed = client.get("/api/history", headers={"Origin": site}).headers.get("access-control-allow-origin")
        assert allowed == (site if site in sites else None)
    closed = start_server().new_client().get("/health", headers={"Origin": "http://localhost:5173"})
    assert "access-control-allow-origin" not in closed.headers


def test_a_star_for_all_sites_is_refused_at_the_start(tmp_path: Path) -> None:
    rows_with("`*` is refused at the start")
    ended = run(tmp_path, "serve", PLATEWATCH_ALLOWED_ORIGINS="*", PLATEWATCH_PORT=str(free_port()))
    assert (ended.returncode, "PLATEWATCH_ALLOWED_ORIGINS" in ended.stderr) == (2, True)


def test_the_documents_own_secret_key_is_refused_at_the_start(tmp_path: Path) -> None:
    rows_with("`your_secret_key_here` is refused at the start")
    ended = run(tmp_path, "serve", SECRET_KEY="your_secret_key_here", PLATEWATCH_PORT=str(free_port()))
    assert (ended.returncode, "SECRET_KEY" in ended.stderr) == (2, True)


def test_health_and_root_answer_word_for_word_by_a_setting(start_server: Callable[..., Server]) -> None:
    rows_with("PLATEWATCH_HEALTH_STYLE=carwatch")
    client = start_server(health_style="carwatch").anonymous
    assert ready_health(client).json() == HEALTH
    assert client.get("/").json() == INFORMATION
    assert client.get("/", headers={"Accept": "text/html"}, follow_redirects=False).status_code == 303
    usual = ready_health(start_server().anonymous).json()
    assert (usual["service"], "database" in usual) == ("platewatch", True)


def ready_health(client: TestClient) -> Any:
    """The answer of `/health` once the models are loaded; until then it is 503 in the same words."""
    deadline_s = time.monotonic() + PATIENCE_S
    while (answer := client.get("/health")).status_code != 200:
        assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    return answer


def test_debug_of_the_document_sets_the_level(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows_with("export DEBUG=True")
    monkeypatch.chdir(tmp_path)
    assert Settings().effective_log_level == "info"
    monkeypatch.setenv("DEBUG", "True")
    assert Settings().effective_log_level == "debug"


def test_the_port_of_the_documents_nginx_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows_with("PLATEWATCH_PORT=9036")
    monkeypatch.chdir(tmp_path)
    assert Settings().port == 8000
    monkeypatch.setenv("PLATEWATCH_PORT", "9036")
    assert Settings().port == 9036
    assert "127.0.0.1:8000" in (CHECKOUT / "deploy" / "nginx.conf").read_text()


def test_the_checks_by_python_print_what_the_document_prints(tmp_path: Path) -> None:
    checks = {
        found: re.findall(r'python -c "(.*?)"`', row)[-1]
        for found, row in (
            (found, row) for found in ("Models loaded successfully", "Database connected") for row in rows_with(found)
        )
    }
    for printed, code in checks.items():
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (done.returncode, done.stdout.strip()) == (0, printed), done.stderr


def test_older_pythons_are_refused() -> None:
    rows_with("3.11 or higher")
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"


def test_the_health_check_of_the_dockerfile_works(quick_start: QuickStart) -> None:
    dockerfile = (CHECKOUT / "deploy" / "Dockerfile").read_text()
    found = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])\n", dockerfile, re.DOTALL)
    assert found is not None
    program, *arguments = json.loads(found[1])
    assert program == "python"
    for url, status in ((quick_start.url, 0), (f"http://127.0.0.1:{free_port()}", 1)):
        own = [argument.replace("http://127.0.0.1:8000", url) for argument in arguments]
        assert own != arguments
        assert subprocess.run([sys.executable, *own], capture_output=True, check=False).returncode == status


def test_unknown_fields_are_refused_as_the_page_says(sqlite_server: Server) -> None:
    rows_with("are refused (422) by name")
    client = sqlite_server.admin()
    photo = upload(SAMPLES / "britain.jpg")
    for path, message in (("/api/upload_image", "message"), ("/detect_image", "detail"), ("/detection", "detail")):
        answer = client.post(path, files=photo, data={"no_such": "1"})
        assert (answer.status_code, "no_such" in answer.json()[message]) == (422, True)


def test_the_import_command_of_the_page_is_there(tmp_path: Path) -> None:
    (command,) = {line.strip().removesuffix(" --dry-run") for line in PAGE.splitlines() if "--from mysql://" in line}
    program, *arguments = command.split()
    assert program == "platewatch"
    assert run(tmp_path, "migrate").returncode == 0
    gone = [argument.replace("localhost:3306", "127.0.0.1:1") for argument in arguments]
    ended = run(tmp_path, *gone)
    assert (ended.returncode, "can't be read" in ended.stderr) == (2, True)
    help_text = run(tmp_path, "import", "carwatch", "--help").stdout
    options = set(re.findall(r"(--[a-z][a-z-]*)", PAGE[PAGE.index("## Old data") : PAGE.index("## CarWatch")]))
    assert {option for option in options if option not in help_text} == set()
