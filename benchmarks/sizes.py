"""The time of frames of two usual sizes, beside another reader in the same run: `python -m benchmarks.sizes`."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.datasets import LabeledPhoto, load_sets
from benchmarks.errors import DatasetError
from benchmarks.library import measure_stages, measure_throughput
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.speed import choose_photos, print_step
from platewatch.errors import PlatewatchError
from platewatch.vision.image import encode_jpeg, open_image
from platewatch.vision.inference.registry import OWN
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.types import BoxXyxy, ImageBgr

NAME: Final = "sizes"
SIZES: Final = ((1280, 720), (1920, 1080))
_USAGE: Final = 2
_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Milliseconds a frame: the median with one thread, median and mean with two, the mean of two readers of one."""

    size: tuple[int, int]
    reader: str
    one_thread: float
    two_threads: float
    two_threads_mean: float
    side_by_side: float

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """All four."""
        return self.one_thread, self.two_threads, self.two_threads_mean, self.side_by_side


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
        photos = chosen_photos(datasets, images, seed)
        paces = [pace for size in SIZES for pace in measure(photos, size, names, repeat)]
        grids = [table(paces)]
        notes = [f"{len(photos)} frames cut round all plates of a photo, JPEG, each read {repeat} times"]
        publish(Measured(NAME, how, notes, grids, paces), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def chosen_photos(datasets: Path | None, count: int, seed: int) -> list[LabeledPhoto]:
    """Whole photos by chance whose plates fit into a frame, or all samples where no folder is named.

    Raises:
        DatasetError: There is no such folder.
    """
    if datasets is None:
        return [LabeledPhoto(path, False, ()) for path in choose_photos(None, count, seed)]
    photos = [photo for one in load_sets(datasets) for photo in one.photos if not photo.is_crop]
    Random(seed).shuffle(photos)  # noqa: S311 (no secret; must repeat)
    fitting = (photo for photo in photos if frame_of(photo, SIZES[0]) is not None)
    return [photo for photo, _ in zip(fitting, range(count), strict=False)]


def frame_of(photo: LabeledPhoto, size: tuple[int, int]) -> BoxXyxy | None:
    """The largest part of the photo in that size's shape with all of its plates, or None if none has them all."""
    image = open_image(photo.path.read_bytes())
    scale = min(image.width / size[0], image.height / size[1])
    sides = [plate.box_xyxy for plate in photo.plates if plate.box_xyxy]
    frame: list[tuple[float, float]] = []
    for axis, whole in enumerate((image.width, image.height)):
        low = min((box[axis] for box in sides), default=whole / 2)
        high = max((box[axis + 2] for box in sides), default=whole / 2)
        length = size[axis] * scale
        if high - low > length:
            return None
        start = min(max((low + high - length) / 2, 0.0), whole - length)
        frame.append((start, start + length))
    return frame[0][0], frame[1][0], frame[0][1], frame[1][1]


def measure(photos: Sequence[LabeledPhoto], size: tuple[int, int], names: Sequence[str], repeat: int) -> list[Pace]:
    """The pace of each reader on frames of these photos; the progress goes to standard error."""
    with tempfile.TemporaryDirectory() as folder:
        files = [write_frame(photo, size, Path(folder) / f"{number}.jpg") for number, photo in enumerate(photos)]
        return [_pace(files, size, name, repeat) for name in names]


def write_frame(photo: LabeledPhoto, size: tuple[int, int], target: Path) -> Path:
    """The photo's frame at that size, written as JPEG to `target`.

    Raises:
        DatasetError: No frame has all of its plates.
    """
    frame = frame_of(photo, size)
    if frame is None:
        raise DatasetError(f"No frame of {size[0]} x {size[1]} has all plates of {str(photo.path)!r}. Leave it out.")
    left, top, right, bottom = (round(side) for side in frame)
    part: ImageBgr = open_image(photo.path.read_bytes()).decode()[top:bottom, left:right]
    way = cv2.INTER_AREA if part.shape[1] > size[0] else cv2.INTER_CUBIC
    target.write_bytes(encode_jpeg(np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)))
    return target


def table(paces: Sequence[Pace]) -> Grid:
    """Each pace; behind the project's own, how many times as long the other one took."""
    own = {pace.size: pace for pace in paces if pace.reader == OWN}
    rows = []
    for pace in paces:
        times = [other / ours for other, ours in zip(pace.figures, own[pace.size].figures, strict=True)]
        cells = (f"{figure(ms)} ({figure(ratio)} x)" for ms, ratio in zip(pace.figures, times, strict=True))
        rows.append((f"{pace.size[0]} x {pace.size[1]}", pace.reader, *cells))
    columns = ("frames", "reader", "1 thread", "2 threads", "2 threads, mean", "2 readers of 1 thread, mean")
    return Grid("From the bytes of a JPEG to its plates (ms, and how many times ours)", columns, tuple(rows))


def _pace(files: Sequence[Path], size: tuple[int, int], name: str, repeat: int) -> Pace:
    print_step(f"{name} at {size[0]} x {size[1]}")
    one, two, other = (_warm_reader(name, threads) for threads in (1, 2, 1))
    totals = [measure_stages(reader, files, repeat, threads).total for reader, threads in ((one, 1), (two, 2))]
    together = [measure_throughput([one, other], files, 1, 1).images_per_s for _ in range(repeat)]
    mean = _MS / statistics.median(together)
    return Pace(size, name, totals[0].median_ms, totals[1].median_ms, totals[1].mean_ms, mean)


def _warm_reader(name: str, threads: int) -> PlateReader:
    reader = PlateReader(name, name, threads=threads)
    reader.warm_up()
    return reader


if __name__ == "__main__":
    typer.run(sizes)
