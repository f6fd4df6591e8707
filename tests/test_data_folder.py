from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from platewatch import data_folder
from platewatch.data_folder import make_files_private, make_private, write_fault


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A data folder as it was made before, open to all users of the machine."""
    folder = tmp_path / "data"
    (folder / "logs").mkdir(parents=True)
    (folder / "media").mkdir()
    for name in ("platewatch.db", "platewatch.db-wal", "secret-key", "logs/app.log"):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    for name in ("", "logs", "media"):
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_folder_is_its_users_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert make_private(tmp_path / "data") == []
    finally:
        os.umask(before)
    assert mode(tmp_path / "data") == 0o700


def test_an_open_folder_is_closed_with_its_files_and_told(open_folder: Path) -> None:
    (line,) = make_private(open_folder)
    assert str(open_folder) in line
    assert mode(open_folder) == mode(open_folder / "media") == mode(open_folder / "logs") == 0o700
    assert mode(open_folder / "platewatch.db") == mode(open_folder / "platewatch.db-wal") == 0o600
    assert make_private(open_folder) == []


@pytest.mark.parametrize("name", [".gitkeep", "lost+found"])
def test_a_file_of_the_system_does_not_keep_the_folder_open(open_folder: Path, name: str) -> None:
    (open_folder / name).touch()
    make_private(open_folder)
    assert mode(open_folder) == 0o700


def test_a_folder_with_files_of_others_stays_open_but_ours_are_closed(open_folder: Path) -> None:
    (open_folder / "index.html").touch(mode=0o644)
    lines = make_private(open_folder)
    assert any("PLATEWATCH_DATA" in line for line in lines)
    assert mode(open_folder) == mode(open_folder / "media") == 0o755
    assert mode(open_folder / "index.html") == 0o644
    assert mode(open_folder / "platewatch.db") == mode(open_folder / "secret-key") == 0o600


def test_a_folder_that_can_not_be_closed_is_reported_with_the_command(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_folder, "_close", lambda _path: False)
    (line,) = make_private(open_folder)
    assert line.endswith(f"chmod go= {open_folder}")


def test_files_that_are_there_are_closed(tmp_path: Path) -> None:
    (tmp_path / "own.db").touch(mode=0o644)
    make_files_private([tmp_path / "own.db", tmp_path / "own.db-wal"])
    assert mode(tmp_path / "own.db") == 0o600


def test_a_folder_that_can_be_written_or_made_has_no_fault(tmp_path: Path) -> None:
    assert write_fault(tmp_path) is None
    assert write_fault(tmp_path / "a" / "b") is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert write_fault(tmp_path / "file") == "it is a file"
    assert write_fault(tmp_path / "file" / "data") == "a part of its path is a file"


@pytest.mark.parametrize(
    ("number", "says"),
    [(30, "read-only"), (13, "may not write"), (28, "full"), (122, "quota"), (5, "Input/output error")],
)
def test_the_cause_of_a_failed_trial_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    def fail(**_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    assert says in str(write_fault(tmp_path))


def test_a_place_that_no_one_can_write_is_named() -> None:
    assert write_fault(Path("/proc/self/data")) is not None
