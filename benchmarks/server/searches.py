"""The time of each kind of search: `python -m benchmarks.server.searches`, on SQLite or any database by its URL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import numpy as np
import typer

from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.server.backend import Backend
from benchmarks.server.world import CAMERAS, LISTS, LOCATIONS, YEAR, YEAR_BEGINS, World, populate
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.sightings.query import SightingFilter, SightingQuery
from platewatch.sightings.service import SightingService

NAME: Final = "searches"
MARKS: Final = {"sqlite": "searches-sqlite", "mysql": "searches-mariadb", "postgresql": "searches-postgresql"}
_MILLISECONDS: Final = 1000

Ask = Callable[[random.Random, World], dict[str, Any]]


def _plate(rng: random.Random, world: World) -> str:
    return rng.choice(world.plates)


def _misread(rng: random.Random, world: World, edits: int) -> str:
    signs = list(_plate(rng, world))
    for place in rng.sample(range(len(signs)), edits):
        signs[place] = rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")
    return "".join(signs)


def _with_gaps(rng: random.Random, world: World, gaps: int) -> str:
    signs = list(_plate(rng, world))
    for place in rng.sample(range(len(signs)), gaps):
        signs[place] = "?"
    return "".join(signs)


def _piece(rng: random.Random, world: World, length: int) -> str:
    plate = _plate(rng, world)
    start = rng.randrange(len(plate) - length + 1)
    return f"*{plate[start : start + length]}*"


def _day(rng: random.Random) -> dict[str, datetime]:
    start = YEAR_BEGINS + YEAR * rng.random()
    return {"captured_from": start, "captured_to": start + timedelta(days=1)}


ASKS: Final[dict[str, Ask]] = {
    "newest": lambda _rng, _world: {},
    "exact plate": lambda rng, world: {"plate": _plate(rng, world)},
    "plate that is not there": lambda rng, _world: {"plate": f"ZZZ{rng.randrange(10**6)}Z"},
    "prefix of 1": lambda rng, world: {"plate": _plate(rng, world)[:1], "match": "prefix"},
    "prefix of 2": lambda rng, world: {"plate": _plate(rng, world)[:2], "match": "prefix"},
    "prefix of 4": lambda rng, world: {"plate": _plate(rng, world)[:4], "match": "prefix"},
    "wildcard, 1 unknown": lambda rng, world: {"plate": _with_gaps(rng, world, 1)},
    "wildcard, 3 unknown": lambda rng, world: {"plate": _with_gaps(rng, world, 3)},
    "wildcard, piece of 3": lambda rng, world: {"plate": _piece(rng, world, 3)},
    "wildcard, piece of 2": lambda rng, world: {"plate": _piece(rng, world, 2)},
    "fuzzy, distance 0.5": lambda rng, world: {"plate": _plate(rng, world), "match": "fuzzy", "distance": 0.5},
    "fuzzy, distance 1": lambda rng, world: {"plate": _misread(rng, world, 1), "match": "fuzzy", "distance": 1},
    "fuzzy, distance 2": lambda rng, world: {"plate": _misread(rng, world, 2), "match": "fuzzy", "distance": 2},
    "one day": lambda rng, _world: _day(rng),
    "location": lambda rng, _world: {"location_id": rng.randint(1, LOCATIONS)},
    "camera, one day": lambda rng, _world: {"camera_id": rng.randint(1, CAMERAS), **_day(rng)},
    "region": lambda rng, _world: {"region": rng.choice(("gb", "br", "xx"))},
    "direction": lambda rng, _world: {"direction": rng.choice(("entering", "leaving"))},
    "confidence at most": lambda rng, _world: {"max_confidence": rng.uniform(0.31, 0.6)},
    "corrected": lambda _rng, _world: {"corrected": True},
    "on a list": lambda rng, _world: {"watchlist_id": rng.randint(1, LISTS)},
    "on a list, location": lambda rng, _world: {
        "watchlist_id": rng.randint(1, LISTS),
        "location_id": rng.randint(1, LOCATIONS),
    },
    "prefix of 2, location, one day": lambda rng, world: {
        "plate": _plate(rng, world)[:2],
        "match": "prefix",
        "location_id": rng.randint(1, LOCATIONS),
        **_day(rng),
    },
    "location, direction, most confident": lambda rng, _world: {
        "location_id": rng.randint(1, LOCATIONS),
        "direction": "entering",
        "min_confidence": 0.99,
    },
    "least sure first": lambda _rng, _world: {"sort": "confidence"},
    "least sure first, location": lambda rng, _world: {"sort": "confidence", "location_id": rng.randint(1, LOCATIONS)},
    "by plate, camera": lambda rng, _world: {"sort": "plate", "camera_id": rng.randint(1, CAMERAS)},
    "last recorded, region": lambda rng, _world: {"sort": "-recorded_at", "region": rng.choice(("gb", "es"))},
}


@dataclass(frozen=True, slots=True)
class SearchTime:
    """Milliseconds for pages of 50 (`count_` for counting up to 10,000), over all that were asked.

    The `cpu_` ones are processor time, of this process and of the database server if that runs on this machine: other
    work lengthens it little.
    """

    kind: str
    median_ms: float
    p95_ms: float
    cpu_p95_ms: float
    worst_ms: float
    count_p95_ms: float
    count_cpu_p95_ms: float


def searches(  # noqa: PLR0913 -- each is an option of the command
    *,
    database: Annotated[
        str | None, typer.Option(help="URL of an empty database; an own SQLite file by default.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="The database was filled by this command before.")] = False,
    sightings: Annotated[int, typer.Option(min=1000, help="How many are made up.")] = 1_000_000,
    times: Annotated[int, typer.Option(min=5, help="How often each kind is asked.")] = 40,
    seed: Annotated[int, typer.Option(help="What chance begins with.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Measure each kind of search over a made-up year of traffic."""
    how = circumstances("benchmarks.server.searches")
    with prepared(database) as base:
        base.migrate()
        world = known_world(base, sightings) if keep else populate(base, sightings, seed)
        rows = measure_all(base, world, times, seed)
        kind = base.engine.dialect.name
    grids = [grid(rows)]
    notes = [f"{world.sightings:,} sightings of {world.vehicles:,} plates on {kind}; each kind asked {times} times"]
    publish(Measured(f"{NAME}-{kind}", how, notes, grids, rows, mark=MARKS[kind]), output, write)


