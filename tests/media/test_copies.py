from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from platewatch.errors import StorageError
from platewatch.media.copies import ImageCopies
from platewatch.media.store import key_of


def names_all(keys: Sequence[str]) -> set[str]:
    return set(keys)


def names_none(_keys: Sequence[str]) -> set[str]:
    return set()


def test_a_copy_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    copies = ImageCopies(tmp_path / "images")
    copies.write("one.jpg", b"one")
    path = copies.write("two.jpg", b"two")
    assert [file.name for file in (tmp_path / "images").iterdir()] == ["two.jpg"]
    assert path.read_bytes() == b"two"


def test_the_same_name_is_written_again(tmp_path: Path) -> None:
    copies = ImageCopies(tmp_path)
    copies.write("one.jpg", b"old")
    assert copies.write("one.jpg", b"new").read_bytes() == b"new"


def test_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    copies = ImageCopies(tmp_path)
    copies.write("one.jpg", b"one")
    copies.prune(names_none)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_only_copies_that_no_row_names_are_pruned(tmp_path: Path) -> None:
    copies = ImageCopies(tmp_path)
    path = copies.write("one.jpg", b"one")
    asked: list[str] = []

    def names(keys: Sequence[str]) -> set[str]:
        asked.extend(keys)
        return names_all(keys)

    copies.prune(names)
    assert path.is_file()
    assert asked == [key_of(b"one")]
    copies.prune(names_none)
    assert not path.exists()


def test_pruning_a_folder_that_is_not_there_asks_nobody(tmp_path: Path) -> None:
    def names(_keys: Sequence[str]) -> set[str]:
        raise AssertionError("nothing is there to ask about")

    ImageCopies(tmp_path / "images").prune(names)
    assert not (tmp_path / "images").exists()


def test_a_failure_of_the_question_keeps_the_copy_and_stops_nobody(tmp_path: Path) -> None:
    copies = ImageCopies(tmp_path)
    path = copies.write("one.jpg", b"one")

    def fails(_keys: Sequence[str]) -> set[str]:
        raise OSError("the database is away")

    copies.prune(fails)
    assert path.is_file()


def test_a_folder_that_can_not_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file, no folder")
    with pytest.raises(StorageError, match="images"):
        ImageCopies(tmp_path / "images").write("one.jpg", b"one")
