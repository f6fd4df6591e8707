from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from platewatch.datasets.placing import Placing, free_name, place
from platewatch.errors import StorageError

WAYS = list(Placing)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "raw" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(b"a photo")
    return path


@pytest.mark.parametrize("way", WAYS)
def test_the_file_is_there_afterwards_and_moved_only_if_asked(source: Path, tmp_path: Path, way: Placing) -> None:
    target = tmp_path / "deep" / "cleaned" / "a.jpg"
    place(source, target, way)
    assert target.read_bytes() == b"a photo"
    assert source.exists() == (way is not Placing.MOVE)
    assert [path.name for path in target.parent.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("way", WAYS)
def test_done_twice_is_done_once(source: Path, tmp_path: Path, way: Placing) -> None:
    target = tmp_path / "cleaned" / "a.jpg"
    place(source, target, way)
    place(source, target, way)
    assert target.read_bytes() == b"a photo"


@pytest.mark.parametrize("way", WAYS)
def test_another_file_there_stays_and_is_an_error(source: Path, tmp_path: Path, way: Placing) -> None:
    (tmp_path / "b.jpg").write_bytes(b"another")
    with pytest.raises(StorageError, match="another file is there already"):
        place(source, tmp_path / "b.jpg", way)
    assert (tmp_path / "b.jpg").read_bytes() == b"another"
    assert source.read_bytes() == b"a photo"


@pytest.mark.parametrize("way", WAYS)
def test_without_hard_links_it_works_too(
    source: Path, tmp_path: Path, way: Placing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "cleaned" / "a.jpg"
    place(source, target, way)
    assert target.read_bytes() == b"a photo"
    assert target.is_symlink() == (way is Placing.LINK)
    assert source.exists() == (way is not Placing.MOVE)


def test_a_copy_keeps_the_time_of_the_photo(source: Path, tmp_path: Path) -> None:
    os.utime(source, (1_000_000, 1_000_000))
    place(source, tmp_path / "copy.jpg", Placing.COPY)
    assert (tmp_path / "copy.jpg").stat().st_mtime == 1_000_000


def test_a_full_disk_leaves_the_source_and_no_half_copy(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_source: Path, part: Path) -> None:
        part.write_bytes(b"a ph")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(StorageError, match=r"full\. Free some space and run the same command again"):
        place(source, tmp_path / "copies" / "a.jpg", Placing.COPY)
    assert list((tmp_path / "copies").iterdir()) == []
    assert source.read_bytes() == b"a photo"


def test_a_source_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the file is gone"):
        place(tmp_path / "nothing.jpg", tmp_path / "b.jpg", Placing.MOVE)


def test_names_that_others_have_get_a_number(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cleaned"
    assert free_name(folder, "x/a.jpg", source) == "x/a.jpg"
    (folder / "x").mkdir(parents=True)
    (folder / "x/a.jpg").write_bytes(b"another")
    (folder / "x/a-2.jpg").symlink_to("nowhere")
    assert free_name(folder, "x/a.jpg", source) == "x/a-3.jpg"
    (folder / "x/a-3.jpg").write_bytes(source.read_bytes())
    assert free_name(folder, "x/a.jpg", source) == "x/a-3.jpg"
