"""The real command and the real server as child processes, with their memory watched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

import httpx2
import psutil

from benchmarks.errors import ChildError

_MIB: Final = 1024 * 1024
_LOOK_EVERY_S: Final = 0.01
_READY_WITHIN_S: Final = 120.0
_ENDS_WITHIN_S: Final = 20.0
_ASK_EVERY_S: Final = 0.05
_LAST_SIGNS: Final = 2000
_OUTPUT: Final = "output.txt"


class MemoryWatch:
    """Looks at the resident memory of a process and its children; `peak_mib` is the most that was seen at once."""

    def __init__(self, pid: int) -> None:
        self.peak_mib = 0.0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_mib = max(self.peak_mib, _resident_bytes(self._pid) / _MIB)
            if self._done.wait(_LOOK_EVERY_S):
                return


@dataclass(frozen=True, slots=True)
class StartUp:
    """One run of `platewatch read` on one photo: seconds to its first line, and its most memory."""

    first_line_s: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that is ready. `pid` is that of its first process, `ready_s` what it took to get there."""

    url: str
    pid: int
    ready_s: float


def command_path() -> Path:
    """The command `platewatch` of this environment.

    Raises:
        ChildError: It is not installed.
    """
    path = Path(sys.executable).with_name("platewatch")
    if not path.is_file():
        raise ChildError(f"There is no command {str(path)!r}. Install the package with `make install`.")
    return path


def measure_start_up(photo: Path, options: tuple[str, ...] = ()) -> StartUp:
    """From the start of `platewatch read` to its first line.

    Raises:
        ChildError: It printed none or ended with an error.
    """
    command = [str(command_path()), "read", str(photo.resolve()), "--json", *options]
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        with _process(command, Path(folder), {}, piped=True) as process, MemoryWatch(process.pid) as memory:
            if process.stdout is None:
                raise ChildError("The command has no output.")
            line = process.stdout.readline()
            first_line_s = time.perf_counter() - start
            process.stdout.read()
            status = process.wait()
        if status or not line:
            raise ChildError(f"`platewatch read` ended with {status}: {_last_words(Path(folder))}")
    return StartUp(first_line_s, memory.peak_mib)


@contextmanager
def running_server(settings: dict[str, str]) -> Iterator[RunningServer]:
    """`platewatch serve` on a free port with a fresh data folder and these settings (names without PLATEWATCH_).

    Raises:
        ChildError: It ended, or was not ready within two minutes.
    """
    port = free_port()
    with TemporaryDirectory() as folder:
        environment = {"HOST": "127.0.0.1", "PORT": str(port), "DATA": folder, **settings}
        url = f"http://127.0.0.1:{port}"
        start = time.perf_counter()
        with _process([str(command_path()), "serve"], Path(folder), environment) as process:
            try:
                _wait_until_ready(process, url, Path(folder))
                yield RunningServer(url, process.pid, time.perf_counter() - start)
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_ENDS_WITHIN_S)


def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def child_environment(given: dict[str, str], settings: dict[str, str]) -> dict[str, str]:
    """The environment `given` without platewatch's own settings, and with these ones."""
    kept = {name: value for name, value in given.items() if not name.upper().startswith("PLATEWATCH_")}
    return kept | {f"PLATEWATCH_{name}": value for name, value in settings.items()}


@contextmanager
def _process(
    command: list[str],
    folder: Path,
    settings: dict[str, str],
    *,
    piped: bool = False,
) -> Iterator[subprocess.Popen[str]]:
    """The running child, in a folder without a `.env`; it is dead at the end. What it says is kept in the folder."""
    with (folder / _OUTPUT).open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=child_environment(dict(os.environ), settings),
            stdout=subprocess.PIPE if piped else output,
            stderr=output,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()


def _wait_until_ready(process: subprocess.Popen[str], url: str, folder: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildError(f"`platewatch serve` ended with {process.returncode}: {_last_words(folder)}")
        try:
            if httpx2.get(f"{url}/health", timeout=_READY_WITHIN_S).status_code == HTTPStatus.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(_ASK_EVERY_S)
    raise ChildError(f"`platewatch serve` was not ready within {_READY_WITHIN_S:.0f} s: {_last_words(folder)}")


def _last_words(folder: Path) -> str:
    return (folder / _OUTPUT).read_text(encoding="utf-8")[-_LAST_SIGNS:].strip() or "it printed nothing"


def _resident_bytes(pid: int) -> int:
    """The resident memory of the process and all below it; 0 for one that has ended."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total
