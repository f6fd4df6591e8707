"""What every media store must do, on the file system and on the three databases."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from platewatch.errors import NotFoundError, StorageError
from platewatch.media.database import DatabaseMediaStore
from platewatch.media.store import MediaStore, Staging, is_key, key_of, reclaim, remove_unreferenced, staged
from tests.media.stores import Rows

PHOTO = b"\xff\xd8 a photo \x00\xff"
OTHER = b"\xff\xd8 another photo"
ABSENT = key_of(b"never put")
NOT_KEYS = {
    "empty": "",
    "too short": "ab" * 31,
    "too long": "ab" * 33,
    "upper case": "AB" * 32,
    "not hex": "xy" * 32,
    "traversal": "../" * 21 + "a",
    "other digits": "٣" * 64,
    "new line": "ab" * 31 + "a\n",
}

OpenStore = Callable[[], MediaStore]


def test_trying_to_keep_an_image_leaves_nothing(store: MediaStore) -> None:
    store.try_to_keep()
    store.try_to_keep()
    assert store.pending() == []


@pytest.mark.parametrize(
    "data",
    [PHOTO, b"", b"\x00" * 1000, random.Random(1).randbytes(3_000_000)],
    ids=["small", "empty", "zeros", "3 MB"],
)
def test_an_image_comes_back_under_its_hash(store: MediaStore, data: bytes) -> None:
    with staged(store, Rows()) as staging:
        key = staging.put(data)
    assert key == hashlib.sha256(data).hexdigest()
    assert store.get(key) == data
    assert store.exists(key)
    assert store.pending() == []


def test_an_image_that_was_never_put_is_not_found(store: MediaStore) -> None:
    assert not store.exists(ABSENT)
    with pytest.raises(NotFoundError, match="no stored image"):
        store.get(ABSENT)
    store.delete(ABSENT)


@pytest.mark.parametrize("text", NOT_KEYS.values(), ids=NOT_KEYS.keys())
def test_what_is_no_key_names_nothing(store: MediaStore, text: str) -> None:
    assert not is_key(text)
    assert not store.exists(text)
    with pytest.raises(NotFoundError):
        store.get(text)
    store.delete(text)


def test_a_deleted_image_is_gone(store: MediaStore) -> None:
    with staged(store, Rows()) as staging:
        key = staging.put(PHOTO)
    store.delete(key)
    assert not store.exists(key)


def test_a_block_that_raises_leaves_neither_image_nor_mark(store: MediaStore) -> None:
    with pytest.raises(ZeroDivisionError), staged(store, Rows()) as staging:
        keys = [staging.put(PHOTO), staging.put(OTHER), staging.put(PHOTO)]
        assert all(store.exists(key) for key in keys)
        assert {mark.key for mark in store.pending()} == set(keys)
        raise ZeroDivisionError
    assert not any(store.exists(key) for key in keys)
    assert store.pending() == []


def test_a_block_that_raises_after_its_commit_keeps_the_image(store: MediaStore) -> None:
    rows = Rows()
    with pytest.raises(ZeroDivisionError), staged(store, rows) as staging:
        key = staging.put(PHOTO)
        rows.keys.add(key)
        raise ZeroDivisionError
    assert store.get(key) == PHOTO
    assert store.pending() == []


def test_a_block_that_raises_keeps_what_an_older_row_names(store: MediaStore) -> None:
    with staged(store, Rows()) as staging:
        key = staging.put(PHOTO)
    with pytest.raises(ZeroDivisionError), staged(store, Rows(key)) as staging:
        staging.put(PHOTO)
        raise ZeroDivisionError
    assert store.get(key) == PHOTO


def test_a_block_that_raises_keeps_what_another_staging_holds(open_store: OpenStore) -> None:
    first, second = open_store(), open_store()
    with staged(second, Rows()) as other:
        with pytest.raises(ZeroDivisionError), staged(first, Rows()) as staging:
            key = staging.put(PHOTO)
            assert other.put(PHOTO) == key
            raise ZeroDivisionError
        assert [mark.key for mark in first.pending()] == [key]
        assert second.exists(key)
    assert second.get(key) == PHOTO
    assert second.pending() == []


def test_a_failing_look_at_the_rows_deletes_nothing_and_hides_no_error(open_store: OpenStore) -> None:
    store = open_store()

    def unreachable(keys: Sequence[str]) -> set[str]:
        raise RuntimeError("no database")

    with capture_logs() as logs, pytest.raises(ZeroDivisionError), staged(store, unreachable) as staging:
        key = staging.put(PHOTO)
        raise ZeroDivisionError
    assert [entry["event"] for entry in logs] == ["media.discard_failed"]
    assert store.exists(key)
    store.close()
    assert reclaim(open_store(), Rows()) == 1
    assert not store.exists(key)


def test_a_failing_confirm_is_logged_and_made_good_later(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()

    def fail(keys: object, holder: str) -> None:
        raise StorageError("no room")

    with capture_logs() as logs, staged(store, Rows()) as staging:
        key = staging.put(PHOTO)
        monkeypatch.setattr(store, "confirm", fail)
    assert [entry["event"] for entry in logs] == ["media.confirm_failed"]
    store.close()
    later = open_store()
    assert reclaim(later, Rows(key)) == 1
    assert later.get(key) == PHOTO
    assert later.pending() == []


def test_images_without_rows_are_removed_and_the_others_stay(store: MediaStore) -> None:
    with staged(store, Rows()) as staging:
        kept, gone = staging.put(PHOTO), staging.put(OTHER)
    remove_unreferenced(store, [kept, gone], Rows(kept))
    assert store.exists(kept)
    assert not store.exists(gone)
    remove_unreferenced(store, [], Rows())


def test_an_image_that_is_being_put_again_is_not_removed(store: MediaStore) -> None:
    with staged(store, Rows()) as staging:
        key = staging.put(PHOTO)
        remove_unreferenced(store, [key], Rows())
    assert store.exists(key)


def test_reclaim_leaves_living_processes_alone(open_store: OpenStore) -> None:
    first, second = open_store(), open_store()
    with staged(first, Rows()) as staging:
        key = staging.put(PHOTO)
        assert reclaim(second, Rows()) == 0
        assert reclaim(first, Rows()) == 0
        assert second.exists(key)
    assert first.pending() == []


def test_reclaim_leaves_an_image_that_a_living_process_holds_too(open_store: OpenStore) -> None:
    dead, living = open_store(), open_store()
    dead.put(PHOTO, dead.new_holder())
    dead.close()
    with staged(living, Rows()) as staging:
        key = staging.put(PHOTO)
        assert reclaim(living, Rows()) == 1
        assert living.exists(key)
    assert living.get(key) == PHOTO


def test_reclaim_settles_an_image_that_two_dead_processes_held(open_store: OpenStore) -> None:
    for dead in (open_store(), open_store()):
        key = dead.put(PHOTO, dead.new_holder())
        dead.close()
    store = open_store()
    with capture_logs() as logs:
        assert reclaim(store, Rows()) == 2
    assert [(entry["event"], entry["marks"]) for entry in logs] == [("media.reclaimed", 2)]
    assert not store.exists(key)
    assert reclaim(store, Rows()) == 0


PUT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from platewatch.db.engine import Database
from tests.media.stores import database_store, filesystem_store
folder, url = Path(sys.argv[1]), sys.argv[2]
store = database_store(Database(url), folder) if url else filesystem_store(folder)
print(store.put(b"\\xff\\xd8 a photo \\x00\\xff", store.new_holder()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("referenced", [False, True], ids=["before the commit", "after the commit"])
def test_a_process_killed_before_confirm_leaves_nothing_dangling(
    open_store: OpenStore, tmp_path: Path, *, referenced: bool
) -> None:
    store = open_store()
    url = store._engine.url.render_as_string(hide_password=False) if isinstance(store, DatabaseMediaStore) else ""
    command = [sys.executable, "-c", PUT_AND_DIE, str(tmp_path), url]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    dead = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    key = dead.stdout.strip()
    assert store.get(key) == PHOTO
    assert [mark.abandoned for mark in store.pending()] == [True]
    assert reclaim(store, Rows(key) if referenced else Rows()) == 1
    assert store.exists(key) is referenced
    assert store.pending() == []


def test_nobody_can_put_an_image_in_the_middle_of_its_deletion(open_store: OpenStore) -> None:
    with staged(open_store(), Rows()) as staging:
        key = staging.put(PHOTO)
    other = open_store()
    putting = threading.Thread(target=other.put, args=(PHOTO, other.new_holder()))

    def put_meanwhile(keys: Sequence[str]) -> set[str]:
        putting.start()
        # It must wait for the deletion, so this gives it every chance to be wrong.
        putting.join(0.3)
        return set()

    remove_unreferenced(open_store(), [key], put_meanwhile)
    putting.join()
    assert other.get(key) == PHOTO


class CountedRows:
    """Rows of several threads, of which more than one may name the same image."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, key: str) -> None:
        with self._mutex:
            self._counts[key] += 1

    def remove(self, key: str) -> None:
        with self._mutex:
            self._counts[key] -= 1

    def __call__(self, keys: Sequence[str]) -> set[str]:
        with self._mutex:
            return {key for key in keys if self._counts[key] > 0}


