"""The protocol of media stores, and staging: storing an image together with the rows that name it.

A row and an image can't be written in one step. So an image is put first, with a mark; the row is committed; then the
mark is taken away. Whatever happens in between leaves a mark, and `reclaim` looks after marks of dead processes.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeAlias

import structlog

from platewatch.errors import NotFoundError, StorageError

IsReferenced: TypeAlias = Callable[[Sequence[str]], set[str]]
"""Returns the keys that a committed row names. It must use a transaction of its own."""

NOBODY = ""
"""A holder without marks."""

PORTION: Final = 500
"""Keys that are looked up in the database at once."""

_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """An image that is put but not confirmed. `abandoned` means that the process that put it is dead."""

    key: str
    holder: str
    abandoned: bool


class MediaStore(Protocol):
    """Images by key. A key is the SHA-256 of the content in hex, so equal images are kept once.

    All methods may be called from several threads and processes at once, and raise StorageError when the place where
    the images are kept fails.
    """

    def new_holder(self) -> str:
        """A name for marks, that lives as long as this process."""

    def put(self, data: bytes, holder: str) -> str:
        """The key of the image, which is kept and has a mark of the holder."""

    def mark(self, keys: Collection[str], holder: str) -> None:
        """Gives images that are kept a mark of the holder; keys without image are passed over."""

    def get(self, key: str) -> bytes:
        """The image, unchanged.

        Raises:
            NotFoundError: There is none with this key.
            StorageError: It is damaged.
        """

    def exists(self, key: str) -> bool:
        """True if there is an image with this key."""

    def delete(self, key: str) -> None:
        """Deletes the image, even if rows still name it; does nothing if there is none."""

    def confirm(self, keys: Collection[str], holder: str) -> None:
        """Takes the holder's marks away. The images stay."""

    def discard(self, keys: Collection[str], holder: str, is_referenced: IsReferenced) -> None:
        """Takes the holder's marks away, and the images that no other holder marks and no row names.

        Nobody can put one of the images in the middle of it. If `is_referenced` raises, everything stays.
        """

    def keys_before(self, instant: datetime) -> Iterator[list[str]]:
        """The keys of all images that were put before then, in portions."""

    def pending(self) -> list[Mark]:
        """All marks."""

    def clean_up(self) -> None:
        """Removes what dead processes left behind, other than marks."""

    def try_to_keep(self) -> None:
        """Returns if an image could be kept now; nothing of the trial stays.

        Raises:
            StorageError: It could not.
        """

    def close(self) -> None:
        """Gives up this process's claim on its marks."""


class Staging:
    """Images that are put for rows that are not committed yet."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store
        self._holder = store.new_holder()
        self._keys: set[str] = set()

    def put(self, data: bytes) -> str:
        """The key of the image, to be written into a row.

        Raises:
            StorageError: The image can't be kept.
        """
        # Noted first: a put that fails half-way may have left its mark.
        self._keys.add(key_of(data))
        return self._store.put(data, self._holder)

    def hold(self, keys: Collection[str]) -> None:
        """Holds images that are kept already, whose rows are about to go; `discard` takes those that nobody names then.

        Raises:
            StorageError: The store fails.
        """
        self._keys |= set(keys)
        self._store.mark(keys, self._holder)

    def confirm(self) -> None:
        """Keeps the images. A failure is logged only: the rows are committed, and `reclaim` sees that."""
        if not self._keys:
            return
        try:
            self._store.confirm(self._keys, self._holder)
        except StorageError as error:
            log.warning("media.confirm_failed", error=str(error), keys=sorted(self._keys))

    def discard(self, is_referenced: IsReferenced) -> None:
        """Removes the images that nobody else needs. A failure is logged only, and made good by `reclaim`."""
        if not self._keys:
            return
        try:
            self._store.discard(self._keys, self._holder, is_referenced)
        except Exception as error:  # noqa: BLE001  # it must not hide the error that is on its way
            log.warning("media.discard_failed", error=str(error), keys=sorted(self._keys))


@contextmanager
def staged(store: MediaStore, is_referenced: IsReferenced) -> Iterator[Staging]:
    """A staging whose images stay if the block ends well and go if it raises.

    Commit inside the block. Open the transaction after the images are put: the database store writes over a
    connection of its own, for which SQLite has no room inside another transaction.
    """
    staging = Staging(store)
    try:
        yield staging
    except BaseException:
        staging.discard(is_referenced)
        raise
    staging.confirm()


def remove_unreferenced(store: MediaStore, keys: Collection[str], is_referenced: IsReferenced) -> None:
    """Takes away the images that no row names any more. Call it after the rows' deletion is committed."""
    store.discard(keys, NOBODY, is_referenced)


def reclaim(store: MediaStore, is_referenced: IsReferenced) -> int:
    """The number of settled marks of dead processes: images that a row names stay, the others are deleted.

    Any process may call it at any time; marks of living processes are left alone.
    """
    abandoned: dict[str, set[str]] = defaultdict(set)
    for mark in store.pending():
        if mark.abandoned:
            abandoned[mark.holder].add(mark.key)
    for holder, keys in abandoned.items():
        store.discard(keys, holder, is_referenced)
    store.clean_up()
    settled = sum(len(keys) for keys in abandoned.values())
    if settled:
        log.info("media.reclaimed", marks=settled)
    return settled


def key_of(data: bytes) -> str:
    """The key under which this content is kept."""
    return hashlib.sha256(data).hexdigest()


def is_key(text: str) -> bool:
    """True if the text has the form of a key."""
    return _KEY.fullmatch(text) is not None


def intact(key: str, data: bytes) -> bytes:
    """The same bytes, if they are what the key says.

    Raises:
        StorageError: They are not.
    """
    if key_of(data) != key:
        raise StorageError(
            f"The stored image {key!r} is damaged: its content has changed. Restore it from a backup.",
        )
    return data


def missing(key: str) -> NotFoundError:
    """The error for a key without image."""
    return NotFoundError("stored image", key)
