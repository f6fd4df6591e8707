from __future__ import annotations

import io
import json
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import httpx2
import pytest

from tests.app.logfiles import read_log
from tests.cli.children import run, serving
from tests.servers import SAMPLES

ACCOUNT = {"username": "ada", "password": "correct horse battery"}


def test_a_first_start_says_what_to_do_and_a_second_one_keeps_everything(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert f"platewatch is starting at {server.url}\n" in server.printed
        assert f"Data folder: {tmp_path}/data\n" in server.printed
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
        assert f"On this machine also at {server.url.replace('127.0.0.1', 'localhost')}" in server.printed
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
        pytest.param({"PLATEWATCH_REGISTRATON": "closed"}, "Did you mean PLATEWATCH_REGISTRATION?", id="misspelt"),
        pytest.param({"SECRET_KEY": "your_secret_key_here"}, "SECRET_KEY can't be used", id="the document's key"),
        pytest.param({"PLATEWATCH_ALLOWED_ORIGINS": "*"}, "PLATEWATCH_ALLOWED_ORIGINS=*", id="every site"),
        pytest.param({"PLATEWATCH_TRUSTED_PROXIES": "foo"}, "PLATEWATCH_TRUSTED_PROXIES=foo", id="no proxy"),
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


def test_a_taken_port_is_reported_before_anything_else_happens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(tmp_path, "serve", "--port", str(port))
    assert ended.returncode == 2
    assert f"can't listen on '127.0.0.1', port {port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "starting" not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_the_description_of_the_api_is_printed_as_json(tmp_path: Path) -> None:
    ended = run(tmp_path, "openapi")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["info"]["title"] == "platewatch"
    assert list(tmp_path.iterdir()) == []


def test_the_lines_of_the_env_file_are_named_with_other_faults_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MYSQL_PASSWORD=of docker compose\nPLATEWATCH_PROFIL=thorough\njunk line\n")
    ended = run(tmp_path, "serve", PLATEWATCH_DETECTOR="nosuch", PLATEWATCH_PORTT="9000")
    assert ended.returncode == 2
    *lines, last = ended.stderr.splitlines()
    assert lines == [
        "Some settings can't be used:",
        "  .env, line 3: 'junk line' is no setting. Write NAME=value, or # before a remark",
        "  PLATEWATCH_PORTT is no setting. Did you mean PLATEWATCH_PORT?",
        "  .env, line 2: PLATEWATCH_PROFIL is no setting. Did you mean PLATEWATCH_PROFILE?",
    ]
    assert "PLATEWATCH_DETECTOR=nosuch can't be used: There is no detector 'nosuch'. Ready are: platewatch, rap" in last
    assert not (tmp_path / "data").exists()


def test_an_open_door_is_reported_and_no_first_account_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path, PLATEWATCH_AUTH="off") as server:
        assert "The door is open (PLATEWATCH_AUTH=off)" in server.printed
        assert "first one" not in server.printed


def test_what_the_server_writes_is_its_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with serving(tmp_path, PLATEWATCH_AUTH="off", PLATEWATCH_BCRYPT_ROUNDS="4") as server:
            photo = ("image.jpg", (SAMPLES / "spain.jpg").read_bytes(), "image/jpeg")
            recorded = httpx2.post(f"{server.url}/api/v1/sightings", files={"image": photo}, timeout=60)
            assert recorded.status_code == 201
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as packed:
                packed.write(SAMPLES / "britain.jpg", "britain.jpg")
            zipped = ("photos.zip", archive.getvalue(), "application/zip")
            begun = httpx2.post(f"{server.url}/api/v1/imports/archive", files={"archive": zipped}, timeout=60)
            assert begun.status_code == 201
            modes = {
                path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode)
                for path in (tmp_path / "data", *(tmp_path / "data").rglob("*"))
            }
    finally:
        os.umask(before)
    names = " ".join(map(str, modes))
    for part in ("platewatch.db", "platewatch.db-wal", ".jpg", "app.log", "access.log", "secret-key"):
        assert part in names
    assert {path: f"{mode:o}" for path, mode in modes.items() if mode & 0o077} == {}


def test_an_open_data_folder_of_before_is_closed_and_told(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    (tmp_path / "data").chmod(0o755)
    (tmp_path / "data" / "platewatch.db").chmod(0o644)
    with serving(tmp_path) as server:
        assert f"could read {tmp_path}/data. From now on they can't." in server.printed
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "data" / "platewatch.db").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="another user can only be taken on by root")
def test_a_folder_that_the_user_may_not_write_is_named_at_the_start() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        program = (
            "import os; os.setgid(65534); os.setuid(65534)\n"
            "from pathlib import Path; from platewatch.data_folder import write_fault\n"
            f"print(write_fault(Path({folder!r}) / 'data'), write_fault(Path({folder!r})), sep='|')\n"
        )
        # Imported before the rights are given up: this checkout may be closed to others.
        program = "import platewatch.data_folder\n" + program
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == (
        "it is not there and can't be made, since this user may not write there|this user may not write there"
    )


def test_debug_says_more(tmp_path: Path) -> None:
    with serving(tmp_path, DEBUG="True") as server:
        httpx2.get(f"{server.url}/health")
    events = {line["event"] for line in read_log(tmp_path / "data" / "logs" / "app.log")}
    assert {"server.starting", "request.began", "request.ended", "reader.loading"} <= events
    assert "[debug" in server.printed
