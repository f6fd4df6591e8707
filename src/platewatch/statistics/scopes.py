"""The scope of a statistic: its places and local days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from platewatch.db.tables import LocationRow
from platewatch.statistics.local_time import Span, local_spans


@dataclass(frozen=True, slots=True)
class Scope:
    """Places of one time zone: locations by id, or with none of them what was seen at no location."""

    location_ids: tuple[int, ...]
    spans: tuple[Span, ...]

    @property
    def first_slot(self) -> int:
        return self.spans[0].first

    @property
    def end_slot(self) -> int:
        return self.spans[-1].end


def scopes_of(
    locations: Iterable[LocationRow], first_day: date, last_day: date, nowhere_zone: str | None
) -> list[Scope]:
    """The local days of each location, by time zone; with `nowhere_zone` also, in that, what has no location."""
    by_zone: dict[str, list[int]] = {}
    for location in locations:
        by_zone.setdefault(location.time_zone, []).append(location.id)
    scopes = [Scope(tuple(ids), local_spans(zone, first_day, last_day)) for zone, ids in sorted(by_zone.items())]
    if nowhere_zone is not None:
        scopes.append(Scope((), local_spans(nowhere_zone, first_day, last_day)))
    return scopes


def longest(scopes: Sequence[Scope]) -> tuple[int, int]:
    """The first slot of them all, and the one behind the last."""
    return min(scope.first_slot for scope in scopes), max(scope.end_slot for scope in scopes)
