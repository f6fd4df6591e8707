"""Live processes of one installation, known by locks that the system drops with the process."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from platewatch.clock import Clock

FOREIGN_MARK_LIFE = timedelta(days=1)
"""Locks of another installation on the same database can't be seen, so its marks are given this long."""


class Holders:
    """The processes that share one folder. A holder's name is `installation.process.staging`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._mutex = threading.Lock()
        self._process: str | None = None
        self._lock_fd: int | None = None

    def new(self) -> str:
        """A name that counts as alive until this process ends or `close` is called.

        Raises:
            OSError: The folder can't be written.
        """
        with self._mutex:
            if self._process is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                process = secrets.token_hex(8)
                self._lock_fd = _lock_for_life(self._path(process))
                self._process = process
            return f"{self._installation()}.{self._process}.{secrets.token_hex(8)}"

    def is_dead(self, holder: str, marked_at: datetime) -> bool:
        """True if the process that made this name is gone, or is of another installation and long silent."""
        installation, _, rest = holder.partition(".")
        if installation != self._installation():
            return self._clock.now() - marked_at > FOREIGN_MARK_LIFE
        return not _is_locked(self._path(rest.partition(".")[0]))

    def clean_up(self) -> None:
        """Removes the lock files of dead processes."""
        for path in self._folder.glob("*.lock"):
            with _open_lock(path) as fd:
                if fd is not None and _try_lock(fd, fcntl.LOCK_EX):
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Lets the names of this process count as dead."""
        with self._mutex:
            if self._process is not None and self._lock_fd is not None:
                self._path(self._process).unlink(missing_ok=True)
                os.close(self._lock_fd)
            self._process = self._lock_fd = None

    def _path(self, process: str) -> Path:
        return self._folder / f"{process}.lock"

    def _installation(self) -> str:
        path = self._folder / "installation"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f"installation.{secrets.token_hex(8)}"
            draft.write_text(secrets.token_hex(8))
            try:
                # A link, unlike a rename, leaves the file of a faster process as it is.
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text()


def _lock_for_life(path: Path) -> int:
    """A file descriptor that holds the lock on the file of this name."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        # `clean_up` may have been faster than the lock and removed the file.
        if path.exists() and path.stat().st_ino == os.fstat(fd).st_ino:
            return fd
        os.close(fd)


def _is_locked(path: Path) -> bool:
    with _open_lock(path) as fd:
        # Shared, so that two who ask at once don't take each other for the holder.
        return fd is not None and not _try_lock(fd, fcntl.LOCK_SH)


@contextmanager
def _open_lock(path: Path) -> Iterator[int | None]:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def _try_lock(fd: int, mode: int) -> bool:
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
