"""Mixed traffic at a steady pace for some time, and whether the server's memory grows.

`python -m benchmarks.server.endurance --minutes 60`.

A real server is asked over HTTP by several clients (see `traffic`). Its memory is looked at every few seconds. A
growth is the slope of a line through these figures once the server is warm.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated, Final

import httpx2
import numpy as np
import psutil
import typer
from websockets.exceptions import WebSocketException

from benchmarks.children import running_server
from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.errors import ChildError
from benchmarks.over_http import log_in
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.server.traffic import chosen, prepared

NAME: Final = "endurance"
_MIB: Final = 1024 * 1024
_TIMEOUT_S: Final = 120.0
_LOOK_EVERY_S: Final = 5.0
_WARM: Final = 1 / 3
"""Of the time: until then caches and pools fill."""
_SETTINGS: Final = {"RATE_LIMIT": "1000000"}
_MAX_FAILED: Final = 0.005
"""Share of the requests that may fail, such as a listener that a busy machine did not let read in time."""


@dataclass(frozen=True, slots=True)
class Look:
    """The server's memory (MiB) at a time after the start."""

    at_s: float
    mib: float


@dataclass(frozen=True, slots=True)
class Endurance:
    """The server's work and its memory (MiB): the mean of each sixth of the time, and its growth."""

    requests: int
    failed: int
    by_kind: dict[str, int]
    seconds: float
    median_ms: float
    p95_ms: float
    first_mib: float
    peak_mib: float
    sixths_mib: tuple[float, ...]
    growth_mib_per_hour: float
    looks: tuple[Look, ...]


@dataclass(slots=True)
class Notes:
    """The measurements of all clients."""

    times_ms: list[float] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def endurance(
    *,
    minutes: Annotated[float, typer.Option(min=1, max=24 * 60, help="How long it takes.")] = 60,
    per_second: Annotated[float, typer.Option(min=0.1, max=1000, help="How many requests come in a second.")] = 4,
    clients: Annotated[int, typer.Option(min=1, max=64, help="How many ask at once.")] = 4,
    seed: Annotated[int, typer.Option(help="What chance begins with.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Send mixed traffic, and measure the server's memory all the while."""
    how = circumstances("benchmarks.server.endurance")
    with running_server(_SETTINGS) as server:
        result = measure(server.url, server.pid, Pace(minutes * 60, per_second, clients, seed))
    notes = [f"{clients} clients, {per_second:g} requests a second for {minutes:g} minutes, SQLite"]
    publish(Measured(NAME, how, notes, grids(result), result), output, write)


@dataclass(frozen=True, slots=True)
class Pace:
    """The duration and the pace of the requests."""

    seconds: float
    per_second: float
    clients: int
    seed: int


def measure(url: str, pid: int, pace: Pace) -> Endurance:
    """Ask at that pace.

    Raises:
        ChildError: more requests failed than may.
    """
    numbers, lock, notes = count(), threading.Lock(), Notes()
    began = time.monotonic()

    def work(client: httpx2.Client) -> None:
        visitor = prepared(client, url)
        while True:
            with lock:
                number = next(numbers)
            due = began + number / pace.per_second
            if max(due, time.monotonic()) >= began + pace.seconds:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            rng = random.Random(f"{pace.seed} {number}")  # noqa: S311 -- no secrets
            kind = chosen(rng)
            start = time.perf_counter()
            try:
                kind.ask(visitor, rng)
            except (httpx2.HTTPError, WebSocketException, TimeoutError, ChildError) as error:
                notes.problems.append(f"{kind.name}: {error!r}")
                continue
            notes.times_ms.append((time.perf_counter() - start) * 1000)
            notes.kinds.append(kind.name)

    with ExitStack() as stack:
        asking = [stack.enter_context(httpx2.Client(base_url=url, timeout=_TIMEOUT_S)) for _ in range(pace.clients)]
        for client in asking:
            log_in(client)
        prepared(asking[0], url)
        threads = [threading.Thread(target=work, args=(client,)) for client in asking]
        for thread in threads:
            thread.start()
        looks = _watch(pid, threads, began)
    if len(notes.problems) > _MAX_FAILED * len(notes.times_ms):
        raise ChildError(f"{len(notes.problems)} requests failed, among them: {notes.problems[0]}")
    return summed_up(looks, notes, time.monotonic() - began)


def _watch(pid: int, threads: Sequence[threading.Thread], began: float) -> list[Look]:
    """The memory, looked at until all threads have ended."""
    looks = []
    while any(thread.is_alive() for thread in threads):
        looks.append(Look(time.monotonic() - began, resident_mib(pid)))
        for thread in threads:
            thread.join(_LOOK_EVERY_S / len(threads))
    return [*looks, Look(time.monotonic() - began, resident_mib(pid))]


def summed_up(looks: Sequence[Look], notes: Notes, seconds: float) -> Endurance:
    """The figures of all that was written down."""
    warm = [look for look in looks if look.at_s >= looks[-1].at_s * _WARM]
    slope = float(np.polyfit([look.at_s / 3600 for look in warm], [look.mib for look in warm], 1)[0])
    sixths = np.array_split(np.asarray([look.mib for look in looks]), 6)
    median, p95 = (float(np.percentile(notes.times_ms, share)) for share in (50, 95))
    return Endurance(
        requests=len(notes.times_ms),
        failed=len(notes.problems),
        by_kind=dict(Counter(notes.kinds)),
        seconds=seconds,
        median_ms=median,
        p95_ms=p95,
        first_mib=looks[0].mib,
        peak_mib=max(look.mib for look in looks),
        sixths_mib=tuple(float(part.mean()) for part in sixths),
        growth_mib_per_hour=slope,
        looks=tuple(looks),
    )


def resident_mib(pid: int) -> float:
    """The memory of the process and all below it."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return float(sum(member.memory_info().rss for member in family)) / _MIB


def grids(result: Endurance) -> list[Grid]:
    """The figures as tables."""
    asked = [(f"asked: {name}", str(number)) for name, number in sorted(result.by_kind.items())]
    sixths = [
        (f"memory, sixth {number} of the time (MiB)", figure(mib)) for number, mib in enumerate(result.sixths_mib, 1)
    ]
    rows = (
        ("requests", str(result.requests)),
        ("failed requests", str(result.failed)),
        *asked,
        ("requests a second", figure(result.requests / result.seconds)),
        ("a request, median (ms)", figure(result.median_ms)),
        ("a request, p95 (ms)", figure(result.p95_ms)),
        ("memory before the first request (MiB)", figure(result.first_mib)),
        *sixths,
        ("memory, highest (MiB)", figure(result.peak_mib)),
        ("growth once warm (MiB an hour)", figure(result.growth_mib_per_hour, 2)),
    )
    return [Grid("Mixed traffic", ("what", "figure"), rows)]


if __name__ == "__main__":
    typer.run(endurance)
