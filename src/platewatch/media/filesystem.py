"""Images as files: `<folder>/ab/cd/<key>.jpg`."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from platewatch.clock import Clock
from platewatch.errors import StorageError
from platewatch.media.holders import Holders
from platewatch.media.store import PORTION, IsReferenced, Mark, intact, is_key, key_of, missing

_PROBE_BYTES = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FilesystemMediaStore:
    """A media store in one folder, which several processes of one machine may share."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._marks = folder / ".pending"
        self._incoming = folder / ".incoming"
        self._holders = Holders(folder / ".holders", clock)

    def new_holder(self) -> str:
        with self._failures():
            return self._holders.new()

    def put(self, data: bytes, holder: str) -> str:
        key = key_of(data)
        with self._failures():
            self._marks.mkdir(parents=True, exist_ok=True)
            with self._exclusive():
                self._mark(key, holder).touch()
                _sync(self._marks)
                kept = self._has(key, len(data))
            # From here on the mark keeps others from deleting the file, so the slow part needs no lock.
            if not kept:
                self._write(key, data, holder)
        return key

    def mark(self, keys: Collection[str], holder: str) -> None:
        with self._failures():
            self._marks.mkdir(parents=True, exist_ok=True)
            with self._exclusive():
                for key in keys:
                    if is_key(key) and self._path(key).is_file():
                        self._mark(key, holder).touch()
                _sync(self._marks)

    def get(self, key: str) -> bytes:
        if not is_key(key):
            raise missing(key)
        with self._failures():
            try:
                data = self._path(key).read_bytes()
            except FileNotFoundError as error:
                raise missing(key) from error
        return intact(key, data)

    def exists(self, key: str) -> bool:
        with self._failures():
            return is_key(key) and self._path(key).is_file()

    def delete(self, key: str) -> None:
        if is_key(key):
            with self._failures():
                self._path(key).unlink(missing_ok=True)

    def confirm(self, keys: Collection[str], holder: str) -> None:
        with self._failures():
            for key in keys:
                self._mark(key, holder).unlink(missing_ok=True)

    def discard(self, keys: Collection[str], holder: str, is_referenced: IsReferenced) -> None:
        with self._failures():
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._exclusive():
                held_by_others = {mark.key for mark in self._all_marks() if mark.holder != holder}
                # Marks are looked at before rows: who takes a mark away has committed its row by then.
                free = sorted(set(keys) - held_by_others)
                for key in set(free) - is_referenced(free):
                    self.delete(key)
                self.confirm(keys, holder)

    def keys_before(self, instant: datetime) -> Iterator[list[str]]:
        portion: list[str] = []
        with self._failures():
            for path in self._images():
                if is_key(path.stem) and _was_touched_before(path, instant):
                    portion.append(path.stem)
                if len(portion) == PORTION:
                    yield portion
                    portion = []
        if portion:
            yield portion

    def pending(self) -> list[Mark]:
        with self._failures():
            return [
                Mark(mark.key, mark.holder, self._is_dead(self._mark(mark.key, mark.holder), mark.holder))
                for mark in self._all_marks()
            ]

    def clean_up(self) -> None:
        with self._failures():
            for path in self._incoming.glob("*.part"):
                if self._is_dead(path, path.name.removesuffix(".part").rpartition(".")[0]):
                    path.unlink(missing_ok=True)
            self._holders.clean_up()

    def try_to_keep(self) -> None:
        with self._failures():
            for folder, size in ((self._marks, 0), (self._incoming, _PROBE_BYTES)):
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder) as probe:
                    probe.write(bytes(size))
                    probe.flush()
                    os.fsync(probe.fileno())

    def close(self) -> None:
        with self._failures():
            self._holders.close()

    def _images(self) -> Iterator[Path]:
        """The paths of all images, one folder after the other."""
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
            yield from sorted(folder.glob("*.jpg"))

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:4] / f"{key}.jpg"

    def _mark(self, key: str, holder: str) -> Path:
        return self._marks / f"{key}.{holder}"

    def _all_marks(self) -> list[Mark]:
        if not self._marks.is_dir():
            return []
        names = (path.name.partition(".") for path in self._marks.iterdir())
        return [Mark(key, holder, abandoned=False) for key, _, holder in names if is_key(key)]

    def _has(self, key: str, size: int) -> bool:
        path = self._path(key)
        return path.is_file() and path.stat().st_size == size

    def _is_dead(self, path: Path, holder: str) -> bool:
        try:
            touched_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            # Settled by its own process in this moment.
            return False
        return self._holders.is_dead(holder, touched_at)

    def _write(self, key: str, data: bytes, holder: str) -> None:
        target = self._path(key)
        self._incoming.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = self._incoming / f"{holder}.{secrets.token_hex(4)}.part"
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        for folder in (target.parent, target.parent.parent, self._folder):
            _sync(folder)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        # A new descriptor each time: such locks hold between threads as well as between processes.
        fd = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = "The disk is full: free some space there" if error.errno in _FULL else f"{error.strerror}"
            raise StorageError(f"The media folder {str(self._folder)!r} can't be used. {reason}.") from error


def _was_touched_before(path: Path, instant: datetime) -> bool:
    try:
        return path.stat().st_mtime < instant.timestamp()
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    """Makes the folder's list of names survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
