from __future__ import annotations

import csv
import errno
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image

from platewatch.datasets import clean as cleaning
from platewatch.datasets.clean import CSV_NAME, JOURNAL_NAME, JSON_NAME, CleanPlan, Progress, clean
from platewatch.datasets.journal import Verdict
from platewatch.datasets.placing import Placing
from platewatch.datasets.retouching import RETOUCHINGS
from platewatch.errors import FieldError, LabelsError, StorageError
from platewatch.vision.geometry import corners_from_box
from platewatch.vision.types import Detection, ImageBgr, ImageReadings, Reading
from tests.datasets.photos import write_photo

DETECTION = Detection(corners_from_box((0, 0, 10, 10)), 1.0)


class StubReader:
    """Reads a plate from images that `sees` says yes to; notes what it was shown."""

    def __init__(self, sees: Callable[[ImageBgr], bool], name: str = "stub") -> None:
        self.recognizer_name = name
        self.shown = 0
        self._sees = sees

    def read_array(self, image_bgr: ImageBgr) -> ImageReadings:
        self.shown += 1
        height, width = image_bgr.shape[:2]
        reading = Reading("AB12", 0.9, (), None, (), DETECTION, image_bgr)
        return ImageReadings((reading,) if self._sees(image_bgr) else (), width, height, 1.0)


def bright(image_bgr: ImageBgr) -> bool:
    return bool(image_bgr.mean() > 100)


def plan_in(folder: Path, placing: Placing = Placing.MOVE, **changes: Any) -> CleanPlan:
    plan = CleanPlan(folder / "raw", folder / "cleaned", folder / "trash", folder / "report", placing, 0.3)
    return replace(plan, **changes)


