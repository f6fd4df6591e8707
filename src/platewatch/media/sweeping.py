"""Taking away images that no row names: a power cut or a restored backup can leave them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from platewatch.media.store import NOBODY, IsReferenced, MediaStore, reclaim

MIN_AGE: Final = timedelta(hours=1)
"""Younger images are left alone, although the mark of an upload that is not committed yet protects them anyway."""
FEW: Final = 10
MAX_SHARE: Final = 0.2
"""Of all images. Where more have no row, the database is probably that of another folder."""


@dataclass(frozen=True, slots=True)
class Orphans:
    """The number of images, and of those that no row names and no living process marks."""

    images: int
    unnamed: int

    @property
    def are_plausible(self) -> bool:
        """Whether so many may be what a crash left, so that they can go without anybody being asked."""
        return self.unnamed <= max(FEW, MAX_SHARE * self.images)


def count_orphans(store: MediaStore, is_referenced: IsReferenced, before: datetime) -> Orphans:
    """The counts that `sweep` would find among the images stored before that time."""
    marked = {mark.key for mark in store.pending() if not mark.abandoned}
    images = unnamed = 0
    for keys in store.keys_before(before):
        images += len(keys)
        unnamed += len(set(_unnamed_keys(keys, is_referenced)) - marked)
    return Orphans(images, unnamed)


def sweep(
    store: MediaStore, is_referenced: IsReferenced, before: datetime, goes_on: Callable[[], bool] = lambda: True
) -> int:
    """The number of deleted images: stored before that time, named by no row, marked by no living process.

    Retention and erasure find images by their rows, so they never reach these. Any process may call it at any time.
    Between two portions it ends as soon as `goes_on` says so.
    """
    reclaim(store, is_referenced)
    taken = 0
    for keys in store.keys_before(before):
        if not goes_on():
            break
        orphans = _unnamed_keys(keys, is_referenced)
        # Looked up without the store's lock; `discard` looks again with it, so that no upload comes in between.
        if orphans:
            store.discard(orphans, NOBODY, is_referenced)
            taken += sum(not store.exists(key) for key in orphans)
    return taken


def _unnamed_keys(keys: list[str], is_referenced: IsReferenced) -> list[str]:
    named = is_referenced(keys)
    return [key for key in keys if key not in named]
