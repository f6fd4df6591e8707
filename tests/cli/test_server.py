from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import httpx2
import pytest

from platewatch.cli.server import address_for_people, require_free_port
from platewatch.errors import SettingsError
from platewatch.settings import Settings
from tests.app.logfiles import read_log
from tests.cli.children import run, serving

ACCOUNT = {"username": "ada", "password": "correct horse battery"}


def test_a_first_start_says_what_to_do_and_a_second_one_keeps_everything(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert f"platewatch is starting at {server.url}\n" in server.printed
        assert f"Open {server.url}/app/ to make the first one" in server.printed
        assert "token" not in server.printed
        made = httpx2.post(f"{server.url}/auth/register", json=ACCOUNT, headers={"X-Request-ID": "first-account"})
        assert (made.status_code, made.json()["data"]["role"]) == (201, "admin")
        assert "server" not in made.headers

    with serving(tmp_path) as server:
        assert f"platewatch is starting at {server.url}\n" in server.printed
        assert "Nobody has an account yet" not in server.printed
        assert httpx2.post(f"{server.url}/auth/login", json=ACCOUNT).status_code == 200
        server.stop()
        assert "Traceback" not in server.printed

    logs = tmp_path / "data" / "logs"
    requests = {(line["path"], line["status"], line["request_id"]) for line in read_log(logs / "access.log")}
    assert ("/auth/register", 201, "first-account") in requests
    events = [line["event"] for line in read_log(logs / "app.log")]
    assert events.count("server.started") == events.count("server.stopped") == 2
    assert read_log(logs / "error.log") == []
    assert ACCOUNT["password"] not in "".join(path.read_text() for path in logs.iterdir())


def test_a_server_open_to_the_network_asks_for_the_token_that_it_printed(tmp_path: Path) -> None:
    with serving(tmp_path, PLATEWATCH_HOST="0.0.0.0") as server:
        assert server.url.replace("127.0.0.1", "localhost") in server.printed
        found = re.search(r"one-time setup token: (\S+)", server.printed)
        assert found is not None, server.printed
        refused = httpx2.post(f"{server.url}/auth/register", json=ACCOUNT)
        assert refused.status_code == 403
        made = httpx2.post(f"{server.url}/auth/register", json={**ACCOUNT, "setup_token": found[1]})
        assert (made.status_code, made.json()["data"]["role"]) == (201, "admin")
        assert not (tmp_path / "data" / "setup-token").exists()


def test_migrating_twice_changes_nothing_the_second_time(tmp_path: Path) -> None:
    first, second = run(tmp_path, "migrate"), run(tmp_path, "migrate")
    assert (first.returncode, second.returncode) == (0, 0)
    assert "was brought up to date" in first.stdout
    assert "is up to date" in second.stdout
    assert (tmp_path / "data" / "platewatch.db").is_file()


@pytest.mark.parametrize("verb", ["serve", "migrate"])
@pytest.mark.parametrize(
    ("variables", "says"),
    [
        pytest.param({"PLATEWATCH_PORT": "http"}, "PLATEWATCH_PORT", id="a word as port"),
        pytest.param({"PLATEWATCH_READERS": "0", "PLATEWATCH_MEDIA": "tape"}, "PLATEWATCH_MEDIA", id="two at once"),
        pytest.param({"PLATEWATCH_DATABASE_URL": "oracle://x/y"}, "'oracle' is not known", id="unknown database"),
        pytest.param(
            {"PLATEWATCH_DATABASE_URL": "postgresql://ada:hunter2@127.0.0.1:1/x"}, "127.0.0.1:1/x", id="database away"
        ),
        pytest.param({"PLATEWATCH_DATA": "/dev/null/data"}, "/dev/null/data", id="data in a file"),
    ],
)
def test_a_setting_that_can_not_work_ends_the_command_with_a_message(
    tmp_path: Path, verb: str, variables: dict[str, str], says: str
) -> None:
    port = {} if "PLATEWATCH_PORT" in variables else {"PLATEWATCH_PORT": "18999"}
    ended = run(tmp_path, verb, **port, **variables)
    assert ended.returncode == 2, ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_can_not_be_is_a_usage_error(tmp_path: Path, port: str) -> None:
    ended = run(tmp_path, "serve", "--port", port)
    assert ended.returncode == 2
    assert "--port" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_told_before_anything_else_happens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(tmp_path, "serve", "--port", str(port))
    assert ended.returncode == 2
    assert f"can't listen on '127.0.0.1', port {port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "starting" not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_port_whose_last_connections_still_fade_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()
    require_free_port("127.0.0.1", port)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "no-such-host.invalid", "a" * 70], ids=["not ours", "unknown", "no name"]
)
def test_a_host_that_can_not_be_listened_on_is_told(host: str) -> None:
    with pytest.raises(SettingsError, match=f"can't listen on '{host}'.*PLATEWATCH_HOST"):
        require_free_port(host, 18_999)


def test_the_description_of_the_api_is_printed_as_json(tmp_path: Path) -> None:
    ended = run(tmp_path, "openapi")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["info"]["title"] == "platewatch"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("plates.example.com", "http://plates.example.com:8000"),
    ],
)
def test_the_printed_address_can_be_typed_into_a_browser(tmp_path: Path, host: str, expected: str) -> None:
    assert address_for_people(Settings(data=tmp_path, host=host)) == expected
