from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import httpx2
import psutil
import pytest

from benchmarks import children
from benchmarks.children import (
    MemoryWatch,
    child_environment,
    command_path,
    free_port,
    measure_start_up,
    running_server,
)
from benchmarks.errors import ChildError
from tests.servers import SAMPLES

MIB = 1024 * 1024


def test_the_memory_of_this_process_is_seen_to_grow() -> None:
    with MemoryWatch(os.getpid()) as before:
        pass
    # Written to, so that the memory is there and not only promised.
    block = bytearray(os.urandom(MIB)) * 200
    with MemoryWatch(os.getpid()) as after:
        assert len(block) == 200 * MIB
    assert after.peak_mib - before.peak_mib > 150


def test_a_process_that_has_ended_has_no_memory() -> None:
    unused = max(psutil.pids()) + 100_000
    with MemoryWatch(unused) as watch:
        pass
    assert watch.peak_mib == 0.0


def test_a_free_port_can_be_listened_on() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))


@pytest.mark.parametrize(
    ("given", "settings", "expected"),
    [
        pytest.param({}, {}, {}, id="empty"),
        pytest.param({"PATH": "/bin"}, {"PORT": "1"}, {"PATH": "/bin", "PLATEWATCH_PORT": "1"}, id="both"),
        pytest.param({"PLATEWATCH_DATABASE_URL": "x"}, {}, {}, id="the owner's settings stay out"),
        pytest.param({"platewatch_data": "x"}, {"DATA": "y"}, {"PLATEWATCH_DATA": "y"}, id="in lower case too"),
    ],
)
def test_a_child_gets_only_our_settings(
    given: dict[str, str],
    settings: dict[str, str],
    expected: dict[str, str],
) -> None:
    assert child_environment(given, settings) == expected


def test_a_command_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ChildError, match="make install"):
        command_path()


def test_the_start_of_the_real_command_is_measured() -> None:
    start = measure_start_up(SAMPLES / "malta.jpg")
    assert 0.05 < start.first_line_s < 120
    assert start.peak_mib > 50


def test_a_command_that_fails_tells_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"ended with 1: .*missing\.jpg"):
        measure_start_up(tmp_path / "missing.jpg")


def test_a_real_server_answers_and_is_gone_afterwards() -> None:
    with running_server({"READER_THREADS": "1"}) as server:
        assert httpx2.get(f"{server.url}/health").json()["status"] == "healthy"
        assert psutil.pid_exists(server.pid)
        assert server.ready_s > 0
    assert not psutil.pid_exists(server.pid)


def test_the_settings_of_the_person_who_measures_do_not_reach_the_server(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLATEWATCH_READERS", "none")
    (tmp_path / ".env").write_text("PLATEWATCH_WAITING_LINE=none\n")
    monkeypatch.chdir(tmp_path)
    with running_server({"READER_THREADS": "1"}) as server:
        assert httpx2.get(f"{server.url}/health").json()["models"]["readers"] == 2
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_server_that_ends_at_once_tells_what_it_said() -> None:
    with pytest.raises(ChildError, match=r"(?s)ended with .*READERS"), running_server({"READERS": "none"}):
        pytest.fail("the server started with a setting that makes no sense")


def test_a_server_that_is_never_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_READY_WITHIN_S", 0.0)
    with pytest.raises(ChildError, match="was not ready within 0 s"), running_server({}):
        pytest.fail("a server can't be ready within no time")
