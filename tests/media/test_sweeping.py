"""Images that no row names are found and taken away, on every store, and those of uploads in flight are not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from platewatch.media.store import PORTION, MediaStore, staged
from platewatch.media.sweeping import Orphans, count_orphans, sweep
from tests.media.stores import Rows

OpenStore = Callable[[], MediaStore]
SOON = timedelta(minutes=1)


def later() -> datetime:
    """An instant after which every image of the test was put."""
    return datetime.now(UTC) + SOON


def put(store: MediaStore, data: bytes) -> str:
    """The key of an image that is kept, without a mark."""
    holder = store.new_holder()
    key = store.put(data, holder)
    store.confirm([key], holder)
    return key


def test_images_that_no_row_names_go_and_the_others_stay(store: MediaStore) -> None:
    named, stray = put(store, b"named"), put(store, b"stray")
    assert count_orphans(store, Rows(named), later()) == Orphans(2, 1)
    assert sweep(store, Rows(named), later()) == 1
    assert (store.exists(named), store.exists(stray)) == (True, False)
    assert sweep(store, Rows(named), later()) == 0


def test_an_image_of_an_upload_in_flight_stays(store: MediaStore, open_store: OpenStore) -> None:
    other_process = open_store()
    with staged(store, Rows()) as staging:
        key = staging.put(b"in flight")
        assert count_orphans(other_process, Rows(), later()) == Orphans(1, 0)
        assert sweep(other_process, Rows(), later()) == 0
    assert store.exists(key)


def test_a_stray_that_is_just_uploaded_again_stays(store: MediaStore, open_store: OpenStore) -> None:
    put(store, b"again")
    with staged(store, Rows()) as staging:
        key = staging.put(b"again")
        assert sweep(open_store(), Rows(), later()) == 0
    assert store.get(key) == b"again"


def test_images_that_were_put_later_stay(store: MediaStore) -> None:
    key = put(store, b"young")
    assert count_orphans(store, Rows(), datetime.now(UTC) - SOON) == Orphans(0, 0)
    assert sweep(store, Rows(), datetime.now(UTC) - SOON) == 0
    assert store.exists(key)


def test_an_upload_that_comes_in_between_is_not_taken_away(store: MediaStore, open_store: OpenStore) -> None:
    """The row is committed after the sweep looked it up without the lock, and before it takes the image away."""
    key = put(store, b"in between")
    rows = Rows()
    looks = 0

    def is_referenced(keys: Sequence[str]) -> set[str]:
        nonlocal looks
        named, looks = rows(keys), looks + 1
        if looks == 1:
            with staged(open_store(), rows) as staging:
                rows.keys.add(staging.put(b"in between"))
        return named

    assert sweep(store, is_referenced, later()) == 0
    assert store.exists(key)


def test_uploads_and_sweeps_at_once_lose_nothing(store: MediaStore, open_store: OpenStore) -> None:
    rows = Rows()
    is_over = threading.Event()
    failures: list[BaseException] = []

    def go_on_sweeping() -> None:
        try:
            sweeper = open_store()
            while not is_over.is_set():
                sweep(sweeper, rows, later())
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    sweepers = [threading.Thread(target=go_on_sweeping) for _ in range(2)]
    for sweeper in sweepers:
        sweeper.start()
    try:
        for number in range(20):
            with staged(store, rows) as staging:
                key = staging.put(f"photo {number % 5}".encode())
                assert store.exists(key)
                rows.keys.add(key)
            assert store.exists(key)
            if number % 3 == 0:
                rows.keys.discard(key)
    finally:
        is_over.set()
        for sweeper in sweepers:
            sweeper.join()
    assert failures == []
    assert all(store.exists(key) for key in rows.keys)


def test_it_ends_between_two_portions(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platewatch.media.filesystem.PORTION", 2)
    monkeypatch.setattr("platewatch.media.database.PORTION", 2)
    for number in range(6):
        put(store, f"stray {number}".encode())
    turns = iter([True, True, False])
    assert sweep(store, Rows(), later(), lambda: next(turns)) == 4
    assert count_orphans(store, Rows(), later()) == Orphans(2, 2)


def test_all_images_are_looked_at_in_portions(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platewatch.media.filesystem.PORTION", 3)
    monkeypatch.setattr("platewatch.media.database.PORTION", 3)
    keys = {put(store, f"photo {number}".encode()) for number in range(7)}
    portions = list(store.keys_before(later()))
    assert [len(portion) for portion in portions] == [3, 3, 1]
    assert {key for portion in portions for key in portion} == keys
    assert PORTION > 3


@pytest.mark.parametrize(
    ("images", "unnamed", "plausible"),
    [(0, 0, True), (10, 10, True), (11, 11, False), (100, 20, True), (100, 21, False), (100_000, 100_000, False)],
)
def test_so_many_are_not_what_a_crash_leaves(images: int, unnamed: int, plausible: bool) -> None:
    assert Orphans(images, unnamed).are_plausible is plausible


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    from tests.media.stores import filesystem_store  # noqa: PLC0415

    store = filesystem_store(tmp_path)
    stray = put(store, b"stray")
    folder = tmp_path / "media" / "ab" / "cd"
    folder.mkdir(parents=True)
    for name in ("notes.txt", "holiday.jpg", f"{'AB' * 32}.jpg"):
        (folder / name).write_bytes(b"somebody's own")
    assert sweep(store, Rows(), later()) == 1
    assert not store.exists(stray)
    assert len(list(folder.iterdir())) == 3
    store.close()
