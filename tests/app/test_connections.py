"""Idle, slow and greedy clients at a real server, over raw sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

from platewatch.app.connections import MIN_CONNECTIONS, connection_limits
from platewatch.settings import Settings
from tests.cli.children import Serving, serving

PATIENCE_S = 20
"""How long a test waits for what should take a second or two."""
LIMITS = {
    "PLATEWATCH_MAX_CONNECTIONS": "20",
    "PLATEWATCH_HEADER_TIMEOUT_S": "1.5",
    "PLATEWATCH_BODY_TIMEOUT_S": "1.5",
    "PLATEWATCH_SEND_TIMEOUT_S": "1.5",
}
ACCOUNT = {"username": "ada", "password": "correct horse battery"}
LOG_IN = b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("connections"), **LIMITS) as server:
        yield server


def opened(server: Serving) -> socket.socket:
    port = int(server.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def rest_of(client: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    received = b""
    while True:
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


def answer_to(server: Serving, request: bytes) -> bytes:
    with opened(server) as client:
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(request)
        return rest_of(client)


def answered(client: socket.socket) -> None:
    """Ask something and take the whole answer."""
    client.sendall(GET + b"\r\n")
    received = b""
    while not received.endswith(b"}"):
        received += client.recv(65536)
    assert status_of(received) == 200


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_connection_without_a_byte_is_closed(server: Serving) -> None:
    with opened(server) as client:
        assert rest_of(client) == b""


def test_half_a_head_is_answered_with_408(server: Serving) -> None:
    answer = answer_to(server, GET)
    assert status_of(answer) == 408
    assert b"did not come in time" in answer


def test_head_that_comes_in_drops_is_answered_with_408(server: Serving) -> None:
    with opened(server) as client:
        client.settimeout(0.1)
        client.sendall(GET)
        began, answer = time.monotonic(), b""
        while not answer and time.monotonic() - began < PATIENCE_S:
            client.sendall(b"X-Drop: 1\r\n")
            try:
                answer = client.recv(65536)
            except TimeoutError:
                continue
    assert status_of(answer) == 408


def test_second_request_of_a_connection_has_to_come_in_time_too(server: Serving) -> None:
    with opened(server) as client:
        answered(client)
        client.sendall(b"GET /heal")
        assert status_of(rest_of(client)) == 408


def test_stray_line_ends_do_not_keep_a_connection(server: Serving) -> None:
    with opened(server) as client:
        answered(client)
        client.sendall(b"\r\n")
        assert rest_of(client) == b""


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(GET + b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n", id="one of 200 kB"),
        pytest.param(GET + b"X-Long: " + b"a" * 20_000_000, id="one without an end"),
        pytest.param(GET + b"X-Short: 1\r\n" * 600 + b"\r\n", id="600 short ones"),
        pytest.param(GET + b"".join(b"X-%d: 1\r\n" % number for number in range(200_000)), id="many without an end"),
        pytest.param(
            b"GET /health/live?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a long address"
        ),
        pytest.param(b"GET /" + b"a" * 20_000_000, id="an address without an end"),
        pytest.param(b"X-Name" * 50_000, id="a name without an end"),
    ],
)
def test_long_head_is_refused(server: Serving, head: bytes) -> None:
    assert status_of(answer_to(server, head)) in {400, 431}


def test_refusal_of_a_long_head_says_the_limits(server: Serving) -> None:
    answer = answer_to(server, GET + b"X-Short: 1\r\n" * 101 + b"\r\n")
    assert status_of(answer) == 431
    assert b"more than 32 kB or 100 headers" in answer


def test_head_within_the_limits_is_answered(server: Serving) -> None:
    many = GET + b"Connection: close\r\n" + b"X-Short: 1\r\n" * 95 + b"\r\n"
    assert status_of(answer_to(server, many)) == 200
    long = GET + b"Connection: close\r\nX-Long: " + b"a" * 30_000 + b"\r\n\r\n"
    assert status_of(answer_to(server, long)) == 200


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b"2\r\n{}\r\n0\r\nX-Trailer: " + b"a" * 5_000_000, id="trailers"),
        pytest.param(b"2\r\n{}\r\n0\r\n" + b"X-Trailer: 1\r\n" * 100_000, id="many trailers"),
        pytest.param(b"2;" + b"a" * 5_000_000, id="note to a chunk"),
    ],
)
def test_what_stands_round_a_body_is_limited(server: Serving, tail: bytes) -> None:
    assert status_of(answer_to(server, LOG_IN + b"Transfer-Encoding: chunked\r\n\r\n" + tail)) in {400, 431}


def test_body_that_stands_still_is_answered_with_408(server: Serving) -> None:
    head = LOG_IN + b"Content-Length: 9000\r\n\r\n"
    assert status_of(answer_to(server, head + b'{"username": "')) == 408


def test_body_that_comes_steadily_is_taken(server: Serving) -> None:
    body = b'{"username": "ada", "password": "' + b"x" * 6000 + b'"}'
    with opened(server) as client:
        client.sendall(LOG_IN + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 1000):
            client.sendall(body[start : start + 1000])
            time.sleep(0.4)
        assert status_of(rest_of(client)) in {401, 422}


def test_more_idle_connections_than_allowed_keep_nobody_out(server: Serving) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(opened(server)) for _ in range(60)]
        began = time.monotonic()
        assert httpx2.get(f"{server.url}/health/live", timeout=PATIENCE_S).status_code == 200
        assert time.monotonic() - began < 5
        assert all(rest_of(client) == b"" for client in idle)


def test_connections_beyond_the_limit_are_refused_where_none_is_idle(server: Serving) -> None:
    head = LOG_IN + b"Content-Length: 9000\r\n\r\n"
    with ExitStack() as stack:
        busy = [stack.enter_context(opened(server)) for _ in range(20)]
        for client in busy:
            client.sendall(head + b"{")
        late = stack.enter_context(opened(server))
        answer = rest_of(late)
        assert status_of(answer) == 503
        assert b"retry-after: 5" in answer
        assert {status_of(rest_of(client)) for client in busy} == {408}
    assert httpx2.get(f"{server.url}/health/live", timeout=PATIENCE_S).status_code == 200


def test_listeners_that_hear_nothing_for_long_stay(server: Serving) -> None:
    with httpx2.Client(base_url=server.url, timeout=PATIENCE_S) as client:
        if client.get("/auth/register").json()["data"]["first_account"]:
            client.post("/auth/register", json=ACCOUNT)
        client.post("/auth/login", json=ACCOUNT)
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        address = f"ws{server.url.removeprefix('http')}/api/v1/live"
        with (
            connect(address, additional_headers={"Cookie": cookie}, proxy=None) as live,
            client.stream("GET", "/api/v1/events") as events,
        ):
            time.sleep(4)
            assert client.post("/api/v1/sightings/manual", json={"plate": "AB12CDE"}).status_code == 201
            assert "AB12CDE" in str(live.recv(timeout=PATIENCE_S))
            assert next(line for line in events.iter_lines() if "AB12CDE" in line)


def test_limit_follows_the_files_that_the_process_may_open(tmp_path: Path) -> None:
    assert connection_limits(Settings(data=tmp_path, max_connections=10)).connections == 10
    most = connection_limits(Settings(data=tmp_path, max_connections=100_000)).connections
    assert MIN_CONNECTIONS <= most <= 100_000
