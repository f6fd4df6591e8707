"""The time of matching a plate against a long list: `python -m benchmarks.server.matching`."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.server.searches import prepared
from platewatch.audit.service import Actor
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.watchlists.csv_files import read_lines
from platewatch.watchlists.imports import ListImport
from platewatch.watchlists.places import Places
from platewatch.watchlists.schemas import WatchlistCreate
from platewatch.watchlists.service import ListKind, WatchlistService

NAME: Final = "matching"
MARKS: Final = {"sqlite": "matching-sqlite", "mysql": "matching-mariadb", "postgresql": "matching-postgresql"}
_MICROSECONDS: Final = 1e6
_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_SIGNS: Final = _LETTERS + "0123456789"
_WARM: Final = 20

Ask = Callable[[random.Random, int], str]


@dataclass(frozen=True, slots=True)
class Mixture:
    """The contents of the list: its entries, and the shares (0..1) that allow one edit and two."""

    entries: int
    one_edit: float
    two_edits: float
    patterns: int


@dataclass(frozen=True, slots=True)
class MatchTime:
    """Microseconds for one plate, and how many entries it matched on average."""

    kind: str
    median_us: float
    p95_us: float
    worst_us: float
    matches: float


@dataclass(frozen=True, slots=True)
class Matching:
    """The times of importing the list, and of matching each kind of plate."""

    mixture: Mixture
    import_s: float
    times: tuple[MatchTime, ...]


def plate_of(number: int) -> str:
    """A plate of its own for each number, built like a British one; neighbors differ in many characters."""
    mixed = number * 7_368_787 % (23**5 * 100)
    mixed, digits = divmod(mixed, 100)
    letters = []
    for _ in range(5):
        mixed, letter = divmod(mixed, 23)
        letters.append(_LETTERS[letter])
    first, second, *last = letters
    return f"{first}{second}{digits:02d}{''.join(last)}"


def _misread(rng: random.Random, entries: int) -> str:
    signs = list(plate_of(rng.randrange(entries)))
    signs[rng.randrange(len(signs))] = rng.choice(_SIGNS)
    return "".join(signs)


ASKS: Final[dict[str, Ask]] = {
    "on the list": lambda rng, entries: plate_of(rng.randrange(entries)),
    "not on the list": lambda rng, entries: plate_of(entries + rng.randrange(entries)),
    "one character misread": _misread,
    "unlike any": lambda rng, _entries: "".join(rng.choices("0123456789", k=9)),
}


def matching(  # noqa: PLR0913 -- each is an option of the command
    *,
    database: Annotated[
        str | None, typer.Option(help="URL of an empty database; an own SQLite file by default.")
    ] = None,
    entries: Annotated[int, typer.Option(min=100, help="How many the list has.")] = 1_000_000,
    patterns: Annotated[int, typer.Option(min=0, help="How many of them are patterns.")] = 200,
    one_edit: Annotated[float, typer.Option(min=0, max=1, help="Share that allows one edit.")] = 0.1,
    two_edits: Annotated[float, typer.Option(min=0, max=1, help="Share that allows two.")] = 0.01,
    times: Annotated[int, typer.Option(min=10, help="How many plates of each kind are matched.")] = 1000,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Measure matching against one long list, and its import."""
    how = circumstances("benchmarks.server.matching")
    mixture = Mixture(entries, one_edit, two_edits, patterns)
    with prepared(database) as base:
        base.migrate()
        kind = base.engine.dialect.name
        result = measure(base, mixture, times)
    grids = [grid(result)]
    notes = [
        f"{entries:,} entries on {kind}, imported as CSV in {result.import_s:.0f} s",
        f"{one_edit:.0%} allow one edit, {two_edits:.0%} two; {patterns} are patterns; {times} plates of each kind",
    ]
    publish(Measured(f"{NAME}-{kind}", how, notes, grids, result, mark=MARKS[kind]), output, write)


def measure(database: Database, mixture: Mixture, times: int) -> Matching:
    """The import of the list, then each kind of plate."""
    clock, actor = Clock(), Actor(username="benchmark")
    with database.transaction() as session:
        body = WatchlistCreate(name="benchmark", kind=ListKind.WATCH)
        watchlist_id = WatchlistService(session, clock).create(body, actor).id
    lines = read_lines(io.BytesIO("".join(_csv(mixture)).encode()), Places({}, {}, "UTC"))
    start = time.perf_counter()
    ListImport(database, clock).replace(watchlist_id, lines, actor)
    import_s = time.perf_counter() - start
    return Matching(mixture, import_s, tuple(_measure_kind(database, kind, mixture, times) for kind in ASKS))


def grid(result: Matching) -> Grid:
    """The figures as a table."""
    return Grid(
        "Matching one plate (microseconds)",
        ("plate", "median", "p95", "worst", "matches"),
        tuple(
            (
                row.kind,
                *(figure(value, 0) for value in (row.median_us, row.p95_us, row.worst_us)),
                figure(row.matches, 2),
            )
            for row in result.times
        ),
    )


def _csv(mixture: Mixture) -> Iterator[str]:
    """The list: patterns first, then plates with a tolerance, then plain ones."""
    yield "plate,tolerance,owner\n"
    for number in range(mixture.patterns):
        yield f"{plate_of(number)[:4]}?{plate_of(number)[5]}*,0,\n"
    two = int(mixture.entries * mixture.two_edits)
    one = two + int(mixture.entries * mixture.one_edit)
    for number in range(mixture.entries - mixture.patterns):
        tolerance = 2 if number < two else 1 if number < one else 0
        yield f"{plate_of(number)},{tolerance},owner {number}\n"


def _measure_kind(database: Database, kind: str, mixture: Mixture, times: int) -> MatchTime:
    rng = random.Random(1)  # noqa: S311 -- no secrets are made of it
    clock = Clock()
    taken_us, matches = [], 0
    # As in recording, the session is there already.
    with database.reading() as session:
        for number in range(times + _WARM):
            plate = ASKS[kind](rng, mixture.entries)
            start = time.perf_counter()
            found = WatchlistService(session, clock).match(plate, at=clock.now(), location_id=None)
            if number >= _WARM:
                taken_us.append((time.perf_counter() - start) * _MICROSECONDS)
                matches += len(found)
    median, p95 = (float(np.percentile(taken_us, share)) for share in (50, 95))
    return MatchTime(kind, median, p95, max(taken_us), matches / times)


if __name__ == "__main__":
    typer.run(matching)
