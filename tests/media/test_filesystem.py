from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from platewatch.clock import Clock
from platewatch.errors import StorageError
from platewatch.media.filesystem import FilesystemMediaStore
from platewatch.media.store import key_of, reclaim, staged
from tests.media.stores import Rows

PHOTO = b"\xff\xd8 a photo"
KEY = key_of(PHOTO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def store(folder: Path) -> Iterator[FilesystemMediaStore]:
    store = FilesystemMediaStore(folder, Clock())
    yield store
    store.close()


def images(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))


def keep(store: FilesystemMediaStore, data: bytes = PHOTO) -> str:
    with staged(store, Rows()) as staging:
        return staging.put(data)


def test_a_store_that_is_only_looked_at_makes_nothing(store: FilesystemMediaStore, folder: Path) -> None:
    assert store.pending() == []
    assert not store.exists(KEY)
    assert not folder.exists()


def test_images_lie_in_folders_by_their_first_letters(store: FilesystemMediaStore, folder: Path) -> None:
    keep(store)
    keep(store)
    assert images(folder) == [f"{KEY[:2]}/{KEY[2:4]}/{KEY}.jpg"]


@pytest.mark.parametrize("damage", [b"", PHOTO[:-1], PHOTO + b"!", b"\xff\xd8 A photo"])
def test_a_damaged_image_is_never_given_out(store: FilesystemMediaStore, folder: Path, damage: bytes) -> None:
    keep(store)
    (folder / images(folder)[0]).write_bytes(damage)
    with pytest.raises(StorageError, match="damaged"):
        store.get(KEY)


def test_an_image_that_was_cut_short_is_healed_by_putting_it_again(store: FilesystemMediaStore, folder: Path) -> None:
    keep(store)
    (folder / images(folder)[0]).write_bytes(PHOTO[:3])
    keep(store)
    assert store.get(KEY) == PHOTO


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "The disk is full: free some space"),
        (errno.EDQUOT, "The disk is full: free some space"),
        (errno.EIO, "Input/output error"),
        (errno.EROFS, "Read-only file system"),
    ],
    ids=["no space", "quota", "broken disk", "read-only"],
)
def test_a_disk_that_can_not_keep_the_image_says_so_and_leaves_nothing(
    store: FilesystemMediaStore, folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    real_fsync = os.fsync

    def fail_for_files(fd: int) -> None:
        if Path(f"/proc/self/fd/{fd}").readlink().suffix == ".part":
            raise OSError(code, os.strerror(code))
        real_fsync(fd)

    monkeypatch.setattr(os, "fsync", fail_for_files)
    with pytest.raises(StorageError, match=message) as caught, staged(store, Rows()) as staging:
        staging.put(PHOTO)
    assert str(folder) in str(caught.value)
    assert images(folder) == []
    assert store.pending() == []
    assert list((folder / ".incoming").iterdir()) == []


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    store = FilesystemMediaStore(tmp_path / "media", Clock())
    with pytest.raises(StorageError, match="media"), staged(store, Rows()) as staging:
        staging.put(PHOTO)


def test_reclaim_removes_half_written_files_of_dead_processes_only(folder: Path) -> None:
    dead, living = FilesystemMediaStore(folder, Clock()), FilesystemMediaStore(folder, Clock())
    incoming = folder / ".incoming"
    incoming.mkdir(parents=True)
    (incoming / f"{dead.new_holder()}.0000.part").write_bytes(b"half")
    (incoming / f"{living.new_holder()}.0000.part").write_bytes(b"half")
    dead.close()
    reclaim(living, Rows())
    assert len(list(incoming.iterdir())) == 1
    living.close()


def test_reclaim_passes_over_files_that_are_not_marks(store: FilesystemMediaStore, folder: Path) -> None:
    keep(store)
    (folder / ".pending" / "README").write_text("not a mark")
    (folder / ".pending" / "..hidden").write_text("not a mark")
    assert reclaim(store, Rows()) == 0
    assert store.exists(KEY)


def test_a_link_out_of_the_folder_is_not_reached_by_any_key(store: FilesystemMediaStore, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    for text in ("../secret", "../../../secret", str(tmp_path / "secret")):
        assert not store.exists(text)
        store.delete(text)
    assert (tmp_path / "secret.jpg").exists()


def test_a_limit_on_the_size_of_files_shows_when_it_is_tried(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from platewatch.clock import Clock\n"
        "from platewatch.media.filesystem import FilesystemMediaStore; from platewatch.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "store = FilesystemMediaStore(Path(sys.argv[1]), Clock())\n"
        "try:\n    store.try_to_keep()\nexcept StorageError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "The disk is full" in ran.stdout
