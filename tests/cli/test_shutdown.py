"""How soon the server ends when somebody listens."""

from __future__ import annotations

import fcntl
import json
import socket
import sqlite3
import sys
import termios
import time
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from tests.cli.children import Serving, serving


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/live"], ids=["server-sent events", "WebSocket"])
def test_a_signal_ends_the_server_within_two_seconds_though_somebody_listens(tmp_path: Path, path: str) -> None:
    with serving(tmp_path, PLATEWATCH_AUTH="off") as server:
        wait_until_healthy(server)
        listeners = [listen(server.url, path) for _ in range(3)]
        began_s = time.monotonic()
        server.stop()
        took_s = time.monotonic() - began_s
        for listener in listeners:
            listener.close()
    assert took_s < 2
    assert "Traceback" not in server.printed


def test_a_listener_that_does_not_read_is_cut_off_at_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, PLATEWATCH_AUTH="off") as server:
        wait_until_healthy(server)
        fill_events(tmp_path / "data" / "platewatch.db", 40_000)
        listeners = [listen(server.url, path) for path in ("/api/v1/events", "/api/v1/live?after=0")]
        wait_until_stuck(listeners)
        began_s = time.monotonic()
        server.stop()
        took_s = time.monotonic() - began_s
        for listener in listeners:
            listener.close()
    assert took_s < 3
    assert "timeout graceful shutdown exceeded" not in server.printed


def wait_until_healthy(server: Serving) -> None:
    """Until the models are loaded, which the end of the server would wait for."""
    deadline_s = time.monotonic() + 60
    while httpx2.get(f"{server.url}/health", timeout=30).status_code != 200:
        assert time.monotonic() < deadline_s, server.printed
        time.sleep(0.1)


def listen(url: str, path: str) -> socket.socket:
    """A listener with a small buffer, which has read the first bytes of its answer."""
    host, port = url.removeprefix("http://").split(":")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.connect((host, int(port)))
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Last-Event-ID: 0"]
    if "live" in path:
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    listener.sendall("\r\n".join([*lines, "", ""]).encode())
    assert listener.recv(12) in {b"HTTP/1.1 200", b"HTTP/1.1 101"}
    return listener


def fill_events(file: Path, number: int) -> None:
    """Write so many events of a kilobyte into the outbox."""
    row = ("sighting.recorded", "2026-03-01 12:00:00.000000", json.dumps({"plate": "x" * 1000}))
    with closing(sqlite3.connect(file, timeout=30)) as database, database:
        database.executemany("INSERT INTO events (kind, occurred_at, payload) VALUES (?, ?, ?)", [row] * number)


def wait_until_stuck(listeners: list[socket.socket]) -> None:
    """Until what waits for each listener grows no more: the server can't send on."""
    deadline_s = time.monotonic() + 60
    before: list[int] = []
    while time.monotonic() < deadline_s:
        waiting = [int.from_bytes(fcntl.ioctl(one, termios.FIONREAD, b"\0" * 4), sys.byteorder) for one in listeners]
        if waiting == before and all(waiting):
            return
        before = waiting
        time.sleep(1)
    raise AssertionError("the listeners still take something")