def test_many_threads_that_put_and_fail_with_one_content_never_lose_a_kept_image(open_store: OpenStore) -> None:
    """Whoever commits a row must find its image, however many others discard the same content meanwhile."""
    rows = CountedRows()
    errors: list[BaseException] = []
    photos = [PHOTO, OTHER]

    def work(seed: int) -> None:
        dice = random.Random(seed)
        store = open_store()
        try:
            for _ in range(12):
                one_round(store, dice)
        except BaseException as error:  # noqa: BLE001  # told in the test's own thread
            errors.append(error)

    def one_round(store: MediaStore, dice: random.Random) -> None:
        try:
            with staged(store, rows) as staging:
                key = staging.put(dice.choice(photos))
                if dice.random() < 0.6:
                    raise ZeroDivisionError
                rows.add(key)
        except ZeroDivisionError:
            return
        assert store.exists(key)
        rows.remove(key)
        remove_unreferenced(store, [key], rows)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    store = open_store()
    assert store.pending() == []
    assert not any(store.exists(key_of(photo)) for photo in photos)


@pytest.mark.parametrize("is_named", [True, False], ids=["a row still names it", "no row names it"])
def test_an_image_that_is_held_goes_only_if_no_row_names_it(store: MediaStore, is_named: bool) -> None:
    rows = Rows()
    with staged(store, rows) as staging:
        key = staging.put(PHOTO)
    if is_named:
        rows.keys.add(key)
    holding = Staging(store)
    holding.hold([key, ABSENT])
    assert [mark.key for mark in store.pending()] == [key]
    holding.discard(rows)
    assert store.exists(key) is is_named
    assert store.pending() == []


def test_an_image_whose_rows_went_with_the_process_is_reclaimed(store: MediaStore) -> None:
    with staged(store, Rows()) as staging:
        key = staging.put(PHOTO)
    Staging(store).hold([key])
    store.close()
    reclaim(store, Rows())
    assert not store.exists(key)
