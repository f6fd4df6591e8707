"""The time of each statistic: `python -m benchmarks.server.statistics`, on SQLite or any database by its URL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.server.backend import Backend
from benchmarks.server.searches import prepared
from benchmarks.server.world import LOCATIONS, YEAR, YEAR_BEGINS, populate
from platewatch.clock import Clock
from platewatch.db.base import slot_of
from platewatch.db.engine import Database
from platewatch.db.tables import LocationRow, SightingRow, VisitRow
from platewatch.statistics.schemas import (
    CountBy,
    CountQuery,
    DwellQuery,
    OccupancyQuery,
    RegularsQuery,
    StatisticsQuery,
)
from platewatch.statistics.service import StatisticsService

NAME: Final = "statistics"
MARKS: Final = {"sqlite": "statistics-sqlite", "mysql": "statistics-mariadb", "postgresql": "statistics-postgresql"}
ZONES: Final = ("Europe/Berlin", "America/New_York", "Asia/Kolkata")
_BATCH: Final = 5000
_MILLISECONDS: Final = 1000

Ask = Callable[[StatisticsService], object]
Days = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StatisticTime:
    """Middle times for the whole year at all locations (three time zones), at one of them, and there for 30 days.

    The `cpu_` ones are processor time, of this process and of the database server if that runs on this machine; work of
    others lengthens it less.
    """

    kind: str
    all_ms: float
    location_ms: float
    month_ms: float
    worst_ms: float
    all_cpu_ms: float
    location_cpu_ms: float
    month_cpu_ms: float


@dataclass(frozen=True, slots=True)
class Taken:
    wall_ms: float
    cpu_ms: float


def statistics(
    *,
    database: Annotated[
        str | None, typer.Option(help="URL of an empty database; an own SQLite file by default.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="The database was filled by this command before.")] = False,
    sightings: Annotated[
        int, typer.Option(min=1000, help="How many are made up, and half as many visits.")
    ] = 1_000_000,
    times: Annotated[int, typer.Option(min=1, help="How often each is asked.")] = 5,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Measure each statistic over a made-up year of traffic."""
    how = circumstances("benchmarks.server.statistics")
    with prepared(database) as base:
        base.migrate()
        if not keep:
            populate(base, sightings, 1)
            add_visits(base, sightings // 2, 1)
        rows = measure_all(base, times)
        counted = count_rows(base)
        kind = base.engine.dialect.name
    grids = [grid(rows)]
    notes = [f"{counted[0]:,} sightings and {counted[1]:,} visits on {kind}; each asked {times} times"]
    publish(Measured(f"{NAME}-{kind}", how, notes, grids, rows, mark=MARKS[kind]), output, write)


def add_visits(database: Database, visits: int, seed: int) -> None:
    """Closed visits over the year, two hours long on average, and a time zone for each location."""
    rng = random.Random(seed)  # noqa: S311 -- no secrets are made of it

    def spread(session: Session) -> None:
        for number in range(1, LOCATIONS + 1):
            zone = ZONES[number % len(ZONES)]
            session.execute(update(LocationRow).where(LocationRow.id == number).values(time_zone=zone))

    database.transact(spread)
    for start in range(0, visits, _BATCH):
        rows = [_visit(rng, number / visits) for number in range(start, min(visits, start + _BATCH))]
        database.transact(lambda session, rows=rows: session.execute(insert(VisitRow), rows))  # type: ignore[misc]


def _visit(rng: random.Random, share: float) -> dict[str, Any]:
    entered_at = YEAR_BEGINS + YEAR * share
    duration_s = int(rng.expovariate(1 / 7200))
    left_at = entered_at + timedelta(seconds=duration_s)
    return {
        "location_id": rng.randint(1, LOCATIONS),
        "plate": f"AB{rng.randrange(10**6)}",
        "plate_key": "A8",
        "state": "closed",
        "began_at": entered_at,
        "entered_at": entered_at,
        "left_at": left_at,
        "ended_at": left_at,
        "entered_slot": slot_of(entered_at),
        "ended_slot": slot_of(left_at),
        "duration_s": duration_s,
    }


def count_rows(database: Database) -> tuple[int, int]:
    """The numbers of sightings and visits."""
    with database.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(row)) or 0 for row in (SightingRow, VisitRow)]
    return counts[0], counts[1]


def asks(days: Days, location_id: int | None) -> dict[str, Ask]:
    """Every statistic for these days."""
    chosen = days | {"location_id": location_id}
    made: dict[str, Ask] = {
        "summary": lambda service: service.summary(StatisticsQuery(**chosen)),
        "heat map": lambda service: service.heat_map(StatisticsQuery(**chosen)),
        "regulars": lambda service: service.regulars(RegularsQuery(**chosen)),
        "dwell times": lambda service: service.dwell(DwellQuery(**chosen)),
        "occupancy by day": lambda service: service.occupancy(
            OccupancyQuery(**(days | {"location_id": location_id or 1, "by": "day"})),
        ),
    }
    for by in CountBy:
        if by is not CountBy.HOUR:
            made[f"counts by {by}"] = lambda service, by=by: service.counts(CountQuery(**chosen, by=by))  # type: ignore[misc]
    return made


def measure_all(database: Database, times: int) -> tuple[StatisticTime, ...]:
    """Each statistic in its three sizes, after one question that is not counted."""
    year = {"date_from": YEAR_BEGINS.date(), "date_to": date(YEAR_BEGINS.year, 12, 31)}
    month = {"date_from": date(YEAR_BEGINS.year, 6, 1), "date_to": date(YEAR_BEGINS.year, 6, 30)}
    sizes = [asks(year, None), asks(year, 1), asks(month, 1)]
    rows = []
    for kind in sizes[0]:
        found = [measure(database, size[kind], times) for size in sizes]
        walls = [float(np.median([one.wall_ms for one in size])) for size in found]
        processor = [float(np.median([one.cpu_ms for one in size])) for size in found]
        worst = max(one.wall_ms for size in found for one in size)
        rows.append(StatisticTime(kind, walls[0], walls[1], walls[2], worst, processor[0], processor[1], processor[2]))
    return tuple(rows)


def measure(database: Database, ask: Ask, times: int) -> Sequence[Taken]:
    """Each time, in a session of its own."""
    taken, backend = [], Backend(database)
    for number in range(times + 1):
        with database.reading() as session:
            wall, cpu = time.perf_counter(), time.process_time() + backend.seconds()
            ask(StatisticsService(session, Clock()))
            if number:
                wall_ms = (time.perf_counter() - wall) * _MILLISECONDS
                taken.append(Taken(wall_ms, (time.process_time() + backend.seconds() - cpu) * _MILLISECONDS))
    return taken


def grid(rows: Sequence[StatisticTime]) -> Grid:
    """The table of the report."""
    pairs = [
        (
            (row.all_ms, row.all_cpu_ms),
            (row.location_ms, row.location_cpu_ms),
            (row.month_ms, row.month_cpu_ms),
        )
        for row in rows
    ]
    shown = [tuple(f"{figure(wall, 0)} ({figure(cpu, 0)})" for wall, cpu in pair) for pair in pairs]
    return Grid(
        "Statistics (milliseconds, of the processor in brackets)",
        ("statistic", "a year, everywhere", "a year, one location", "30 days, one location", "slowest of all"),
        tuple((row.kind, *cells, figure(row.worst_ms, 0)) for row, cells in zip(rows, shown, strict=True)),
    )


if __name__ == "__main__":
    typer.run(statistics)
