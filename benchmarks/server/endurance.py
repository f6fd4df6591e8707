"""An hour's worth of requests in some minutes, how fast, and whether memory grows.

`python -m benchmarks.server.endurance`.

A real server is asked over HTTP by several clients: passes are written down by hand (a sighting with all that follows
from it, but for reading a photo) and searched for. Its memory is looked at after each hundredth of the requests.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated, Final

import httpx2
import numpy as np
import psutil
import typer

from benchmarks.children import running_server
from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.errors import ChildError
from benchmarks.over_http import log_in
from benchmarks.report import Grid, Measured, figure, publish

NAME: Final = "endurance"
_MIB: Final = 1024 * 1024
_TIMEOUT_S: Final = 120.0
_SAMPLES: Final = 100
_WARM: Final = 0.2
"""Of the requests: until then caches and pools fill."""
_RECORDS: Final = 0.5
_SETTINGS: Final = {"RATE_LIMIT": "1000000"}


@dataclass(frozen=True, slots=True)
class Endurance:
    """What the server did, and how much memory it had (MiB) when it was warm and in the end."""

    requests: int
    recorded: int
    seconds: float
    median_ms: float
    p95_ms: float
    warm_mib: float
    end_mib: float
    growth_mib_per_1000: float


def endurance(
    *,
    requests: Annotated[int, typer.Option(min=200, help="An hour at one a second has 3600.")] = 3600,
    clients: Annotated[int, typer.Option(min=1, max=64, help="How many ask at once.")] = 4,
    seed: Annotated[int, typer.Option(help="What chance begins with.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Measure recording and searching over HTTP, and the server's memory all the while."""
    how = circumstances("benchmarks.server.endurance")
    with running_server(_SETTINGS) as server:
        result = measure(server.url, server.pid, requests, clients, seed)
    grids = [grid(result)]
    notes = [f"{clients} clients, SQLite; half of the requests record a sighting, half search for one"]
    publish(Measured(NAME, how, notes, grids, result), output, write)


def measure(url: str, pid: int, requests: int, clients: int, seed: int) -> Endurance:
    """Ask that many times.

    Raises:
        ChildError: the server refused a request.
    """
    numbers, lock = count(), threading.Lock()
    times_ms: list[float] = []
    memory: list[tuple[int, float]] = []
    kinds: list[bool] = []
    problems: list[Exception] = []

    def work(client: httpx2.Client) -> None:
        while not problems:
            with lock:
                number = next(numbers)
            if number >= requests:
                return
            start = time.perf_counter()
            try:
                kinds.append(ask(client, random.Random(seed * requests + number)))  # noqa: S311 -- no secrets
            except (httpx2.HTTPError, ChildError) as error:
                problems.append(error)
                return
            times_ms.append((time.perf_counter() - start) * 1000)
            if number % max(1, requests // _SAMPLES) == 0:
                memory.append((number, resident_mib(pid)))

    with ExitStack() as stack:
        asking = [stack.enter_context(httpx2.Client(base_url=url, timeout=_TIMEOUT_S)) for _ in range(clients)]
        for client in asking:
            log_in(client)
        threads = [threading.Thread(target=work, args=(client,)) for client in asking]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
    if problems:
        raise ChildError(f"The server refused a request: {problems[0]}")
    return summed_up(memory, times_ms, sum(kinds), seconds)


def ask(client: httpx2.Client, rng: random.Random) -> bool:
    """One request; True if it recorded a sighting.

    Raises:
        ChildError: the server refused it.
    """
    plate = f"AB{rng.randrange(100):02d}{rng.choice('CDEFGH')}{rng.choice('XYZ')}{rng.choice('KLM')}"
    if rng.random() < _RECORDS:
        place = rng.randrange(5)
        body = {
            "plate": plate,
            "camera": f"gate {place}",
            "location": f"place {place}",
            "direction": rng.choice(("entering", "leaving")),
        }
        answer = client.post("/api/v1/sightings/manual", json=body)
    else:
        params = rng.choice(({}, {"plate": plate}, {"plate": plate[:5] + "*"}, {"plate": plate, "match": "fuzzy"}))
        answer = client.get("/api/v1/sightings", params=params)
    if answer.status_code not in (200, 201):
        raise ChildError(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}")
    return answer.status_code == 201  # noqa: PLR2004 -- Created


def summed_up(
    memory: Sequence[tuple[int, float]], times_ms: Sequence[float], recorded: int, seconds: float
) -> Endurance:
    """The figures; growth is the slope of a line through the memory once it was warm."""
    last = max(number for number, _ in memory)
    warm = sorted((number, mib) for number, mib in memory if number >= last * _WARM)
    slope = float(np.polyfit([number for number, _ in warm], [mib for _, mib in warm], 1)[0]) * 1000
    median, p95 = (float(np.percentile(times_ms, share)) for share in (50, 95))
    return Endurance(len(times_ms), recorded, seconds, median, p95, warm[0][1], warm[-1][1], slope)


def resident_mib(pid: int) -> float:
    """The memory of the process and all below it."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return float(sum(member.memory_info().rss for member in family)) / _MIB


def grid(result: Endurance) -> Grid:
    """The figures as a table."""
    rows = (
        ("requests", str(result.requests)),
        ("sightings recorded", str(result.recorded)),
        ("requests a second", figure(result.requests / result.seconds)),
        ("sightings recorded a second", figure(result.recorded / result.seconds)),
        ("a request, median (ms)", figure(result.median_ms)),
        ("a request, p95 (ms)", figure(result.p95_ms)),
        ("memory when warm (MiB)", figure(result.warm_mib)),
        ("memory in the end (MiB)", figure(result.end_mib)),
        ("growth for 1000 requests (MiB)", figure(result.growth_mib_per_1000, 2)),
    )
    return Grid("An hour's worth of requests", ("what", "figure"), rows)


if __name__ == "__main__":
    typer.run(endurance)
