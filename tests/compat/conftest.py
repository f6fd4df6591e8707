"""A real server as the other systems' quick starts have one: on loopback, without a log-in."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.cli.children import PATIENCE_S, Serving, serving

CurlRun = Callable[[str, Path], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class QuickStart:
    """The running server, its folder, and curl, which reaches it under the port of the documents."""

    serving: Serving
    folder: Path

    @property
    def url(self) -> str:
        return self.serving.url

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def client(self) -> httpx2.Client:
        """A client with cookies of its own."""
        return httpx2.Client(base_url=self.url, timeout=PATIENCE_S)

    def curl(self, command: str, folder: Path) -> tuple[int, str]:
        """Status and body of what a document's command, word for word, gets in this folder."""
        home = self.folder / "curl"
        home.mkdir(exist_ok=True)
        port = self.url.rpartition(":")[2]
        lines = ["silent", "show-error", f'connect-to = "localhost:8000:127.0.0.1:{port}"']
        (home / ".curlrc").write_text("\n".join([*lines, 'write-out = "\\n%{http_code}"']))
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={"CURL_HOME": str(home), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body


@pytest.fixture(scope="session")
def quick_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStart]:
    """One server for all tests that speak to a real one; none of them relies on what it holds."""
    folder = tmp_path_factory.mktemp("quick-start")
    with serving(folder, PLATEWATCH_AUTH="off", PLATEWATCH_REGISTRATION="open") as running:
        started = QuickStart(running, folder)
        deadline_s = time.monotonic() + PATIENCE_S
        while httpx2.get(f"{started.url}/health", timeout=PATIENCE_S).status_code != 200:
            assert time.monotonic() < deadline_s, running.printed
            time.sleep(0.1)
        yield started


def assert_like(documented: Any, answered: Any, where: str = "answer") -> None:
    """Every documented field is there with a value of the documented type; more fields may be."""
    if isinstance(documented, dict):
        assert isinstance(answered, dict), where
        assert set(documented) <= set(answered), where
        for name, value in documented.items():
            assert_like(value, answered[name], f"{where}.{name}")
    elif isinstance(documented, list):
        assert isinstance(answered, list), where
        for example, item in zip(documented, answered, strict=False):
            assert_like(example, item, where)
        assert answered or not documented, f"{where} is empty"
    else:
        assert type(answered) is type(documented), f"{where} is {answered!r}"
