"""Clients that ask for much and read nothing of it, at a real server on each kind of database."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest
from sqlalchemy import insert, select

from platewatch.db.base import Base
from platewatch.db.engine import POOL, Database
from platewatch.db.tables import AccessLogRow, AuditRow, EventRow, SightingRow, VisitRow, WatchlistEntryRow
from tests.cli.children import Serving, serving
from tests.databases import database_url
from tests.servers import PASSWORD

PATIENCE_S = 60
ROWS = 6_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STALLED = POOL["pool_size"] + POOL["max_overflow"] + 5
"""More readers than there are connections to the database."""
ACCOUNT = {"username": "ada", "password": PASSWORD}
EXPORTS = (
    "/api/v1/access/log/export",
    "/api/v1/watchlists/{watchlist}/export",
    "/api/v1/audit/export",
    "/api/v1/sightings/export",
    "/api/v1/visits/export",
    "/logs?format=csv",
)


@dataclass(frozen=True, slots=True)
class Site:
    """A server with an administrator, much in each of its lists, and the way to ask it."""

    server: Serving
    client: httpx2.Client
    watchlist_id: int

    @property
    def exports(self) -> list[str]:
        """The paths of all exports."""
        return [path.replace("{watchlist}", str(self.watchlist_id)) for path in EXPORTS]

    def ask_and_not_read(self, path: str, *headers: str) -> socket.socket:
        """A connection on which this was asked, and on which the kernel takes little."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE_S)
        client.connect(("127.0.0.1", urlsplit(self.server.url).port))
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: {cookie}", *headers, "", ""]
        client.sendall("\r\n".join(lines).encode())
        return client

    def wait_until_dropped(self) -> None:
        """Return when the server has no connection left but the one that asks."""
        process = psutil.Process(self.server.process.pid)
        deadline = time.monotonic() + PATIENCE_S
        port = urlsplit(self.server.url).port
        while sum(one.laddr.port == port and one.status == "ESTABLISHED" for one in process.net_connections()) > 1:
            assert time.monotonic() < deadline, "stalled readers are still connected"
            time.sleep(0.1)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    variables = {"PLATEWATCH_DATABASE_URL": database_url(database), "PLATEWATCH_SEND_TIMEOUT_S": "4"}
    with (
        serving(tmp_path, **variables) as server,
        httpx2.Client(base_url=server.url, timeout=PATIENCE_S) as client,
    ):
        assert client.post("/auth/register", json=ACCOUNT).status_code == 201
        assert client.post("/auth/login", json=ACCOUNT).status_code == 200
        made = client.post("/api/v1/watchlists", json={"name": "residents", "kind": "allow"})
        assert made.status_code == 201
        watchlist_id = made.json()["id"]
        assert client.post(f"/api/v1/watchlists/{watchlist_id}/entries", json={"plate": "AB12CDE"}).is_success
        fill(database)
        yield Site(server, client, watchlist_id)


def fill(database: Database) -> None:
    """Put many rows into each list that can be exported, and many events."""
    times = [BEGAN + timedelta(minutes=number) for number in range(ROWS)]
    note = "a note that makes the line long " * 3
    decision = {"direction": "entering", "decision": "denied", "reason": "unknown_plate", "source": "request"}
    read = {"plate": "AB12CDE", "confidence": 0.9, "characters": [], "alternatives": [], "corners": ()}
    recorded = {"direction": "unknown", "is_corrected": False, "source": "manual", "detector": "-", "recognizer": "-"}
    visit = {"plate": "AB12CDE", "plate_key": "AB12CDE", "state": "closed"}
    event = {"kind": "visit.closed", "payload": {"note": note}}
    rows: dict[type[Base], list[dict[str, Any]]] = {
        AccessLogRow: [
            {"decided_at": at, "plate": "AB12CDE", "note": note, "gate_state": "none", **decision} for at in times
        ],
        AuditRow: [{"noted_at": at, "action": "login.succeeded", "details": {"why": note}} for at in times],
        SightingRow: [
            {"captured_at": at, "first_seen_at": at, "last_seen_at": at, "recorded_at": at, "note": note}
            | read
            | recorded
            for at in times
        ],
        VisitRow: [{"began_at": at, "entered_at": at, "left_at": at, "ended_at": at, **visit} for at in times],
        EventRow: [{"occurred_at": at, **event} for at in times],
    }
    with database.transaction() as session:
        entry = {"batch_id": session.scalar(select(WatchlistEntryRow.batch_id)), "tolerance": 0, "everywhere": True}
        rows[WatchlistEntryRow] = [
            {"plate": f"AB{number:05}", "created_at": at, "updated_at": at, "note": note, **entry}
            for number, at in enumerate(times)
        ]
        for table, values in rows.items():
            session.execute(insert(table), values)


def is_whole(client: socket.socket) -> bool:
    """Whether the answer comes to its end, of those that are sent in chunks."""
    end = b""
    while True:
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            return False
        if not part:
            return end == b"0\r\n\r\n"
        end = (end + part)[-5:]


def test_stalled_exports_hold_nobody_up_and_are_dropped(site: Site) -> None:
    with ExitStack() as stack:
        paths = islice(cycle(site.exports), STALLED)
        stalled = [stack.enter_context(site.ask_and_not_read(path)) for path in paths]
        for _ in range(3):
            # A request that finds no connection to the database would be answered with 503 after 15 s.
            assert site.client.get("/api/v1/locations").status_code == 200
            assert site.client.post("/api/v1/sightings/manual", json={"plate": "ZZ99ZZZ"}).status_code == 201
            assert site.client.get("/health/live").status_code == 200
        site.wait_until_dropped()
        assert not any(is_whole(client) for client in stalled)


def test_exports_are_whole_for_those_who_read(site: Site) -> None:
    for path in site.exports:
        lines = site.client.get(path).text.splitlines()
        rows = sum(note in line for line in lines for note in ("AB12CDE", "login.succeeded", "AB0", "AB1"))
        assert rows >= ROWS, path


def test_other_large_answers_are_dropped_too(site: Site, tmp_path: Path) -> None:
    (tmp_path / "data" / "static" / "large.bin").write_bytes(bytes(20_000_000))
    with (
        site.ask_and_not_read("/static/large.bin") as file,
        site.ask_and_not_read("/api/v1/events", "Last-Event-ID: 0") as events,
    ):
        site.wait_until_dropped()
        assert not is_whole(file)
        assert not is_whole(events)
