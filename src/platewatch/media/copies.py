"""Copies of stored images under a plain name, for programs that look into a folder."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

import structlog

from platewatch.errors import StorageError
from platewatch.media.store import IsReferenced, key_of

log = structlog.get_logger(__name__)


class ImageCopies:
    """A folder with at most one copy: an image that is erased must not live on in a pile of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, data: bytes) -> Path:
        """The path of the copy, which takes the place of any other. `name` is a plain file name.

        Raises:
            StorageError: the folder can't be written to.
        """
        target = self._folder / name
        part = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(target)
            for path in self._all():
                if path.name != name:
                    path.unlink(missing_ok=True)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise StorageError(
                f"No image can be written into {str(self._folder)!r}: {error.strerror}. Free space or allow it there."
            ) from error
        return target

    def prune(self, is_referenced: IsReferenced) -> None:
        """Take away copies of images that no row names any more. A failure is logged only."""
        try:
            keys = {path: key_of(path.read_bytes()) for path in self._all()}
            if keys:
                named = is_referenced(sorted(set(keys.values())))
                for path in [path for path, key in keys.items() if key not in named]:
                    path.unlink(missing_ok=True)
        except FileNotFoundError:
            # Another call has just replaced it.
            return
        except Exception as error:  # noqa: BLE001  # it must not hide an error that is on its way
            log.warning("image_copies.prune_failed", error=str(error))

    def _all(self) -> list[Path]:
        return [path for path in self._folder.glob("*.jpg") if path.is_file() or path.is_symlink()]
