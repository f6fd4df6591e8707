"""The data folder is its owner's alone: it holds plates, photos, hashes of passwords and keys."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PRIVATE_UMASK: Final = 0o077
PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600

_FOLDERS: Final = frozenset({"images", "imports", "logs", "media", "models", "outputs", "static", "uploads"})
_FILES: Final = re.compile(
    r"(platewatch|llm-spending)\.db(-wal|-shm|-journal)?|plate-key|secret-key|setup-token|(app|access|error)\.log(\..+)?"
)
_NEUTRAL: Final = re.compile(r"\..*|lost\+found")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_REASONS: Final = {
    errno.EROFS: "its file system is read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.ENOTDIR: "a part of its path is a file",
    errno.EEXIST: "it is a file",
}


def keep_private() -> None:
    """Make what this process and its children write from now on readable for their user alone."""
    os.umask(PRIVATE_UMASK)


def write_fault(folder: Path) -> str | None:
    """Why nothing can be written in the folder, None if it can; a folder that is not there yet is not made."""
    try:
        if folder.is_dir():
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0")
            return None
        above = next(parent for parent in (folder, *folder.parents) if parent.exists())
    except OSError as error:
        return _REASONS.get(error.errno or 0, error.strerror or str(error))
    if not above.is_dir():
        return _REASONS[errno.EEXIST if above == folder else errno.ENOTDIR]
    if os.access(above, os.W_OK | os.X_OK):
        return None
    read_only = os.statvfs(above).f_flag & os.ST_RDONLY
    return f"it is not there and can't be made, since {_REASONS[errno.EROFS if read_only else errno.EACCES]}"


def misplaced(folder: Path) -> list[Path]:
    """Files that stand where platewatch keeps a folder, and folders in place of its files; none if it can't be read."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [entry for entry in entries if _is_misplaced(entry)]


def _is_misplaced(entry: Path) -> bool:
    if entry.is_dir():
        return _FILES.fullmatch(entry.name) is not None
    return entry.name in _FOLDERS and entry.is_file()


def make_private(folder: Path) -> list[str]:
    """Make the folder, or close what others can read of an existing one; what was done or couldn't be, a line each.

    A folder that holds other programs' files too stays as it is; only platewatch's own files in it are closed.

    Raises:
        OSError: the folder can't be made.
    """
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    entries = [entry for entry in folder.iterdir() if not entry.is_symlink()]
    shared = any(not (_is_own(entry) or _NEUTRAL.fullmatch(entry.name)) for entry in entries)
    own = [entry for entry in entries if _is_own(entry) and not (shared and entry.is_dir())]
    opened = [path for path in ([] if shared else [folder]) + own if _others_rights(path)]
    failed = [path for path in opened if not _close(path)]
    lines = []
    if failed:
        lines.append(f"Other users of this machine can read {failed[0]}. Its owner can close it: chmod go= {failed[0]}")
    if len(failed) < len(opened):
        closed = next(path for path in opened if path not in failed)
        lines.append(f"Other users of this machine could read {closed}. From now on they can't.")
    if shared and _others_rights(folder):
        lines.append(
            f"Other users of this machine can look into {folder}, which holds other files too. "
            "Give platewatch a folder of its own: PLATEWATCH_DATA."
        )
    return lines


def make_files_private(files: Iterable[Path]) -> None:
    """Close those of the files that are there and this user's; others stay as they are."""
    for file in files:
        if file.is_file() and _others_rights(file):
            _close(file)


def _is_own(entry: Path) -> bool:
    return entry.name in _FOLDERS if entry.is_dir() else _FILES.fullmatch(entry.name) is not None


def _others_rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) & _OTHERS


def _close(path: Path) -> bool:
    try:
        path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
    except OSError:
        return False
    return True
