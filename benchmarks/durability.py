"""The cost of sightings that a power cut can't lose once they are answered: `python -m benchmarks.durability`.

SQLite is measured with `synchronous` FULL, as the server sets it, and with NORMAL, under which the last commits may be
lost with the power. The two take turns in one run, each with a database of its own on the same disk.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from sqlalchemy import event

from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.report import Grid, Measured, figure, publish
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.media.filesystem import FilesystemMediaStore
from platewatch.media.store import staged
from platewatch.sightings.schemas import SightingCreate
from platewatch.sightings.service import Circumstances, SightingService

NAME: Final = "durability"
WAYS: Final = ("FULL", "NORMAL")
PHOTO_BYTES: Final = 300_000
CROP_BYTES: Final = 8_000
_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds for one sighting, with its pictures and without, one way."""

    way: str
    rows_ms: float
    rows_p95_ms: float
    pictures_ms: float
    pictures_p95_ms: float


@dataclass(frozen=True, slots=True)
class Recorder:
    """A database and a folder for pictures, set up one way."""

    way: str
    database: Database
    media: FilesystemMediaStore
    numbers: Iterator[int]

    def record(self) -> None:
        """Record a sighting without pictures, with all that follows from it."""
        body = SightingCreate(plate=f"AB{next(self.numbers):05d}")
        clock = Clock()
        when = Circumstances(captured_at=clock.now())
        self.database.transact(lambda session: SightingService(session, clock).record_manual(body, when))

    def record_with_pictures(self) -> None:
        """The same, with a photo and a crop in the folder of pictures."""
        with staged(self.media, set) as staging:
            staging.put(os.urandom(PHOTO_BYTES))
            staging.put(os.urandom(CROP_BYTES))
            self.record()


def durability(
    *,
    sightings: Annotated[int, typer.Option(min=2, help="How many are recorded in each round, each way.")] = 100,
    rounds: Annotated[int, typer.Option(min=1, help="How often the two ways take turns.")] = 5,
    folder: Annotated[Path | None, typer.Option(help="A folder on the disk to be measured.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Measure what a sighting costs with and without waiting for the disk at each commit."""
    how = circumstances("benchmarks.durability")
    with TemporaryDirectory(dir=folder) as name:
        costs = measure(Path(name), sightings, rounds)
    rows = tuple(
        (
            f"synchronous = {cost.way}",
            *(figure(ms, 2) for ms in (cost.rows_ms, cost.rows_p95_ms, cost.pictures_ms, cost.pictures_p95_ms)),
        )
        for cost in costs
    )
    columns = ("SQLite", "without pictures, median", "p95", "with photo and crop, median", "p95")
    notes = [f"{rounds} rounds of {sightings} sightings each way, by turns; no photo is read"]
    publish(Measured(NAME, how, notes, [Grid("One sighting (ms)", columns, rows)], costs), output, write)


def measure(folder: Path, sightings: int, rounds: int) -> list[Cost]:
    """The cost of each way; the first sightings of each warm it up and are not counted."""
    with recorder(folder, WAYS[0]) as first, recorder(folder, WAYS[1]) as second:
        times: dict[tuple[str, bool], list[float]] = {(way, pictures): [] for way in WAYS for pictures in (False, True)}
        for number in range(rounds + 1):
            for one in (first, second) if number % 2 else (second, first):
                for pictures, work in ((False, one.record), (True, one.record_with_pictures)):
                    taken = [timed_ms(work) for _ in range(sightings if number else 2)]
                    times[one.way, pictures] += taken if number else []
        return [
            Cost(
                way,
                statistics.median(times[way, False]),
                percentile95(times[way, False]),
                statistics.median(times[way, True]),
                percentile95(times[way, True]),
            )
            for way in WAYS
        ]


@contextmanager
def recorder(folder: Path, way: str) -> Iterator[Recorder]:
    """A recorder with an empty database of its own."""
    database = Database(f"sqlite:///{folder / way}.db")

    def set_way(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA synchronous = {way}")

    event.listen(database.engine, "connect", set_way)
    database.migrate()
    media = FilesystemMediaStore(folder / f"media {way}", Clock())
    try:
        yield Recorder(way, database, media, count())
    finally:
        media.close()
        database.dispose()


def timed_ms(work: Callable[[], None]) -> float:
    """The duration in milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * _MILLISECONDS


def percentile95(values: list[float]) -> float:
    """The value that 95 % do not exceed."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    typer.run(durability)
