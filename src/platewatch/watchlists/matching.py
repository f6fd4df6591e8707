"""Entries of watchlists, and whether a plate, a time and a place fit them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from platewatch.plates.matching import edit_distance, is_pattern, matches, pattern_spelling
from platewatch.watchlists.schedule import Schedule, is_within


class ListKind(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    WATCH = "watch"


_URGENCY = {ListKind.DENY: 0, ListKind.WATCH: 1, ListKind.ALLOW: 2}


@dataclass(frozen=True, slots=True)
class ListInfo:
    """A list as it is published with a match."""

    id: int
    name: str
    kind: ListKind


@dataclass(frozen=True, slots=True)
class Entry:
    """A plate or pattern, and when and where it counts. Without a schedule it counts at all hours.

    `plate` is the key; `written` is the text as somebody typed it, None where that was not kept.
    """

    id: int
    plate: str
    written: str | None
    region: str | None
    tolerance: int
    valid_from: datetime | None
    valid_to: datetime | None
    schedule: Schedule | None
    everywhere: bool
    location_ids: frozenset[int]
    owner: str | None
    vehicle: str | None
    note: str | None
    tags: tuple[str, ...]

    @property
    def spelling(self) -> str:
        """The plate or pattern with the marks of its letters, as far as they are known."""
        return self.plate if self.written is None else pattern_spelling(self.written)


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that a plate fits.

    `plate` is the key as it was read; `distance` counts edits, look-alikes half. `folded` says that the two differ
    in the marks of their letters, which keys don't tell: `BÖ AB 12` on the list, `BOAB12` read.
    """

    plate: str
    watchlist: ListInfo
    entry: Entry
    distance: float
    folded: bool = False

    @property
    def is_exact(self) -> bool:
        return self.plate == self.entry.plate


def distance_to(entry: Entry, plate: str) -> float:
    """The distance of the plate from the entry's: infinity if it doesn't fit, 0 for a pattern that it fits."""
    return _distance(entry.plate, plate, entry.tolerance)


def is_folded(entry: Entry, spelling: str, distance: float) -> bool:
    """Whether the entry is further from the plate's spelling than `distance`, its distance from the plate's key."""
    return _distance(entry.spelling, spelling, distance) > distance


def _distance(expected: str, plate: str, limit: float) -> float:
    if is_pattern(expected):
        return 0.0 if matches(expected, plate) else math.inf
    return edit_distance(expected, plate, limit=limit)


def is_of_region(entry: Entry, region: str | None) -> bool:
    """Whether the regions don't contradict each other: one that was not read is no contradiction, nor is a state."""
    if entry.region is None or region is None:
        return True
    longer, shorter = sorted((entry.region, region), key=len, reverse=True)
    return longer == shorter or longer.startswith(f"{shorter}-")


def is_valid_at(entry: Entry, at: datetime) -> bool:
    """Whether the entry's time has begun and is not over."""
    begun = entry.valid_from is None or entry.valid_from <= at
    return begun and (entry.valid_to is None or at < entry.valid_to)


def is_scheduled(entry: Entry, local: datetime) -> bool:
    """Whether the local time is in the entry's schedule."""
    return entry.schedule is None or is_within(entry.schedule, local)


def strength(match: Match) -> tuple[float, ...]:
    """The sort key of matches: the same plate, then patterns, then by distance; `deny` before `allow`.

    Of equal ones those come first whose marks fit too.
    """
    return (
        0 if match.is_exact else 1,
        match.distance,
        match.folded,
        _URGENCY[match.watchlist.kind],
        match.entry.id,
    )
