from __future__ import annotations

import httpx2
import pytest

from benchmarks.errors import ChildError
from benchmarks.library import Throughput
from benchmarks.over_http import READ_PATH, RECORD_PATH, HttpSpeed, Load, log_in, measure_http, sender
from tests.servers import SAMPLES, Server

PHOTO = SAMPLES / "malta.jpg"


def rate(images: int, seconds: float) -> Throughput:
    return Throughput(readers=1, threads=2, images=images, seconds=seconds)


def test_the_ratio_is_to_the_library_before_and_after_together() -> None:
    speed = HttpSpeed(4, rate(10, 1.0), rate(10, 3.0), {READ_PATH: rate(10, 2.5), RECORD_PATH: rate(10, 4.0)}, 1, 1)
    assert speed.library_per_s == 5.0
    assert (speed.ratio(READ_PATH), speed.ratio(RECORD_PATH)) == (0.8, 0.5)


def test_the_server_is_set_up_like_the_library() -> None:
    load = Load(readers=3, threads=4, clients=7, detector="one", recognizer="two")
    assert load.settings == {
        "READERS": "3",
        "READER_THREADS": "4",
        "WAITING_LINE": "7",
        "DETECTOR": "one",
        "RECOGNIZER": "two",
        "KNOWN_PHOTO_HOURS": "0",
    }


def test_the_first_client_makes_the_account_and_the_others_log_in(sqlite_server: Server) -> None:
    for client in (sqlite_server.new_client(), sqlite_server.new_client()):
        log_in(client)
        assert client.get("/auth/me").json()["data"]["username"] == "benchmark"


@pytest.mark.parametrize(
    ("refused", "first"),
    [
        pytest.param("/auth/register", True, id="asking who may register"),
        pytest.param("/auth/login", False, id="the log-in"),
    ],
)
def test_a_refused_account_is_named(refused: str, first: bool) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == refused:
            return httpx2.Response(403, text="not you")
        return httpx2.Response(200, json={"data": {"first_account": first}})

    with (
        httpx2.Client(base_url="http://server", transport=httpx2.MockTransport(answer)) as client,
        pytest.raises(ChildError, match=f"{refused} answered 403: not you"),
    ):
        log_in(client)


def test_an_account_is_not_made_where_there_is_one() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.method, request.url.path))
        return httpx2.Response(200, json={"data": {"first_account": False}})

    with httpx2.Client(base_url="http://server", transport=httpx2.MockTransport(answer)) as client:
        log_in(client)
    assert asked == [("GET", "/auth/register"), ("POST", "/auth/login")]


def test_a_refusal_is_named() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(503, text="Every reader is busy")

    with (
        httpx2.Client(base_url="http://server", transport=httpx2.MockTransport(refuse)) as client,
        pytest.raises(ChildError, match="/api/v1/read answered 503: Every reader is busy"),
    ):
        sender(client, READ_PATH)(b"photo")


def test_a_photo_is_sent_as_a_form() -> None:
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        request.read()
        sent.append(request)
        return httpx2.Response(201, json={})

    with httpx2.Client(base_url="http://server", transport=httpx2.MockTransport(answer)) as client:
        sender(client, RECORD_PATH)(b"the photo's bytes")
    (request,) = sent
    assert (request.method, request.url.path) == ("POST", RECORD_PATH)
    assert b'name="image"' in request.content
    assert b"the photo's bytes" in request.content


def test_a_real_server_is_measured_beside_the_library() -> None:
    speed = measure_http(Load(readers=1, threads=1, clients=2), [PHOTO], repeat=2)
    assert {path: one.images for path, one in speed.over_http.items()} == {READ_PATH: 2, RECORD_PATH: 2}
    assert all(one.images_per_s > 0 for one in speed.over_http.values())
    assert speed.library_before.images == speed.library_after.images == 2
    assert speed.server_peak_mib > 50
    assert speed.ready_s > 0
