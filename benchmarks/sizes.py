"""How long photos of two usual sizes take, beside another reader in the same run: `python -m benchmarks.sizes`."""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.library import measure_stages, measure_throughput
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.speed import choose_photos, tell
from platewatch.errors import PlatewatchError
from platewatch.vision.image import encode_jpeg, open_image
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.registry import OWN

NAME: Final = "sizes"
SIZES: Final = ((1280, 720), (1920, 1080))
_USAGE: Final = 2
_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Milliseconds a photo: the median with one and with two threads, and the mean of two readers of one thread."""

    size: tuple[int, int]
    reader: str
    one_thread: float
    two_threads: float
    side_by_side: float

    @property
    def figures(self) -> tuple[float, float, float]:
        """All three."""
        return self.one_thread, self.two_threads, self.side_by_side


def sizes(  # noqa: PLR0913 (each parameter is an option of the command)
    *,
    datasets: Annotated[Path | None, typer.Option(help="Folder with evaluation/ and train/; else samples/.")] = None,
    images: Annotated[int, typer.Option(min=1, help="How many photos to take from the folder.")] = 40,
    repeat: Annotated[int, typer.Option(min=1, help="How often each photo is read.")] = 2,
    beside: Annotated[str, typer.Option(help="The detector and recognizer to compare with; none if empty.")] = (
        "rapidocr"
    ),
    seed: Annotated[int, typer.Option(help="Which photos are taken.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Measure the time from the bytes of a JPEG to its plates."""
    try:
        names = (OWN, beside) if beside else (OWN,)
        how = circumstances("benchmarks.sizes", Used(names, OWN))
        photos = choose_photos(datasets, images, seed)
        paces = [pace for size in SIZES for pace in measure(photos, size, names, repeat)]
        grids = [table(paces)]
        notes = [f"{len(photos)} photos scaled to as many pixels as the size has, JPEG, each read {repeat} times"]
        publish(Measured(NAME, how, notes, grids, paces), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def measure(photos: Sequence[Path], size: tuple[int, int], names: Sequence[str], repeat: int) -> list[Pace]:
    """The pace of each reader on these photos at that size; what is under way is told on standard error."""
    with tempfile.TemporaryDirectory() as folder:
        files = [write_scaled(photo, size, Path(folder) / f"{number}.jpg") for number, photo in enumerate(photos)]
        return [_pace(files, size, name, repeat) for name in names]


def write_scaled(photo: Path, size: tuple[int, int], target: Path) -> Path:
    """The photo in its own shape with as many pixels as that width and height have, written as JPEG to `target`."""
    image_bgr = open_image(photo.read_bytes()).decode()
    scale = math.sqrt(size[0] * size[1] / (image_bgr.shape[0] * image_bgr.shape[1]))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=way)
    target.write_bytes(encode_jpeg(np.asarray(scaled, np.uint8)))
    return target


def table(paces: Sequence[Pace]) -> Grid:
    """Each pace; behind the project's own, how many times as long the other one took."""
    own = {pace.size: pace for pace in paces if pace.reader == OWN}
    rows = []
    for pace in paces:
        times = [other / ours for other, ours in zip(pace.figures, own[pace.size].figures, strict=True)]
        cells = (f"{figure(ms)} ({figure(ratio)} x)" for ms, ratio in zip(pace.figures, times, strict=True))
        rows.append((f"{pace.size[0]} x {pace.size[1]}", pace.reader, *cells))
    columns = ("photos", "reader", "1 thread", "2 threads", "2 readers of 1 thread")
    return Grid("From the bytes of a JPEG to its plates (ms a photo, and how many times ours)", columns, tuple(rows))


def _pace(files: Sequence[Path], size: tuple[int, int], name: str, repeat: int) -> Pace:
    tell(f"{name} at {size[0]} x {size[1]}")
    one, two, other = (_warm_reader(name, threads) for threads in (1, 2, 1))
    medians = [
        measure_stages(reader, files, repeat, threads).total.median_ms for reader, threads in ((one, 1), (two, 2))
    ]
    together = [measure_throughput([one, other], files, 1, 1).images_per_s for _ in range(repeat)]
    return Pace(size, name, medians[0], medians[1], _MS / statistics.median(together))


def _warm_reader(name: str, threads: int) -> PlateReader:
    reader = PlateReader(name, name, threads=threads)
    reader.warm_up()
    return reader


if __name__ == "__main__":
    typer.run(sizes)
