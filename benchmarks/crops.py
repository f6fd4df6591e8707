"""The time of recognizers for a crop: `python -m benchmarks.crops --datasets FOLDER`."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.datasets import cut_by_labels, load_sets, names_in
from benchmarks.errors import DatasetError
from benchmarks.reading import crop_of
from benchmarks.report import Grid, Measured, figure, publish
from platewatch.errors import PlatewatchError
from platewatch.vision.image import open_image
from platewatch.vision.inference.registry import BackendOptions, Recognizer, make_recognizer
from platewatch.vision.types import Crop

NAME: Final = "crops"
_USAGE: Final = 2
_THREADS: Final = (1, 2)
_BATCHES: Final = (1, 8)
_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class CropSpeed:
    """The middle time of a crop in milliseconds, `batch` crops at a time on `threads` processor threads."""

    recognizer: str
    threads: int
    batch: int
    median_ms: float


def crops(  # noqa: PLR0913 (each parameter is an option of the command)
    *,
    datasets: Annotated[Path, typer.Option(help="Folder with evaluation/ and train/.")],
    recognizer: Annotated[str, typer.Option(help="Names, separated by commas.")] = "platewatch,rapidocr",
    recognizer_model: Annotated[Path | None, typer.Option(help="Model folder for the recognizer `platewatch`.")] = None,
    count: Annotated[int, typer.Option(min=8, help="So many crops of all sets together.")] = 64,
    seed: Annotated[int, typer.Option(help="Which crops.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Measure each recognizer at one and two threads, one crop and eight at a time; rounds of all take turns."""
    try:
        names = names_in(recognizer)
        how = circumstances("benchmarks.crops", Used(names, recognizer_folder=recognizer_model))
        chosen = choose_crops(datasets, count, seed)
        rows = measure(names, chosen, recognizer_model)
        grids = [table(names, rows)]
        notes = [f"{len(chosen)} crops of all sets, seed {seed}; decoding is not counted"]
        publish(Measured(NAME, how, notes, grids, rows), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def choose_crops(root: Path, count: int, seed: int) -> list[Crop]:
    """`count` labelled plates of all sets, cut by their labels; where there are fewer, some are repeated.

    Raises:
        DatasetError: There is none.
    """
    photos = [photo for one in load_sets(root) for photo in cut_by_labels(one).photos]
    if not photos:
        raise DatasetError(f"No plate in {str(root)!r} has a text. Name another folder with --datasets.")
    shuffled = Random(seed).sample(photos, len(photos))  # noqa: S311 (no secret; must repeat)
    chosen = islice(cycle(shuffled), count)
    return [crop_of(open_image(photo.path.read_bytes()), photo.cut_xyxy) for photo in chosen]


def measure(names: Sequence[str], chosen: Sequence[Crop], model: Path | None) -> list[CropSpeed]:
    """The speed of each recognizer, way by way."""
    speeds = []
    for threads in _THREADS:
        options = BackendOptions(threads=threads, recognizer_model=model)
        recognizers = {name: make_recognizer(name, options) for name in names}
        for one in recognizers.values():
            one.warm_up()
        for batch in _BATCHES:
            times_ms: dict[str, list[float]] = {name: [] for name in names}
            for start in range(0, len(chosen) - batch + 1, batch):
                for name, one in recognizers.items():
                    times_ms[name].append(_timed_ms(one, chosen[start : start + batch]))
            speeds += [CropSpeed(name, threads, batch, statistics.median(times)) for name, times in times_ms.items()]
    return speeds


def table(names: Sequence[str], speeds: Sequence[CropSpeed]) -> Grid:
    """A row for each recognizer."""
    columns = [(threads, batch) for threads in _THREADS for batch in _BATCHES]
    found = {(one.recognizer, one.threads, one.batch): one.median_ms for one in speeds}
    return Grid(
        "Recognizers (milliseconds a crop)",
        ("recognizer", *(f"{threads} thread(s), {batch} at a time" for threads, batch in columns)),
        tuple((name, *(figure(found[name, *column]) for column in columns)) for name in names),
    )


def _timed_ms(recognizer: Recognizer, batch: Sequence[Crop]) -> float:
    start = time.perf_counter()
    recognizer.recognize(batch)
    return (time.perf_counter() - start) * _MS / len(batch)


if __name__ == "__main__":
    typer.run(crops)
