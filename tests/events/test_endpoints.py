"""Events as clients follow them: server-sent events and the WebSocket of a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import WebSocketDisconnect
from starlette.testclient import WebSocketDenialResponse
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from platewatch.events import endpoints, websocket
from platewatch.users.sessions import SESSION_COOKIE
from tests.servers import PASSWORD, SAMPLES, Server, upload

BRITAIN = SAMPLES / "britain.jpg"
SPAIN = SAMPLES / "spain.jpg"


@contextmanager
def listening(server: Server) -> Iterator[str]:
    """The address of the app behind a real socket; test clients can't stream."""
    config = uvicorn.Config(
        server.app, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="websockets-sansio"
    )
    real = uvicorn.Server(config)
    thread = threading.Thread(target=real.run, daemon=True)
    thread.start()
    while not real.started:
        assert thread.is_alive()
    try:
        yield f"127.0.0.1:{real.servers[0].sockets[0].getsockname()[1]}"
    finally:
        real.should_exit = real.force_exit = True
        thread.join(timeout=10)


@contextmanager
def logged_in(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://{address}", timeout=20) as client:
        client.post("/auth/login", json={"username": "ada", "password": PASSWORD}).raise_for_status()
        yield client


def cookie(client: httpx2.Client) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}


def record(client: Any, path: Any = BRITAIN) -> dict[str, Any]:
    answer = client.post("/api/v1/sightings", files=upload(path), data={"record_known": "true"})
    assert answer.status_code == 201, answer.text
    sighting: dict[str, Any] = answer.json()["images"][0]["sightings"][0]
    return sighting


def server_sent(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """The events of a stream, as fields."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if not line and fields:
            yield fields
            fields = {}
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value


def test_a_stream_tells_what_happens_from_now_on(server: Server) -> None:
    record(server.admin())
    with listening(server) as address, logged_in(address) as client:
        with client.stream("GET", "/api/v1/events") as stream:
            recorded = record(client, SPAIN)
            event = next(server_sent(stream.iter_lines()))
    assert event["event"] == "sighting.recorded"
    told = json.loads(event["data"])
    assert told["data"] == recorded
    assert (told["kind"], str(told["resume_id"])) == ("sighting.recorded", event["id"])


def test_a_stream_resumes_after_the_last_event_seen(server: Server) -> None:
    admin = server.admin()
    recorded = [record(admin)["id"] for _ in range(3)]
    with listening(server) as address, logged_in(address) as client:
        with client.stream("GET", "/api/v1/events", headers={"Last-Event-ID": "0"}) as stream:
            events = server_sent(stream.iter_lines())
            all_of_them = [next(events) for _ in range(3)]
        assert [json.loads(event["data"])["data"]["id"] for event in all_of_them] == recorded
        with client.stream("GET", "/api/v1/events", headers={"Last-Event-ID": all_of_them[1]["id"]}) as stream:
            # Events may come twice where ids are missing that could still be committed; the last one must come.
            resumed = (json.loads(event["data"])["data"]["id"] for event in server_sent(stream.iter_lines()))
            assert recorded[2] in islice(resumed, 3)


def test_a_websocket_tells_the_missed_and_then_the_new_without_doubles(server: Server) -> None:
    missed = record(server.admin())
    with (
        listening(server) as address,
        logged_in(address) as client,
        connect(f"ws://{address}/api/v1/live?after=0", additional_headers=cookie(client)) as socket,
    ):
        first = json.loads(socket.recv(timeout=10))
        new = record(client, SPAIN)
        second = json.loads(socket.recv(timeout=10))
    assert [first["data"]["id"], second["data"]["id"]] == [missed["id"], new["id"]]
    assert second["id"] > first["id"]


def test_a_stream_needs_a_log_in(sqlite_server: Server) -> None:
    assert sqlite_server.anonymous.get("/api/v1/events").status_code == 401


def test_a_websocket_needs_a_log_in(sqlite_server: Server) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        sqlite_server.anonymous.websocket_connect("/api/v1/live"),
    ):
        pass
    assert denied.value.status_code == 401


def test_another_sites_page_can_not_open_a_websocket(sqlite_server: Server) -> None:
    token = sqlite_server.admin().cookies[SESSION_COOKIE]
    headers = {"Origin": "https://evil.example", "Cookie": f"{SESSION_COOKIE}={token}"}
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        sqlite_server.anonymous.websocket_connect("/api/v1/live", headers=headers),
    ):
        pass
    assert closed.value.code == 1008


@pytest.mark.parametrize("last", ["-1", "abc", str(2**63)])
def test_a_bad_last_event_id_is_reported(sqlite_server: Server, last: str) -> None:
    answer = sqlite_server.admin().get("/api/v1/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


def test_listeners_beyond_the_limit_are_sent_away(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    places = sqlite_server.runtime.state.live_places
    while places.acquire(blocking=False):
        pass
    answer = client.get("/api/v1/events")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_place_is_given_back_when_the_listener_leaves(sqlite_server: Server) -> None:
    sqlite_server.admin()
    places = sqlite_server.runtime.state.live_places
    for _ in range(sqlite_server.runtime.settings.max_live_clients - 1):
        places.acquire()
    with listening(sqlite_server) as address, logged_in(address) as client:
        for _ in range(2):
            with connect(f"ws://{address}/api/v1/live", additional_headers=cookie(client)):
                assert not places.acquire(blocking=False)
            assert places.acquire(timeout=10)
            places.release()


def test_listeners_are_sent_away_when_their_session_ends(
    sqlite_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_server.admin()
    monkeypatch.setattr(websocket, "PULSE_S", 0.05)
    monkeypatch.setattr(endpoints, "PULSE_S", 0.05)
    with listening(sqlite_server) as address, logged_in(address) as client:
        headers = cookie(client)
        with (
            connect(f"ws://{address}/api/v1/live", additional_headers=headers) as socket,
            client.stream("GET", "/api/v1/events") as stream,
        ):
            httpx2.post(f"http://{address}/auth/logout", headers=headers).raise_for_status()
            assert list(server_sent(stream.iter_lines())) == []
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
