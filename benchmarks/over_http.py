"""Images a second over HTTP, asked by several clients at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx2

from benchmarks.children import MemoryWatch, running_server
from benchmarks.errors import ChildError
from benchmarks.library import Throughput, measure_throughput, timed_from_common_line
from platewatch.vision.pipeline import PlateReader

_ACCOUNT: Final = {"username": "benchmark", "password": "measured over loopback"}
_TIMEOUT_S: Final = 120.0
_OK: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
READ_PATH: Final = "/api/v1/read"
RECORD_PATH: Final = "/api/v1/sightings"


@dataclass(frozen=True, slots=True)
class Load:
    """The load on the server: its readers and their threads, and the number of clients at once."""

    readers: int = 1
    threads: int = 2
    clients: int = 4
    detector: str = "platewatch"
    recognizer: str = "platewatch"

    @property
    def settings(self) -> dict[str, str]:
        """The server's settings, by name without PLATEWATCH_."""
        return {
            "READERS": str(self.readers),
            "READER_THREADS": str(self.threads),
            "WAITING_LINE": str(self.clients),
            "DETECTOR": self.detector,
            "RECOGNIZER": self.recognizer,
            # The same photos are sent again and again.
            "KNOWN_PHOTO_HOURS": "0",
        }


@dataclass(frozen=True, slots=True)
class HttpSpeed:
    """Images a second over HTTP by the path that was asked, beside the library's own in the same run."""

    clients: int
    library_before: Throughput
    library_after: Throughput
    over_http: dict[str, Throughput]
    ready_s: float
    server_peak_mib: float

    @property
    def library_per_s(self) -> float:
        """The library's images a second, before and after together."""
        images = self.library_before.images + self.library_after.images
        return images / (self.library_before.seconds + self.library_after.seconds)

    def ratio(self, path: str) -> float:
        """The speed over HTTP as a share of the library's."""
        return self.over_http[path].images_per_s / self.library_per_s


def measure_http(load: Load, photos: Sequence[Path], repeat: int) -> HttpSpeed:
    """All photos `repeat` times over HTTP, to be read only and to be recorded.

    Raises:
        ChildError: The server did not start, or refused a request.
    """
    readers = [PlateReader(load.detector, load.recognizer, threads=load.threads) for _ in range(load.readers)]
    for reader in readers:
        reader.warm_up()
    before = measure_throughput(readers, photos, repeat, load.threads)
    with running_server(load.settings) as server, MemoryWatch(server.pid) as memory:
        over_http = {
            path: _measure_path(server.url, path, load, [photo.read_bytes() for photo in photos] * repeat)
            for path in (READ_PATH, RECORD_PATH)
        }
    after = measure_throughput(readers, photos, repeat, load.threads)
    return HttpSpeed(load.clients, before, after, over_http, server.ready_s, memory.peak_mib)


def _measure_path(url: str, path: str, load: Load, images: Sequence[bytes]) -> Throughput:
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx2.Client(base_url=url, timeout=_TIMEOUT_S)) for _ in range(load.clients)]
        for client in clients:
            log_in(client)
        workers = [sender(client, path) for client in clients]
        for worker in workers[: load.readers]:
            worker(images[0])
        seconds, count = timed_from_common_line(images, workers)
    return Throughput(load.readers, load.threads, count, seconds)


def log_in(client: httpx2.Client) -> None:
    """Give the client a session, with the server's first account, made if it is not there yet.

    Raises:
        ChildError: The server refuses.
    """
    registration = _check(client.get("/auth/register")).json()
    if registration["data"]["first_account"]:
        _check(client.post("/auth/register", json=_ACCOUNT))
    _check(client.post("/auth/login", json=_ACCOUNT))


def sender(client: httpx2.Client, path: str) -> Callable[[bytes], object]:
    """A function that sends one image and waits for its answer; it raises ChildError if the server refuses."""

    def send(image: bytes) -> object:
        return _check(client.post(path, files={"image": ("photo", image)}))

    return send


def _check(response: httpx2.Response) -> httpx2.Response:
    if response.status_code not in _OK:
        raise ChildError(f"{response.request.url.path} answered {response.status_code}: {response.text[:300]}")
    return response
