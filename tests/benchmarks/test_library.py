from __future__ import annotations

import threading

import pytest

from benchmarks.library import (
    Spread,
    Throughput,
    measure_stages,
    measure_throughput,
    spread,
    stage_speed,
    timed_from_common_line,
)
from platewatch.vision.pipeline import PlateReader, StageTimes
from tests.servers import SAMPLES

PHOTOS = [SAMPLES / "india.jpg", SAMPLES / "malta.jpg"]


@pytest.mark.parametrize(
    ("times_ms", "expected"),
    [
        pytest.param([4.0], Spread(4.0, 4.0, 4.0), id="one"),
        pytest.param([9.0, 1.0, 2.0], Spread(4.0, 2.0, 9.0), id="in any order"),
        pytest.param([float(n) for n in range(1, 101)], Spread(50.5, 50.5, 95.0), id="a hundred"),
        pytest.param([float(n) for n in range(1, 21)], Spread(10.5, 10.5, 19.0), id="one in twenty is above"),
    ],
)
def test_times_are_reported_by_mean_median_and_95th_percentile(times_ms: list[float], expected: Spread) -> None:
    assert spread(times_ms) == expected


def test_each_stage_is_distinguished_and_all_together() -> None:
    times = [StageTimes(1.0, 10.0, 0.5, 5.0, 0.5), StageTimes(3.0, 30.0, 0.5, 5.0, 0.5)]
    speed = stage_speed(2, times)
    assert speed.threads == 2
    assert {name: one.mean_ms for name, one in speed.stages.items()} == {
        "decode": 2.0,
        "detect": 20.0,
        "rectify": 0.5,
        "recognize": 5.0,
        "judge": 0.5,
    }
    assert speed.total == Spread(28.0, 28.0, 39.0)


def test_the_rate_is_images_over_seconds() -> None:
    assert Throughput(readers=1, threads=1, images=10, seconds=4.0).images_per_s == 2.5


@pytest.mark.parametrize(
    ("jobs", "workers"),
    [
        pytest.param([], 1, id="empty"),
        pytest.param([b"a", b"b", b"c"], 1, id="one worker"),
        pytest.param([bytes([number]) for number in range(50)], 3, id="several workers"),
    ],
)
def test_every_job_is_done_once(jobs: list[bytes], workers: int) -> None:
    done: list[bytes] = []
    seconds, count = timed_from_common_line(jobs, [done.append] * workers)
    assert sorted(done) == jobs
    assert count == len(jobs)
    assert seconds > 0


def test_workers_work_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=20)

    def work(_: bytes) -> None:
        together.wait()

    assert timed_from_common_line([b"a", b"b"], [work, work])[1] == 2


def test_what_a_worker_raises_comes_out() -> None:
    def fail(_: bytes) -> None:
        raise ValueError("no image")

    with pytest.raises(ValueError, match="no image"):
        timed_from_common_line([b"a"], [fail])


def test_the_stages_of_real_photos_take_time_each_time(reader: PlateReader) -> None:
    speed = measure_stages(reader, PHOTOS, repeat=3, threads=2)
    # Most decoding would vanish if an opened image were read again.
    assert speed.stages["decode"].median_ms > 0.1
    assert speed.stages["detect"].median_ms > speed.stages["rectify"].median_ms
    assert speed.total.p95_ms >= speed.total.median_ms


def test_the_throughput_counts_every_photo_of_every_repetition(reader: PlateReader) -> None:
    done = measure_throughput([reader, reader], PHOTOS, repeat=2, threads=2)
    assert (done.readers, done.threads, done.images) == (2, 2, 4)
    assert 0 < done.images_per_s < 1000
