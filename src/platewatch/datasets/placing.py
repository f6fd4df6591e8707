"""Putting a file into another folder, so that nothing is overwritten and nothing lost, whenever the process ends."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from platewatch.errors import StorageError

_NO_LINKS: Final = frozenset({errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES})
_PART_SUFFIX: Final = ".platewatch-part"


class Placing(StrEnum):
    """The way files get into the other folder."""

    MOVE = "move"
    COPY = "copy"
    LINK = "link"
    """As a hard link, or a symbolic one where the file system has no other."""


def free_name(folder: Path, name: str, source: Path) -> str:
    """The name below the folder that the file may have: its own, or one with a number where another file has it."""
    path = Path(name)
    chosen, number = name, 2
    while _taken(folder / chosen, source):
        chosen, number = path.with_name(f"{path.stem}-{number}{path.suffix}").as_posix(), number + 1
    return chosen


def place(source: Path, target: Path, placing: Placing) -> None:
    """Put the file there. Done twice, or again after it was cut off anywhere, the result is the same.

    Raises:
        StorageError: It can't be put there, or another file is there; the source is still where it was.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _is_there(source, target):
            _bring(source, target, placing)
        # One that a killed run left behind.
        _part_of(target).unlink(missing_ok=True)
        if placing is Placing.MOVE:
            source.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(error, target) from error


def storage_error(error: OSError, target: Path) -> StorageError:
    """The error, saying what to do."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        advice = "Free some space and run the same command again; it goes on where it stopped, and nothing is lost"
        return StorageError(f"The disk of {str(target)!r} is full. {advice}.")
    return StorageError(f"{str(target)!r} can't be written: {error.strerror or error}. Nothing is lost.")


def _bring(source: Path, target: Path, placing: Placing) -> None:
    if placing is Placing.COPY:
        _copy(source, target)
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if placing is Placing.LINK:
            target.symlink_to(source.resolve())
        else:
            _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    """A whole copy or none: written aside, then given its name, which fails if that is taken."""
    part = _part_of(target)
    try:
        shutil.copyfile(source, part)
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        shutil.copystat(source, part)
        _name(part, target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _part_of(target: Path) -> Path:
    return target.with_name(f".{target.name}{_PART_SUFFIX}")


def _name(part: Path, target: Path) -> None:
    try:
        os.link(part, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here: reserve the name, then put the file in the place of the empty one.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        part.replace(target)


def _is_there(source: Path, target: Path) -> bool:
    """Whether the target is the source already.

    Raises:
        FileExistsError: It is another file.
        FileNotFoundError: Neither is there.
    """
    if not target.exists():
        if not source.exists():
            raise FileNotFoundError(errno.ENOENT, "the file is gone", str(source))
        return False
    if not source.exists() or _same(source, target):
        return True
    raise FileExistsError(errno.EEXIST, "another file is there already", str(target))


def _taken(target: Path, source: Path) -> bool:
    if not target.exists() and not target.is_symlink():
        return False
    return not (target.exists() and _same(source, target))


def _same(source: Path, target: Path) -> bool:
    return source.samefile(target) or filecmp.cmp(source, target, shallow=False)
