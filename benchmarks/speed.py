"""`python -m benchmarks.speed`: how fast photos are read, by the library, the command and the server."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.children import StartUp, measure_start_up
from benchmarks.circumstances import REPOSITORY, RESULTS, Used, circumstances
from benchmarks.datasets import load_sets, photos_of
from benchmarks.library import StageSpeed, Throughput, measure_stages, measure_throughput
from benchmarks.over_http import HttpSpeed, Load, measure_http
from benchmarks.report import Grid, Measured, figure, percent, publish
from platewatch.errors import PlatewatchError
from platewatch.vision.pipeline import PlateReader

NAME = "speed"
SAMPLES = REPOSITORY / "samples"
_USAGE = 2
_THREADS = (1, 2)
_SIDE_BY_SIDE = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """Options of the measurement: photos, each read `repeat` times; `starts` of the command; `clients` over HTTP."""

    photos: tuple[Path, ...]
    repeat: int
    starts: int
    clients: int
    detector: str
    recognizer: str


@dataclass(frozen=True, slots=True)
class SpeedResult:
    """Everything measured in one run."""

    images: int
    stages: tuple[StageSpeed, ...]
    throughput: tuple[Throughput, ...]
    starts: tuple[StartUp, ...]
    http: HttpSpeed


def speed(  # noqa: PLR0913 (each parameter is an option of the command)
    *,
    datasets: Annotated[Path | None, typer.Option(help="Folder with evaluation/ and train/; else samples/.")] = None,
    images: Annotated[int, typer.Option(min=1, help="How many photos to take from the folder.")] = 20,
    repeat: Annotated[int, typer.Option(min=1, help="How often each photo is read.")] = 3,
    starts: Annotated[int, typer.Option(min=1, help="How often the command is started.")] = 5,
    clients: Annotated[int, typer.Option(min=1, max=32, help="Clients that ask the server at once.")] = 4,
    seed: Annotated[int, typer.Option(help="Which photos are taken.")] = 1,
    detector: Annotated[str, typer.Option(help="What finds plates.")] = "platewatch",
    recognizer: Annotated[str, typer.Option(help="What reads them.")] = "platewatch",
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Measure speed; what is measured how is in docs/benchmarks.md."""
    try:
        how = circumstances("benchmarks.speed", Used((recognizer,), detector))
        plan = Plan(choose_photos(datasets, images, seed), repeat, starts, clients, detector, recognizer)
        result = measure(plan)
        grids, notes = tables(result), describe(plan, seed, samples=datasets is None)
        publish(Measured(NAME, how, notes, grids, result), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def choose_photos(datasets: Path | None, count: int, seed: int) -> tuple[Path, ...]:
    """Whole photos by chance from the labelled sets, or all samples where no folder is named.

    Raises:
        DatasetError: There are none.
    """
    if datasets is None:
        return tuple(sorted(SAMPLES.glob("*.jpg")))
    return photos_of(load_sets(datasets), count, seed)


def measure(plan: Plan) -> SpeedResult:
    """Every measurement, one after the other; the progress goes to standard error."""
    print_step("the stages of the library")
    readers = {threads: _warm_reader(plan, threads) for threads in _THREADS}
    stages = tuple(measure_stages(readers[threads], plan.photos, plan.repeat, threads) for threads in _THREADS)
    print_step("images a second of the library")
    throughput = [measure_throughput([readers[threads]], plan.photos, plan.repeat, threads) for threads in _THREADS]
    pair = [readers[1], *(_warm_reader(plan, 1) for _ in range(_SIDE_BY_SIDE - 1))]
    throughput.append(measure_throughput(pair, plan.photos, plan.repeat, 1))
    print_step("the start of the command")
    options = ("--detector", plan.detector, "--recognizer", plan.recognizer)
    starts = tuple(measure_start_up(plan.photos[0], options) for _ in range(plan.starts))
    print_step("images a second over HTTP")
    load = Load(clients=plan.clients, detector=plan.detector, recognizer=plan.recognizer)
    http = measure_http(load, plan.photos, plan.repeat)
    return SpeedResult(len(plan.photos), stages, tuple(throughput), starts, http)


def print_step(what: str) -> None:
    """Say on standard error what is measured now."""
    print(f"Measuring {what} ...", file=sys.stderr)


def tables(result: SpeedResult) -> list[Grid]:
    """The figures as tables."""
    return [
        Grid(
            "Stages of one image (ms; t1: 1 thread, t2: 2 threads)",
            ("stage", *_stage_columns(result.stages)),
            _stage_rows(result.stages),
        ),
        Grid(
            "Whole images a second, the library",
            ("readers side by side", "threads each", "images/s"),
            tuple((str(one.readers), str(one.threads), figure(one.images_per_s, 2)) for one in result.throughput),
        ),
        Grid("Over HTTP, beside the library", ("what", "images/s", "% of the library"), _http_rows(result.http)),
        Grid("Start-up and memory", ("what", "seconds", "peak MiB"), _start_rows(result)),
    ]


def describe(plan: Plan, seed: int, *, samples: bool) -> list[str]:
    """Notes for readers of the tables, beside the circumstances."""
    source = "all of `samples/`" if samples else f"chosen by chance with seed {seed} from the labelled photos"
    photos = f"{len(plan.photos)} photos, {source}, each read {plan.repeat} times"
    return [f"{photos}; detector {plan.detector}, recognizer {plan.recognizer}"]


def _warm_reader(plan: Plan, threads: int) -> PlateReader:
    reader = PlateReader(plan.detector, plan.recognizer, threads=threads)
    reader.warm_up()
    return reader


def _stage_columns(stages: Sequence[StageSpeed]) -> tuple[str, ...]:
    return tuple(f"{what} t{one.threads}" for one in stages for what in ("median", "p95"))


def _stage_rows(stages: Sequence[StageSpeed]) -> tuple[tuple[str, ...], ...]:
    names = stages[0].stages
    rows = [(name, [one.stages[name] for one in stages]) for name in names]
    rows.append(("all", [one.total for one in stages]))
    return tuple(
        (name, *(figure(value) for one in spreads for value in (one.median_ms, one.p95_ms))) for name, spreads in rows
    )


def _http_rows(http: HttpSpeed) -> tuple[tuple[str, ...], ...]:
    shape = f"{http.library_before.readers} reader(s), {http.library_before.threads} thread(s)"
    library = (f"library, {shape}", figure(http.library_per_s, 2), percent(1.0))
    asked = (
        (f"`POST {path}`, {http.clients} clients", figure(one.images_per_s, 2), percent(http.ratio(path)))
        for path, one in http.over_http.items()
    )
    return (library, *asked)


def _start_rows(result: SpeedResult) -> tuple[tuple[str, ...], ...]:
    seconds = statistics.median(start.first_line_s for start in result.starts)
    memory_mib = max(start.peak_mib for start in result.starts)
    return (
        (
            f"`platewatch read`, first reading, median of {len(result.starts)}",
            figure(seconds, 2),
            figure(memory_mib, 0),
        ),
        ("`platewatch serve`, until ready", figure(result.http.ready_s, 2), figure(result.http.server_peak_mib, 0)),
    )


if __name__ == "__main__":
    typer.run(speed)
