"""Folders and archives as sources: what is there is read, and nothing from elsewhere."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platewatch.errors import FieldError, ForbiddenError, ImageTooLargeError
from platewatch.imports.sources import (
    ArchiveLimits,
    ArchiveSource,
    FolderSource,
    UnreadableFileError,
    allowed_folder,
    check_archive,
)
from platewatch.zones import zone_of
from tests.imports.archives import archive, encrypted, lying_about_its_size, with_link

LIMITS = ArchiveLimits(max_files=10, max_bytes=50_000_000)
BERLIN = zone_of("Europe/Berlin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    (root / "b" / "c").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for name in ("z.jpg", "b/a.jpg", "b/c/d.jpg", ".hidden/e.jpg", "b/.f.jpg"):
        (root / name).write_bytes(name.encode())
    return root


def test_a_folder_has_all_files_below_it_but_hidden_ones(folder: Path) -> None:
    assert list(FolderSource(folder).paths()) == ["z.jpg", "b/a.jpg", "b/c/d.jpg"]


def test_a_file_of_a_folder_comes_with_its_time(folder: Path) -> None:
    os.utime(folder / "b/a.jpg", (1_000_000_000, 1_000_000_000))
    found = FolderSource(folder).read("b/a.jpg", 100, BERLIN)
    assert (found.data, found.changed_at) == (b"b/a.jpg", datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC))


def test_links_out_of_a_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link.jpg").symlink_to(tmp_path / "secret")
    (folder / "inside.jpg").symlink_to(folder / "z.jpg")
    (folder / "way").symlink_to(tmp_path)
    source = FolderSource(folder)
    assert "way/secret" not in list(source.paths())
    for path in ("link.jpg", "way/secret", "../secret", "inside.jpg"):
        with pytest.raises(UnreadableFileError):
            source.read(path, 100, BERLIN)


def test_a_named_pipe_does_not_keep_the_import_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    with pytest.raises(UnreadableFileError, match="no plain file"):
        FolderSource(folder).read("pipe.jpg", 100, BERLIN)


def test_a_file_that_is_gone_is_reported(folder: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        FolderSource(folder).read("gone.jpg", 100, BERLIN)


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_file_beyond_the_limit_is_refused(folder: Path, tmp_path: Path, kind: str) -> None:
    source = (
        FolderSource(folder)
        if kind == "folder"
        else ArchiveSource.open(archive(tmp_path / "a.zip", {"z.jpg": b"12345"}))
    )
    assert source.read("z.jpg", 5, BERLIN).data in (b"z.jpg", b"12345")
    with pytest.raises(ImageTooLargeError):
        source.read("z.jpg", 4, BERLIN)
    source.close()


@pytest.mark.parametrize(
    "name", ["photos", "photos/b", "photos/b/../b", "link"], ids=["itself", "below", "round about", "by a link"]
)
def test_an_allowed_folder_is_found(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert allowed_folder(str(tmp_path / name), (folder,)).is_relative_to(folder.resolve())


@pytest.mark.parametrize(
    "name",
    ["", "other", "photos/..", "photos/../other", "photos-2", "photos/away"],
    ids=["above", "beside", "up", "up and down", "same beginning", "a link to the outside"],
)
def test_a_folder_elsewhere_is_refused_whether_it_is_there_or_not(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "other").mkdir()
    (folder / "away").symlink_to(tmp_path / "other")
    with pytest.raises(ForbiddenError, match="PLATEWATCH_IMPORT_FOLDERS"):
        allowed_folder(str(tmp_path / name), (folder,))


def test_without_the_setting_no_folder_is_allowed(folder: Path) -> None:
    with pytest.raises(ForbiddenError):
        allowed_folder(str(folder), ())


@pytest.mark.parametrize("name", ["gone", "z.jpg", "a\0b"], ids=["gone", "a file", "NUL"])
def test_what_is_no_folder_is_reported(folder: Path, name: str) -> None:
    with pytest.raises(FieldError):
        allowed_folder(f"{folder}/{name}", (folder,))


def test_an_archive_is_read_in_place(tmp_path: Path) -> None:
    source = ArchiveSource.open(archive(tmp_path / "a.zip", {"b/c.jpg": b"photo", "d/": b"", "e.jpg": b"other"}))
    assert list(source.paths()) == ["b/c.jpg", "e.jpg"]
    found = source.read("b/c.jpg", 100, BERLIN)
    assert (found.data, found.changed_at) == (b"photo", datetime(2026, 2, 3, 4, 5, 6, tzinfo=BERLIN))
    source.close()


def test_a_good_archive_passes(tmp_path: Path) -> None:
    check_archive(archive(tmp_path / "a.zip", {"b/c.jpg": os.urandom(2_000_000), "..d.jpg": b"x"}), LIMITS)


@pytest.mark.parametrize(
    "name",
    ["../a.jpg", "b/../../a.jpg", "/etc/a.jpg", "C:/a.jpg", "..\\a.jpg", "\\\\host\\a.jpg", "a\nb.jpg", "b/.."],
)
def test_names_that_point_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FieldError, match="points to somewhere else"):
        check_archive(archive(tmp_path / "a.zip", {name: b"x"}), LIMITS)


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="is a link"):
        check_archive(with_link(tmp_path / "a.zip"), LIMITS)


def test_an_archive_that_bursts_is_refused(tmp_path: Path) -> None:
    bomb = archive(tmp_path / "a.zip", {"a.jpg": b"\0" * 20_000_000}, zipfile.ZIP_DEFLATED)
    with pytest.raises(FieldError, match="times its size"):
        check_archive(bomb, LIMITS)
    with pytest.raises(FieldError, match="would unpack to more"):
        check_archive(bomb, ArchiveLimits(max_files=10, max_bytes=10_000_000))


def test_an_archive_that_lies_about_its_size_gives_no_more_than_the_limit(tmp_path: Path) -> None:
    path = lying_about_its_size(tmp_path / "a.zip", os.urandom(500_000) + b"\0" * 500_000, told=100)
    check_archive(path, LIMITS)
    source = ArchiveSource.open(path)
    with pytest.raises((UnreadableFileError, ImageTooLargeError)):
        source.read("a.jpg", 1000, BERLIN)
    source.close()


@pytest.mark.parametrize("limits", [ArchiveLimits(3, 10**9), ArchiveLimits(1, 10**9)], ids=["by count", "by contents"])
def test_too_many_files_are_refused(tmp_path: Path, limits: ArchiveLimits) -> None:
    many = archive(tmp_path / "a.zip", {f"{number:0200d}.jpg": b"" for number in range(30)})
    with pytest.raises(FieldError, match=f"more than {limits.max_files} files"):
        check_archive(many, limits)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x05\x06", b"\xff\xd8 a photo" * 100, b"PK\x05\x06" + b"\xff" * 18],
    ids=["empty", "cut short", "no archive", "nonsense"],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(FieldError):
        check_archive(tmp_path / "a.zip", LIMITS)
    with pytest.raises(UnreadableFileError):
        ArchiveSource.open(tmp_path / "a.zip")


def test_damaged_and_locked_files_of_an_archive_are_reported(tmp_path: Path) -> None:
    damaged = archive(tmp_path / "a.zip", {"a.jpg": b"0123456789" * 10})
    damaged.write_bytes(damaged.read_bytes().replace(b"0123456789", b"012345678x", 1))
    for path in (damaged, encrypted(tmp_path / "b.zip")):
        source = ArchiveSource.open(path)
        with pytest.raises(UnreadableFileError, match="can't be unpacked"):
            source.read("a.jpg", 1000, BERLIN)
        source.close()


def test_an_archive_that_is_gone_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        ArchiveSource.open(tmp_path / "gone.zip")


CLUTTER = (
    "__MACOSX/._a.jpg",
    "__MACOSX/x/._b.jpg",
    "._a.jpg",
    ".DS_Store",
    "x/Thumbs.db",
    "x/.hidden.jpg",
    "desktop.ini",
)


def test_clutter_of_systems_is_passed_over_in_archives_and_folders(tmp_path: Path) -> None:
    files = {**dict.fromkeys(CLUTTER, b"clutter"), "a.jpg": b"photo", "x/b.HEIC": b"photo"}
    packed = archive(tmp_path / "a.zip", files)
    assert list(ArchiveSource.open(packed).paths()) == ["a.jpg", "x/b.HEIC"]
    with zipfile.ZipFile(packed) as unpacked:
        unpacked.extractall(tmp_path / "folder")
    assert list(FolderSource(tmp_path / "folder").paths()) == ["a.jpg", "x/b.HEIC"]
