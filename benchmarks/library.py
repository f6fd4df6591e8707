"""The speed of the library: each stage, and whole images a second."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

from platewatch.vision.image import open_image
from platewatch.vision.pipeline import PlateReader, StageTimes


@dataclass(frozen=True, slots=True)
class Spread:
    """Times of one thing, in milliseconds."""

    mean_ms: float
    median_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class StageSpeed:
    """The durations of the stages with `threads` processor threads, by the stage's name, and of all together."""

    threads: int
    stages: dict[str, Spread]
    total: Spread


@dataclass(frozen=True, slots=True)
class Throughput:
    """Whole images a second of `readers` side by side, each with `threads` processor threads."""

    readers: int
    threads: int
    images: int
    seconds: float

    @property
    def images_per_s(self) -> float:
        """The rate."""
        return self.images / self.seconds


def spread(times_ms: Sequence[float]) -> Spread:
    """Mean, median and 95th percentile (the nearest of the times themselves) of at least one time."""
    ordered = sorted(times_ms)
    nearest = -(-95 * len(ordered) // 100) - 1
    return Spread(statistics.mean(ordered), statistics.median(ordered), ordered[nearest])


def stage_speed(threads: int, times: Iterable[StageTimes]) -> StageSpeed:
    """The spread of each stage over at least one image."""
    every = list(times)
    stages = {
        field.name.removesuffix("_ms"): spread([getattr(one, field.name) for one in every])
        for field in fields(StageTimes)
    }
    return StageSpeed(threads, stages, spread([one.total_ms for one in every]))


def measure_stages(reader: PlateReader, photos: Sequence[Path], repeat: int, threads: int) -> StageSpeed:
    """Each photo read `repeat` times by a reader that is warm; raises ImageError and OSError."""
    # Opened again each time: an opened image keeps its pixels.
    times = [reader.read_timed(open_image(photo.read_bytes()))[1] for _ in range(repeat) for photo in photos]
    return stage_speed(threads, times)


def measure_throughput(readers: Sequence[PlateReader], photos: Sequence[Path], repeat: int, threads: int) -> Throughput:
    """All photos `repeat` times, dealt out to warm readers that work side by side."""
    jobs = iter([photo.read_bytes() for photo in photos] * repeat)
    seconds, images = timed_from_common_line(jobs, [reader.read_bytes for reader in readers])
    return Throughput(len(readers), threads, images, seconds)


def timed_from_common_line(jobs: Iterable[bytes], workers: Sequence[Callable[[bytes], object]]) -> tuple[float, int]:
    """Seconds until all jobs are done, and how many they were; each worker takes the next one as soon as it can.

    Whatever a worker raises comes out here.
    """
    line = list(jobs)
    line.reverse()

    def work(do: Callable[[bytes], object]) -> int:
        done = 0
        while True:
            try:
                job = line.pop()
            except IndexError:
                return done
            do(job)
            done += 1

    start = time.perf_counter()
    with ThreadPoolExecutor(len(workers)) as pool:
        counts = list(pool.map(work, workers))
    return time.perf_counter() - start, sum(counts)
