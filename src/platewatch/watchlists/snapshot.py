"""A snapshot of the lists for matching, read once after each edit and kept in the process."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from platewatch.plates.matching import literal_prefix
from platewatch.watchlists.matching import Entry, ListInfo, ListKind
from platewatch.watchlists.repository import EntryRepository, VersionRepository, WatchlistRepository

_KEPT: Final = 4
"""Processes have one database; tests have several."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The lists that count, by their batch, and their patterns, by the sign that they begin with ("" if by any)."""

    lists: Mapping[int, ListInfo]
    patterns: Mapping[str, tuple[tuple[int, Entry], ...]]
    max_tolerance: int

    def patterns_for(self, plate: str) -> Iterator[tuple[int, Entry]]:
        """Patterns that the plate may fit, each with its batch."""
        yield from self.patterns.get("", ())
        yield from self.patterns.get(plate[:1], ())


NOTHING: Final = Snapshot({}, {}, 0)


class SnapshotCache:
    """Snapshots by the token of the edit that they show; a token is never used twice, so they never grow stale."""

    def __init__(self) -> None:
        self._kept: dict[str, Snapshot] = {}
        self._mutex = threading.Lock()

    def current(self, session: Session) -> Snapshot:
        """The lists as the session sees them."""
        # The token is read first: what is read after it is at least as new.
        token = VersionRepository(session).token()
        if token is None:
            return NOTHING
        with self._mutex:
            known = self._kept.get(token)
        if known is not None:
            return known
        snapshot = _load(session)
        with self._mutex:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[token] = snapshot
        return snapshot


def _load(session: Session) -> Snapshot:
    pairs = WatchlistRepository(session).enabled_with_batch()
    lists = {batch.id: ListInfo(row.id, row.name, ListKind(row.kind)) for row, batch in pairs}
    patterns: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    for batch_id, entries in EntryRepository(session).patterns().items():
        if batch_id in lists:
            for entry in entries:
                patterns[literal_prefix(entry.plate)[:1]].append((batch_id, entry))
    return Snapshot(
        lists=lists,
        patterns={sign: tuple(found) for sign, found in patterns.items()},
        max_tolerance=max((batch.max_tolerance for _, batch in pairs), default=0),
    )
