"""A real server as a child process, and a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx2
import pytest
from playwright.sync_api import Browser, sync_playwright

from platewatch.app.dashboard import STATIC_FOLDER
from tests.missing import give_up

START_LIMIT_S = 60
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The browser looks names up by itself, where no guard of Python's sees it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]",
]


class StartServer(Protocol):
    def __call__(self, data: Path) -> str: ...


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """The address of `platewatch serve` with this data folder, once it is ready."""
    port = free_port()
    environment = os.environ | {
        "PLATEWATCH_PORT": str(port),
        "PLATEWATCH_DATA": str(data),
        "PLATEWATCH_BCRYPT_ROUNDS": "4",
    }
    command = [sys.executable, "-c", "from platewatch.cli import main; main()", "serve"]
    with (data.parent / "server.txt").open("a") as output:
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=data.parent)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_ready(address, child)
            yield address
        finally:
            child.terminate()
            child.wait(timeout=30)


def wait_until_ready(address: str, child: subprocess.Popen[bytes]) -> None:
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=20)) as client:
        for _ in range(START_LIMIT_S * 10):
            assert child.poll() is None, "the server ended; see server.txt"
            try:
                if client.get(f"{address}/health").status_code == 200:
                    return
            except httpx2.ConnectError:
                continue
            child_is_loading = 0.1
            try:
                child.wait(child_is_loading)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError("the server did not become ready")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium as Debian has it."""
    path = shutil.which("chromium")
    missing = "no chromium; install Debian's package (`make test-tools`)" if path is None else None
    if not (STATIC_FOLDER / "index.html").is_file():
        missing = "the dashboard is not built (`make dashboard`)"
    if missing:
        give_up(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield browser
        browser.close()
