"""The files of `deploy/`, really started: nginx before Gunicorn before MariaDB."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest
from websockets.sync.client import connect

from platewatch.app.dashboard import STATIC_FOLDER
from tests.cli.children import environment, free_port
from tests.databases import Kind, empty_url
from tests.missing import give_up
from tests.servers import SAMPLES

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
PATIENCE_S = 90
PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Site:
    """What runs: the addresses that nginx and Gunicorn serve, Gunicorn's master, the folder of the data."""

    url: str
    behind: str
    master: psutil.Process
    data: Path


@pytest.fixture(scope="module")
def nginx() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        give_up("nginx is not installed; install Debian's package (`make test-tools`)")
    return program


@pytest.fixture(scope="module")
def assets() -> Path:
    folder = STATIC_FOLDER / "assets"
    if not folder.is_dir():
        give_up("the dashboard is not built (`make dashboard`)")
    return folder


@pytest.fixture(scope="module")
def site(nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("deployment")
    backend, front = free_port(), free_port()
    with (
        empty_url(Kind.MARIADB, folder, "platewatch_test_deployment") as database,
        started(gunicorn_command(), folder, gunicorn_environment(folder, backend, database)) as master,
    ):
        wait_until(f"http://127.0.0.1:{backend}/health", master)
        configuration = write_nginx_configuration(folder, backend, front)
        with started([nginx, "-c", str(configuration), "-g", "daemon off;"], folder, dict(os.environ)) as proxy:
            url = f"http://127.0.0.1:{front}"
            wait_until(f"{url}/health", proxy)
            yield Site(url, f"http://127.0.0.1:{backend}", psutil.Process(master.pid), folder / "data")


@pytest.fixture(scope="module")
def admin(site: Site) -> Iterator[httpx2.Client]:
    """The administrator's browser, logged in through nginx."""
    with httpx2.Client(base_url=site.url, timeout=60) as client:
        account = {"username": "ada", "password": PASSWORD}
        # Behind a proxy nobody can tell who is on this machine, so the first account needs the token.
        token = (site.data / "setup-token").read_text().strip()
        registered = client.post("/auth/register", json={**account, "setup_token": token})
        assert registered.is_success, registered.text
        assert client.post("/auth/login", json=account).status_code == 200
        yield client


def gunicorn_command() -> list[str]:
    return [sys.executable, "-m", "gunicorn", "--config", str(DEPLOY / "gunicorn.conf.py")]


def gunicorn_environment(folder: Path, port: int, database: str) -> dict[str, str]:
    own = {
        "PLATEWATCH_PORT": str(port),
        "PLATEWATCH_DATABASE_URL": database,
        "PLATEWATCH_MEDIA": "database",
        "WEB_CONCURRENCY": "2",
    }
    return environment(folder, **own)


def write_nginx_configuration(folder: Path, backend: int, front: int) -> Path:
    """`deploy/nginx.conf` on free ports, with the dashboard of this checkout, in folders that the test may write."""
    site = (DEPLOY / "nginx.conf").read_text()
    for old, new in {
        "127.0.0.1:8000": f"127.0.0.1:{backend}",
        "listen 80;": f"listen 127.0.0.1:{front};",
        "/opt/platewatch/src/platewatch/app/static": str(STATIC_FOLDER),
    }.items():
        assert old in site
        site = site.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""  # else its workers may not read a checkout below /root
    path = folder / "nginx.conf"
    path.write_text(
        f"{user}pid {folder}/nginx.pid;\nerror_log {folder}/nginx-error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}include /etc/nginx/mime.types;\n{site}}}\n"
    )
    return path


@contextmanager
def started(command: list[str], folder: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{Path(command[0]).name}.txt").open("ab") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=variables, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def wait_until(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the address answers 200."""
    eventually(lambda: process.poll() is not None or answers(url), f"{url} does not answer")
    assert process.poll() is None, "the process ended"


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def eventually(condition: Callable[[], bool], message: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(message)


def test_a_photo_goes_through_nginx_into_mariadb_and_is_found_again(admin: httpx2.Client) -> None:
    files = {"image": ("car.jpg", (SAMPLES / "spain.jpg").read_bytes(), "image/jpeg")}
    answer = admin.post("/api/upload_image?status=entering", files=files)
    assert answer.status_code == 200, answer.text
    assert answer.json()["plate_number"] == "0695DVH"
    (found,) = admin.get("/api/v1/sightings", params={"plate": "0695DVH"}).json()["items"]
    assert found["direction"] == "entering"
    assert admin.get(found["image_url"]).content == (SAMPLES / "spain.jpg").read_bytes()


@pytest.mark.parametrize(
    ("megabytes", "status", "by_nginx"),
    [pytest.param(17, 413, False, id="over the app's limit"), pytest.param(21, 413, True, id="over nginx's limit")],
)
def test_what_is_too_large_is_refused(admin: httpx2.Client, megabytes: int, status: int, by_nginx: bool) -> None:
    files = {"image": ("car.jpg", bytes(megabytes * 1024 * 1024), "image/jpeg")}
    answer = admin.post("/api/v1/read", files=files)
    assert answer.status_code == status
    assert ("nginx" in answer.text) is by_nginx


def test_long_heads_are_refused_by_nginx_and_by_the_workers(site: Site) -> None:
    long = httpx2.get(f"{site.url}/health/live", headers={"X-Long": "a" * 40_000})
    assert (long.status_code, "nginx" in long.text) == (400, True)
    many = {f"X-Short-{number}": "1" for number in range(150)}
    assert httpx2.get(f"{site.behind}/health/live", headers=many).status_code == 431


def test_nginx_takes_only_so_many_connections_of_one_address(site: Site) -> None:
    head = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n"
    address = ("127.0.0.1", int(site.url.rpartition(":")[2]))
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(address, PATIENCE_S)) for _ in range(130)]
        for client in clients:
            # A body that does not come keeps each request, and so its connection, busy.
            client.sendall(head.replace(b"GET", b"POST") + b"Content-Length: 10\r\n\r\n")
        late = clients[-1].recv(4096)
    assert late.startswith(b"HTTP/1.1 429")


def test_nginx_serves_the_dashboards_files_and_keeps_them_long(admin: httpx2.Client, assets: Path) -> None:
    asset = next(path for path in assets.iterdir() if path.suffix == ".js")
    answer = admin.get(f"/app/assets/{asset.name}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == asset.read_bytes()
    assert "<html" in admin.get("/app/").text


def test_what_happens_is_reported_through_nginx(admin: httpx2.Client, site: Site) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    url = site.url.replace("http", "ws") + "/api/v1/live"
    with connect(url, additional_headers={"Cookie": cookies}, origin=None) as live:
        files = {"image": ("car.jpg", (SAMPLES / "britain.jpg").read_bytes(), "image/jpeg")}
        recorded = admin.post("/api/v1/sightings", files=files).json()
        plates = {sighting["plate"] for image in recorded["images"] for sighting in image["sightings"]}
        told = json.loads(live.recv(timeout=30))
        while told.get("kind") != "sighting.recorded":
            told = json.loads(live.recv(timeout=30))
    assert told["data"]["plate"] in plates


def test_the_callers_own_address_is_noted_and_not_the_proxys(admin: httpx2.Client, site: Site) -> None:
    admin.get("/health", headers={"X-Forwarded-For": "203.0.113.9"})
    log = site.data / "logs" / "access.log"
    eventually(lambda: "203.0.113.9" in log.read_text(), "the address is not in the log")


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(admin: httpx2.Client, site: Site) -> None:
    before = {child.pid for child in site.master.children()}
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    eventually(lambda: len({child.pid for child in site.master.children()} - before) == 1, "no worker came")
    eventually(lambda: answers(f"{site.url}/health"), "the site does not answer")
    assert admin.get("/api/v1/sightings").status_code == 200


def test_a_reload_replaces_all_workers_and_keeps_answering(admin: httpx2.Client, site: Site) -> None:
    before = {child.pid for child in site.master.children()}
    site.master.send_signal(signal.SIGHUP)
    eventually(lambda: not before & {child.pid for child in site.master.children()}, "old workers stay")
    eventually(lambda: answers(f"{site.url}/health"), "the site does not answer")
    assert admin.get("/auth/me").status_code == 200