def write_raw(folder: Path, count: int = 8) -> None:
    """Photos in two folders, every third too dark, a damaged one and a text file; names are in both folders."""
    for seed in range(count):
        write_photo(
            folder / "raw" / ("x" if seed % 2 else "y") / f"{seed // 2}.png", seed, share=0.05 if seed % 3 == 0 else 1
        )
    (folder / "raw" / "damaged.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (folder / "raw" / "notes.txt").write_text("not a photo")


def contents(folder: Path) -> dict[str, str]:
    """The hash of each file by its path, without journal and report."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "report" not in path.parts
    }


def silent(_progress: Progress) -> None:
    """Tell nobody."""


def run(plan: CleanPlan, *readers: StubReader) -> cleaning.CleanResult:
    return clean(plan, readers or (StubReader(bright),), "stub", silent)


@pytest.mark.parametrize("placing", list(Placing))
@pytest.mark.parametrize("workers", [1, 3])
def test_each_photo_is_in_one_of_the_two_folders(tmp_path: Path, placing: Placing, workers: int) -> None:
    write_raw(tmp_path)
    before = contents(tmp_path / "raw")
    result = run(plan_in(tmp_path, placing, workers=workers))
    cleaned, trash = contents(tmp_path / "cleaned"), contents(tmp_path / "trash")
    assert cleaned
    assert trash.keys() > {"damaged.jpg"}
    assert {**cleaned, **trash} == {name: content for name, content in before.items() if name != "notes.txt"}
    assert cleaned.keys() & trash.keys() == set()
    expected = {"notes.txt": before["notes.txt"]} if placing is Placing.MOVE else before
    assert contents(tmp_path / "raw") == expected
    assert (result.count(Verdict.CLEANED), result.count(Verdict.TRASH)) == (len(cleaned), len(trash))


def test_other_retouchings_and_readers_are_tried_before_it_is_given_up(tmp_path: Path) -> None:
    write_photo(tmp_path / "raw" / "a.png", size=(100, 80))
    first = StubReader(lambda _image: False, "first")
    second = StubReader(lambda image: image.shape[1] > 100, "second")
    (decision,) = run(plan_in(tmp_path), first, second).decisions
    assert first.shown == len(RETOUCHINGS)
    assert [one.recognizer for one in decision.tries] == ["first"] * len(RETOUCHINGS) + ["second"] * 3
    assert [one.retouching for one in decision.tries][-3:] == ["as it is", "contrast", "enlarged"]
    assert (decision.verdict, decision.tries[-1].text) == (Verdict.CLEANED, "AB12")


def test_a_plate_that_is_not_sure_enough_does_not_count(tmp_path: Path) -> None:
    write_photo(tmp_path / "raw" / "a.png")
    (decision,) = run(plan_in(tmp_path, min_confidence=0.95), StubReader(lambda _image: True)).decisions
    assert decision.verdict is Verdict.TRASH
    assert {one.confidence for one in decision.tries} == {0.9}


def test_the_report_names_every_file_and_every_try(tmp_path: Path) -> None:
    write_raw(tmp_path)
    result = run(plan_in(tmp_path))
    rows = list(csv.DictReader((tmp_path / "report" / CSV_NAME).read_text().splitlines()))
    assert len(rows) == sum(len(decision.tries) for decision in result.decisions)
    assert {row["file"] for row in rows} == {decision.name for decision in result.decisions}
    document = json.loads((tmp_path / "report" / JSON_NAME).read_text())
    damaged = next(one for one in document if one["name"] == "damaged.jpg")
    assert damaged["verdict"] == "trash"
    assert "damaged" in damaged["tries"][0]["error"]


def test_files_that_are_there_already_are_never_overwritten(tmp_path: Path) -> None:
    write_raw(tmp_path)
    for folder in ("cleaned", "trash"):
        shutil.copytree(tmp_path / "raw", tmp_path / folder)
        for path in (tmp_path / folder).rglob("*.*"):
            path.write_bytes(b"of the user")
    before = {**contents(tmp_path / "cleaned"), **contents(tmp_path / "trash")}
    photos = set(contents(tmp_path / "raw").values())
    run(plan_in(tmp_path))
    after = [contents(tmp_path / folder) for folder in ("cleaned", "trash")]
    assert all(part[name] == before[name] for part in after for name in before)
    assert photos <= {
        content for folder in ("raw", "cleaned", "trash") for content in contents(tmp_path / folder).values()
    }


def test_a_dry_run_writes_nothing_at_all(tmp_path: Path) -> None:
    write_raw(tmp_path)
    before = contents(tmp_path)
    told: list[Progress] = []
    result = clean(plan_in(tmp_path, dry_run=True), [StubReader(bright)], "stub", told.append)
    assert len(result.decisions) == 9
    assert contents(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw"]
    assert [(one.done, one.total) for one in told] == [(number, 9) for number in range(10)]


def test_a_run_that_is_over_does_nothing_again(tmp_path: Path) -> None:
    write_raw(tmp_path)
    for placing in Placing:
        folder = shutil.copytree(tmp_path / "raw", tmp_path / placing.value / "raw").parent
        run(plan_in(folder, placing))
        after = contents(folder)
        again = StubReader(bright)
        result = run(plan_in(folder, placing), again)
        assert again.shown == 0
        assert contents(folder) == after
        assert len(result.decisions) == 9


def test_photos_that_came_later_are_sorted_by_the_next_run(tmp_path: Path) -> None:
    write_raw(tmp_path)
    run(plan_in(tmp_path))
    write_photo(tmp_path / "raw" / "later.png", 99)
    told: list[Progress] = []
    clean(plan_in(tmp_path), [StubReader(bright)], "stub", told.append)
    assert (told[-1].done, told[-1].total, told[-1].before) == (10, 10, 9)


def killing_at(step: int) -> Callable[..., Any]:
    """Kills this process as soon as it was called so many times."""
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return call


def run_and_be_killed(plan: CleanPlan, step: int) -> bool:
    """Run in a process that is killed before or after its n-th step on the disk; False if it ended before that."""
    # Not forked from here, where OpenCV may have run already: the child would wait for threads that it lacks.
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__])
    process = server.Process(target=_child, args=(plan, step))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _child(plan: CleanPlan, step: int) -> NoReturn:
    kill = killing_at(step)

    def around(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            kill()
            result = real(*arguments, **options)
            kill()
            return result

        return call

    status = 1
    try:
        for name in ("link", "fsync", "unlink", "replace", "mkdir"):
            setattr(os, name, around(getattr(os, name)))
        shutil.copyfile = around(shutil.copyfile)
        run(plan)
        status = 0
    finally:
        os._exit(status)


@pytest.mark.parametrize("placing", list(Placing))
def test_killed_at_any_step_nothing_is_lost_and_the_next_run_finishes(tmp_path: Path, placing: Placing) -> None:
    write_raw(tmp_path, count=2)
    original = tmp_path / "raw"
    photos = {name: content for name, content in contents(original).items() if name != "notes.txt"}
    step, killed = 0, True
    while killed:
        step += 1
        folder = shutil.copytree(original, tmp_path / str(step) / "raw").parent
        killed = run_and_be_killed(plan_in(folder, placing), step)
        held = contents(folder)
        assert set(photos.values()) <= set(held.values()), f"lost at step {step}"
        run(plan_in(folder, placing))
        sorted_now = {**contents(folder / "cleaned"), **contents(folder / "trash")}
        assert sorted_now == photos, f"not finished after step {step}"
        rest = contents(folder / "raw")
        assert rest.keys() - photos.keys() == {"notes.txt"}
        assert (rest.keys() & photos.keys() == set()) == (placing is Placing.MOVE)
    assert step > 10


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own, so small that it gets full."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a disk can't be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("placing", [Placing.MOVE, Placing.COPY])
def test_a_disk_that_gets_full_in_the_middle_stops_it_and_more_space_finishes_it(
    tmp_path: Path, placing: Placing
) -> None:
    rng = np.random.default_rng(1)
    for number in range(12):
        path = write_photo(tmp_path / "raw" / f"{number:02}.bmp", number, size=(120, 100))
        path.write_bytes(path.read_bytes() + rng.bytes(60_000))
    photos = contents(tmp_path / "raw")
    with small_disk(tmp_path / "disk", "512k") as disk:
        plan = plan_in(tmp_path, placing, cleaned=disk / "cleaned", trash=disk / "trash", report=disk / "report")
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(100_000))
        with pytest.raises(StorageError, match=r"full\. Free some space"):
            run(plan)
        held = {**contents(tmp_path / "raw"), **contents(disk)}
        assert photos.items() <= {Path(name).name: content for name, content in held.items()}.items()
        assert not list(disk.rglob(".*"))
        done = len(contents(disk)) - 1
        assert 0 < done < 12
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        run(plan)
        finished = {**contents(disk / "cleaned"), **contents(disk / "trash")}
        assert finished == photos


def test_a_disk_that_is_full_when_the_journal_is_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_raw(tmp_path)
    before = contents(tmp_path / "raw")
    real, calls = os.fsync, 0

    def fill(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fill)
        with pytest.raises(StorageError, match="full"):
            run(plan_in(tmp_path))
    assert set(before.values()) == set(contents(tmp_path).values())
    assert len(run(plan_in(tmp_path)).decisions) == 9


def test_a_photo_that_the_system_can_not_read_stays_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_raw(tmp_path)
    real = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "0.png":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *arguments, **options)

    with monkeypatch.context() as denied:
        denied.setattr(Path, "open", refuse)
        result = run(plan_in(tmp_path))
    left = [decision for decision in result.decisions if decision.verdict is Verdict.LEFT]
    assert [decision.tries[0].error for decision in left] == ["Permission denied."] * 2
    assert all((tmp_path / "raw" / decision.name).exists() for decision in left)
    assert run(plan_in(tmp_path)).count(Verdict.LEFT) == 0


def test_a_name_that_no_report_can_hold_is_reported_before_anything_is_touched(tmp_path: Path) -> None:
    write_raw(tmp_path)
    (tmp_path / "raw" / "damaged.jpg").rename(os.fsdecode(os.fsencode(tmp_path / "raw") + b"/\xff.jpg"))
    with pytest.raises(LabelsError, match="not UTF-8"):
        run(plan_in(tmp_path))
    assert not (tmp_path / "cleaned").exists()


def test_a_journal_of_other_options_is_not_mixed_up(tmp_path: Path) -> None:
    write_raw(tmp_path)
    run(plan_in(tmp_path))
    with pytest.raises(LabelsError, match="placing was"):
        run(plan_in(tmp_path, Placing.COPY))
    assert (tmp_path / "report" / JOURNAL_NAME).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"raw": "nowhere"},
        {"trash": "cleaned"},
        {"cleaned": "raw"},
        {"trash": "raw/trash"},
    ],
    ids=["no such folder", "one folder for both", "into itself", "below itself"],
)
def test_folders_that_make_no_sense_are_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    (tmp_path / "raw").mkdir()
    with pytest.raises((FieldError, LabelsError)):
        plan_in(tmp_path, Placing.MOVE, **{name: tmp_path / folder for name, folder in changes.items()})


@pytest.mark.parametrize("name", RETOUCHINGS)
@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (60, 80)], ids=str)
def test_every_retouching_gives_a_picture_and_leaves_the_given_one(name: str, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    before = image.copy()
    image.flags.writeable = False
    made = RETOUCHINGS[name](image)
    assert made.dtype == np.uint8
    assert made.ndim == 3
    assert np.array_equal(image, before)
    assert (name == "as it is") == np.array_equal(made, image) or shape == (1, 1)


def test_photo_in_a_format_that_is_not_read_stays_and_is_named(tmp_path: Path) -> None:
    write_photo(tmp_path / "raw/a.png", share=1)
    Image.new("RGB", (80, 60)).save(tmp_path / "raw/b.tif")
    (tmp_path / "raw/c.HEIC").write_bytes(b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x00")
    (tmp_path / "raw/._a.png").write_bytes(b"Mac OS X")
    result = clean(plan_in(tmp_path), [StubReader(bright)], "stub", silent)
    left = {
        decision.name: decision.tries[-1].error for decision in result.decisions if decision.verdict is Verdict.LEFT
    }
    assert set(left) == {"b.tif", "c.HEIC"}
    assert all("not read" in error for error in left.values())
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["._a.png", "b.tif", "c.HEIC"]
