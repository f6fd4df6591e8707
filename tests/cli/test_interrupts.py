"""Interrupts by real signals, as a terminal sends them to the group and a supervisor to the process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import httpx2
import pytest

from platewatch import cli
from platewatch.__main__ import INTERRUPTED, main
from tests.cli.children import COMMAND, PATIENCE_S, environment, free_port
from tests.servers import SAMPLES

TRACES = ("Traceback", "Exception ignored", "KeyboardInterrupt", "CancelledError")


class Child:
    """The command in a process group of its own, with all that it printed."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            env=environment(folder, PYTHONUNBUFFERED="1", **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def wait_for(self, mark: str) -> None:
        with self._news:
            found = self._news.wait_for(lambda: mark in "".join(self._lines), PATIENCE_S)
        assert found, "".join(self._lines)

    def interrupt(self) -> None:
        """Both ways at once."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """The status and everything that was printed."""
        try:
            status = self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
        self._reading.join(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status, "".join(self._lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def serve(folder: Path) -> Child:
    return Child(folder, "serve", PLATEWATCH_PORT=str(free_port()))


@pytest.mark.parametrize("mark", ["is starting at", "server.started", "models.ready"])
@pytest.mark.parametrize("gap_s", [0.0, 1.2], ids=["at once", "later"])
def test_two_interrupts_of_the_server_leave_no_traceback(folder: Path, mark: str, gap_s: float) -> None:
    child = serve(folder)
    child.wait_for(mark)
    child.interrupt()
    time.sleep(gap_s)  # what is tested is a second signal after this time
    child.interrupt()
    status, printed = child.end()
    assert status in {0, INTERRUPTED, -signal.SIGINT}
    assert [trace for trace in TRACES if trace in printed] == [], printed


def test_one_interrupt_ends_the_server_in_order(folder: Path) -> None:
    child = serve(folder)
    child.wait_for("models.ready")
    child.interrupt()
    status, printed = child.end()
    assert (status, "server.stopped" in printed) == (0, True)


def test_a_second_signal_does_not_wait_for_listeners(folder: Path) -> None:
    port = free_port()
    child = Child(folder, "serve", PLATEWATCH_PORT=str(port), PLATEWATCH_AUTH="off")
    child.wait_for("models.ready")
    with httpx2.stream("GET", f"http://127.0.0.1:{port}/api/v1/events", timeout=PATIENCE_S) as listening:
        assert listening.status_code == 200
        child.interrupt()
        time.sleep(1.2)  # past the time in which a second signal counts as the same
        begun_s = time.monotonic()
        child.process.send_signal(signal.SIGINT)
        child.process.wait(PATIENCE_S)
        assert time.monotonic() - begun_s < 5
    _, printed = child.end()
    assert [trace for trace in TRACES if trace in printed] == [], printed


@pytest.mark.parametrize("delay_s", [0.0, 0.1, 0.3, 0.6, 1.0, 2.0])
def test_interrupts_of_other_verbs_leave_no_traceback(folder: Path, delay_s: float) -> None:
    photos = folder / "photos"
    photos.mkdir()
    for number in range(400):  # more than can be read before the last interrupt
        shutil.copy(SAMPLES / "spain.jpg", photos / f"{number}.jpg")
    child = Child(folder, "read", "--json", str(photos))
    child.wait_for("0695DVH") if delay_s == 0.0 else time.sleep(1 + delay_s)
    child.interrupt()
    child.interrupt()
    status, printed = child.end()
    assert status in {INTERRUPTED, -signal.SIGINT}
    assert [trace for trace in TRACES if trace in printed] == [], printed


def test_an_error_of_a_library_that_was_interrupted_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise ImportError("a part could not be loaded") from error

    monkeypatch.setattr(cli, "main", load)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.value.code == INTERRUPTED


def test_an_error_without_an_interrupt_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "main", lambda: int("no number"))
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(ValueError):
            main()
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_module_is_the_command_too(folder: Path) -> None:
    status, printed = Child(folder, "--version").end()
    assert (status, printed.startswith("platewatch ")) == (0, True)