@contextmanager
def prepared(url: str | None) -> Iterator[Database]:
    """The database of the URL, or an SQLite file that is gone afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        base = Database(url or f"sqlite:///{folder}/searches.db")
        stack.callback(base.dispose)
        yield base


def known_world(database: Database, sightings: int) -> World:
    """The world that `populate` made in this database before."""
    with database.reading() as session:
        page = session.connection().exec_driver_sql("SELECT text FROM plate_texts")
        plates = [text for (text,) in page]
    step = max(1, len(plates) // 2000)
    return World(sightings, len(plates), tuple(plates[::step]))


def measure_all(database: Database, world: World, times: int, seed: int) -> tuple[SearchTime, ...]:
    """Each kind of search in turn."""
    chances = {kind: random.Random(seed) for kind in ASKS}  # noqa: S311 -- no secrets are made of it
    backend = Backend(database)
    return tuple(measure(database, backend, (kind, ASKS[kind]), world, times, rng) for kind, rng in chances.items())


def measure(
    database: Database, backend: Backend, kind: tuple[str, Ask], world: World, times: int, rng: random.Random
) -> SearchTime:
    """One kind of search, after one that is not timed."""
    pages, counts = [], []
    for number in range(times + 1):
        asked = kind[1](rng, world)
        filters = {name: value for name, value in asked.items() if name != "sort"}
        page = _time_ask(database, backend, lambda service, asked=asked: service.page(SightingQuery(**asked)))  # type: ignore[misc]
        count = _time_ask(database, backend, lambda service, filters=filters: service.count(SightingFilter(**filters)))  # type: ignore[misc]
        if number:
            pages.append(page)
            counts.append(count)
    wall, cpu = zip(*pages, strict=True)
    count_wall, count_cpu = zip(*counts, strict=True)
    return SearchTime(
        kind[0], _p(50, wall), _p(95, wall), _p(95, cpu), max(wall), _p(95, count_wall), _p(95, count_cpu)
    )


def grid(rows: tuple[SearchTime, ...]) -> Grid:
    """The figures as a table."""
    return Grid(
        "A page of 50 sightings (ms)",
        ("search", "median", "p95", "p95, processors", "worst", "count, p95", "count, p95, processors"),
        tuple(
            (
                row.kind,
                *map(figure, (row.median_ms, row.p95_ms, row.cpu_p95_ms, row.worst_ms)),
                *map(figure, (row.count_p95_ms, row.count_cpu_p95_ms)),
            )
            for row in rows
        ),
    )


def _time_ask(database: Database, backend: Backend, ask: Callable[[SightingService], object]) -> tuple[float, float]:
    """Milliseconds until the answer, and of processors."""
    start, own, other = time.perf_counter(), time.thread_time(), backend.seconds()
    with database.reading() as session:
        ask(SightingService(session, Clock()))
    wall = time.perf_counter() - start
    cpu = time.thread_time() - own + backend.seconds() - other
    return wall * _MILLISECONDS, cpu * _MILLISECONDS


def _p(share: float, values: Sequence[float]) -> float:
    return float(np.percentile(values, share))


if __name__ == "__main__":
    typer.run(searches)
