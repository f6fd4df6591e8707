"""Sources of an import's photos: a folder on the server, or an uploaded archive that is never unpacked."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol, Self

from platewatch.errors import FieldError, ForbiddenError, ImageTooLargeError, InputError
from platewatch.vision.photo_files import files_below, is_clutter

_MEGABYTE: Final = 1024 * 1024
_MAX_SHRUNK: Final = 100
"""Photos hardly shrink in an archive; what shrinks more than this is made to burst."""
_MIN_BOMB: Final = _MEGABYTE
_DIRECTORY_BYTES_PER_FILE: Final = 1024
_END = struct.Struct("<4s4H2LH")
_END_SIGN: Final = b"PK\x05\x06"
_LONGEST_COMMENT: Final = 65535
_IN_ZIP64: Final = 0xFFFFFFFF


class UnreadableFileError(InputError):
    """A file of an import can't be read."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The bytes of a file, and when it was last changed as far as its keeper knows."""

    data: bytes
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Limits of an archive's unpacked contents."""

    max_files: int
    max_bytes: int


class Source(Protocol):
    """Files by path."""

    def paths(self) -> Iterator[str]:
        """The path of each file, with `/` between its parts; what is hidden or made by a system is left out."""

    def read(self, path: str, max_bytes: int, zone: tzinfo) -> SourceFile:
        """The file; `zone` is that of times without one.

        Raises:
            UnreadableFileError: it is gone, damaged, or no plain file.
            ImageTooLargeError: it has more than `max_bytes`.
        """

    def close(self) -> None:
        """Give back what it holds."""


class FolderSource:
    """A folder with all that is below it. Links are not followed, so nothing outside it is read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def paths(self) -> Iterator[str]:
        for path in files_below(self._folder):
            yield path.relative_to(self._folder).as_posix()

    def read(self, path: str, max_bytes: int, zone: tzinfo) -> SourceFile:  # noqa: ARG002 -- a file's time is in UTC
        place = self._folder / PurePosixPath(path)
        if not place.resolve().is_relative_to(self._folder.resolve()):
            raise UnreadableFileError("The file is a link to the outside of the folder, which is not followed.")
        try:
            # Without waiting: opening a named pipe would otherwise last until somebody writes into it.
            fd = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(fd, "rb") as file:
                facts = os.fstat(fd)
                if not stat.S_ISREG(facts.st_mode):
                    raise UnreadableFileError("This is no plain file.")
                return SourceFile(_read_bounded(file, max_bytes), datetime.fromtimestamp(facts.st_mtime, UTC))
        except OSError as error:
            raise UnreadableFileError(f"The file can't be read: {error.strerror}.") from error

    def close(self) -> None:
        """Hold nothing."""


class ArchiveSource:
    """A ZIP archive, read in place."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @classmethod
    def open(cls, path: Path) -> Self:
        """The archive of this file.

        Raises:
            UnreadableFileError: the file is gone or is no archive.
        """
        try:
            # NotImplementedError is how `zipfile` says that an archive wants a newer version than it knows.
            return cls(zipfile.ZipFile(path))
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise UnreadableFileError(f"The archive can't be read: {error}.") from error

    def paths(self) -> Iterator[str]:
        files = (info.filename for info in self._archive.infolist() if not info.is_dir())
        yield from dict.fromkeys(name for name in files if not is_clutter(name))

    def read(self, path: str, max_bytes: int, zone: tzinfo) -> SourceFile:
        try:
            info = self._archive.getinfo(path)
            with self._archive.open(info) as file:
                return SourceFile(_read_bounded(file, max_bytes), _entry_time(info, zone))
        except (KeyError, OSError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error, ValueError) as error:
            raise UnreadableFileError(f"The file can't be unpacked: {error}.") from error

    def close(self) -> None:
        self._archive.close()


def allowed_folder(text: str, allowed: Sequence[Path]) -> Path:
    """The folder of this name, if photos may be imported from there.

    Raises:
        ForbiddenError: it lies outside of all allowed ones, or none is allowed.
        FieldError: there is no such folder.
    """
    if "\0" in text:
        raise FieldError("folder", "A folder's name has no NUL in it.")
    folder = Path(text).resolve()
    # Refused before whether it exists is known: what lies elsewhere on the server is nobody's business.
    if not any(folder.is_relative_to(root.resolve()) for root in allowed):
        raise ForbiddenError(
            f"Photos may not be imported from {text!r}. Name that folder, or one above it, in "
            "PLATEWATCH_IMPORT_FOLDERS."
        )
    if not folder.is_dir():
        raise FieldError("folder", f"There is no folder {text!r} on the server.")
    return folder


def check_archive(path: Path, limits: ArchiveLimits) -> None:
    """Do nothing if the file is an archive that can be read safely.

    Raises:
        FieldError: it is not; the message says why.
    """
    if _directory_bytes(path) > limits.max_files * _DIRECTORY_BYTES_PER_FILE:
        raise _refusal(f"It has more than {limits.max_files} files. Split it.")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _refusal(f"It is no ZIP file that can be read ({error}).") from error
    if len(entries) > limits.max_files:
        raise _refusal(f"It has more than {limits.max_files} files. Split it.")
    if sum(entry.file_size for entry in entries) > limits.max_bytes:
        raise _refusal(f"It would unpack to more than {limits.max_bytes // _MEGABYTE} MB. Split it.")
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    is_outside = not parts or name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":")
    if is_outside or any(ord(sign) < ord(" ") for sign in name):
        raise _refusal(f"The name {name[:80]!r} in it points to somewhere else. Pack the photos again.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refusal(f"{name[:80]!r} in it is a link. Pack the photos themselves.")
    shrunk = entry.file_size / max(1, entry.compress_size)
    if entry.file_size > _MIN_BOMB and shrunk > _MAX_SHRUNK:
        raise _refusal(f"{name[:80]!r} in it unpacks to {shrunk:.0f} times its size, which no photo does.")


def _directory_bytes(path: Path) -> int:
    """The declared length of the archive's table of contents, which is read into memory as a whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END.size - _LONGEST_COMMENT))
        tail = file.read()
    at = tail.rfind(_END_SIGN)
    if at < 0 or len(tail) - at < _END.size:
        raise _refusal("It is no ZIP file.")
    declared: int = _END.unpack_from(tail, at)[5]
    return size if declared == _IN_ZIP64 else declared


def _refusal(reason: str) -> FieldError:
    return FieldError("archive", f"The archive was refused. {reason}")


def _read_bounded(file: IO[bytes], max_bytes: int) -> bytes:
    """The rest of the file, whatever it says about its own length."""
    data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ImageTooLargeError(what="MB", limit=f"{max_bytes / _MEGABYTE:g}")
    return data


def _entry_time(entry: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    try:
        return datetime(*entry.date_time, tzinfo=zone)
    except ValueError:
        return None
