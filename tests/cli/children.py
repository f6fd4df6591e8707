"""The command, really started: as a child process in a folder and an environment of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

COMMAND = [sys.executable, "-m", "platewatch"]
PATIENCE_S = 60


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """This process's environment without platewatch's settings, but with these."""
    seeds = {"DB_HOST", "DB_USER", "DB_PASSWORD", "DB_NAME", "DB_PORT", "BCRYPT_ROUNDS", "DEBUG", "SECRET_KEY"}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("PLATEWATCH_") and name not in seeds
    }
    return {**kept, "PLATEWATCH_DATA": str(folder / "data"), "PLATEWATCH_BCRYPT_ROUNDS": "4", **variables}


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command's end, with what it printed."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Serving:
    """A running `platewatch serve`."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._printed: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def printed(self) -> str:
        """What came to the terminal until now, without colors."""
        return re.sub(r"\x1b\[[0-9;]*m", "", "".join(self._printed))

    def wait_until_it_answers(self) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s and self.process.poll() is None:
            try:
                httpx2.get(f"{self.url}/health/live", timeout=5)
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"the server does not answer: {self.printed}")

    def stop(self) -> None:
        """Ask it to end, as a service manager does, and wait for that."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self._reading.join(PATIENCE_S)

    def _read(self) -> None:
        assert self.process.stderr is not None
        self._printed.extend(self.process.stderr)


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[Serving]:
    """`platewatch serve` on a free port, answering."""
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "serve"],
        cwd=folder,
        env=environment(folder, PLATEWATCH_PORT=str(port), **variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Serving(process, port)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        if process.poll() is None:
            server.stop()
        if process.stderr is not None:
            process.stderr.close()
