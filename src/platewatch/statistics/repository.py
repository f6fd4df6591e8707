"""Counting in SQL, over one covering index each, so that a million sightings are counted without reading the rows.

Several time zones are counted one by one and added up: SQLite reads the rows themselves as soon as it meets an OR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Select, case, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from platewatch.db.base import SLOT_S
from platewatch.db.tables import CameraRow, LocationRow, SightingRow, VisitRow
from platewatch.statistics import expressions as sql
from platewatch.statistics.local_time import BucketKey, TimeBucket
from platewatch.statistics.scopes import Scope, longest

DWELL_EDGES_MINUTES: Final = (0, 15, 30, 60, 120, 240, 480, 1440)

_TYPED: Final = "manual"
"""The recognizer of sightings that no machine read, so that their confidence says nothing."""

AnySelect: TypeAlias = Select[*tuple[Any, ...]]

WIDE: Final = 0.1
"""Beyond this share of all time it is faster to walk all plates in order than to sort those of the days: measured on a
million sightings with SQLite, 0.2 s against 1.2 s for all of them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Sightings with one key: how many, how many of them are readings (the others somebody typed) and unsure."""

    count: int = 0
    readings: int = 0
    confidence_sum: float = 0.0
    unsure: int = 0

    @property
    def mean_confidence(self) -> float | None:
        """Of the readings."""
        return self.confidence_sum / self.readings if self.readings else None


@dataclass(frozen=True, slots=True)
class Regular:
    plate: str
    days: int
    sightings: int


@dataclass(frozen=True, slots=True)
class Moves:
    """Vehicles that came and went in one bucket, and the most that were inside after any quarter hour of it."""

    entered: int
    left: int
    highest: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Filters of the counted sightings: places, days and further conditions."""

    scopes: Sequence[Scope]
    camera_id: int | None = None
    direction: str | None = None
    unsure: bool | None = None

    @property
    def filters(self) -> list[Any]:
        found: list[Any] = []
        if self.camera_id is not None:
            found.append(sql.unindexed(SightingRow.camera_id) == self.camera_id)
        if self.direction is not None:
            found.append(SightingRow.direction == self.direction)
        if self.unsure is not None:
            found.append(SightingRow.is_unsure.is_(self.unsure))
        return found


class StatisticsRepository:
    """Reads only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_time(self, chosen: Chosen, bucket: TimeBucket, *, with_offset: bool) -> dict[BucketKey, Counted]:
        """The sightings of each local hour, day or week that has any."""
        slot = SightingRow.captured_slot
        keys = [sql.bucket_key(slot, scope.spans, bucket, with_offset=with_offset) for scope in chosen.scopes]
        return {sql.unpacked(packed): counted for packed, counted in self._count_by(chosen, keys).items()}

    def by_hour_of_week(self, chosen: Chosen) -> dict[int, int]:
        """The sightings of each hour of a week, Monday first, that has any."""
        slot = SightingRow.captured_slot
        keys = [sql.hour_of_week(sql.local_slot(slot, scope.spans)) for scope in chosen.scopes]
        return {int(hour): counted.count for hour, counted in self._count_by(chosen, keys).items()}

    def by_column(self, chosen: Chosen, column: InstrumentedAttribute[Any]) -> dict[Any, Counted]:
        """The sightings of each value of a column of the index."""
        return self._count_by(chosen, [column] * len(chosen.scopes))

    def unique_plates(self, chosen: Chosen) -> int:
        """The number of different plates."""
        query = select(SightingRow.plate).where(self._inside(chosen), *chosen.filters)
        plates = query.group_by(SightingRow.plate).subquery()
        return self._session.scalar(select(func.count()).select_from(plates)) or 0

    def regulars(self, chosen: Chosen, limit: int) -> list[Regular]:
        """The plates that were seen on most local days."""
        local = sql.local_slot_of_any(chosen.scopes, SightingRow.location_id, SightingRow.captured_slot)
        days = func.count(sql.bucket_number(local, TimeBucket.DAY).distinct())
        seen = select(SightingRow.plate, days, func.count()).where(self._inside(chosen), *chosen.filters)
        ordered = seen.group_by(SightingRow.plate).order_by(days.desc(), func.count().desc(), SightingRow.plate)
        return [Regular(plate, days, count) for plate, days, count in self._session.execute(ordered.limit(limit))]

    def first_and_last(self, chosen: Chosen, plates: Sequence[str]) -> dict[str, tuple[datetime, datetime]]:
        """When each of the plates was seen first and last."""
        inside = sql.within_any(chosen.scopes, SightingRow.location_id, SightingRow.captured_slot)
        query = (
            select(SightingRow.plate, func.min(SightingRow.captured_at), func.max(SightingRow.captured_at))
            .where(SightingRow.plate.in_(plates), inside, *chosen.filters)
            .group_by(SightingRow.plate)
        )
        return {plate: (first, last) for plate, first, last in self._session.execute(query)}

    def corrected(self, chosen: Chosen) -> int:
        """The number of corrected sightings."""
        first, end = (datetime.fromtimestamp(slot * SLOT_S, UTC) for slot in longest(chosen.scopes))
        in_time = (SightingRow.captured_at >= first) & (SightingRow.captured_at < end)
        # Few are: the index of those is the one to use.
        location_id, slot = sql.unindexed(SightingRow.location_id), sql.unindexed(SightingRow.captured_slot)
        inside = sql.within_any(chosen.scopes, location_id, slot)
        query = select(func.count()).select_from(SightingRow).where(SightingRow.is_corrected, in_time, inside)
        return self._session.scalar(query.where(*chosen.filters)) or 0

    def names(self, row: type[LocationRow | CameraRow], ids: Sequence[int]) -> dict[int, str]:
        """The names of locations or cameras."""
        found = self._session.execute(select(row.id, row.name).where(row.id.in_(ids)))
        return {row.id: row.name for row in found}

    def dwell_bins(self, scopes: Sequence[Scope]) -> dict[int, tuple[int, int]]:
        """By the number of the bin: how many closed visits, and the sum of their seconds."""
        edges = list(enumerate(DWELL_EDGES_MINUTES[1:]))
        beyond = sql.number(len(edges))
        bins = case(
            *((VisitRow.duration_s < sql.number(edge * 60), sql.number(index)) for index, edge in edges), else_=beyond
        )
        parts = [
            select(bins.label("bin"), func.count().label("n"), func.sum(VisitRow.duration_s).label("s"))
            .where(sql.within(scope, VisitRow.location_id, VisitRow.entered_slot), VisitRow.duration_s.is_not(None))
            .group_by(bins)
            for scope in scopes
        ]
        every = union_all(*parts).subquery()
        query = select(every.c.bin, func.sum(every.c.n), func.sum(every.c.s)).group_by(every.c.bin)
        return {int(index): (int(count), int(seconds)) for index, count, seconds in self._session.execute(query)}

    def dwell_ranks(self, scopes: Sequence[Scope], ranks: Sequence[int]) -> dict[int, int]:
        """The duration in seconds of the closed visit with each of the ranks, the shortest being 1."""
        rank = func.row_number().over(order_by=VisitRow.duration_s).label("rank")
        inside = sql.within_any(scopes, VisitRow.location_id, VisitRow.entered_slot)
        ranked = select(rank, VisitRow.duration_s).where(inside, VisitRow.duration_s.is_not(None)).subquery()
        query = select(ranked.c.rank, ranked.c.duration_s).where(ranked.c.rank.in_(ranks))
        return {int(found): int(seconds) for found, seconds in self._session.execute(query)}

    def inside_before(self, scope: Scope) -> int:
        """The number of vehicles inside when the scope's days began."""
        (location_id,) = scope.location_ids
        entered = VisitRow.entered_slot < scope.first_slot
        query = select(func.count()).select_from(VisitRow).where(VisitRow.location_id == location_id, entered)
        left = query.where(VisitRow.ended_slot < scope.first_slot)
        return (self._session.scalar(query) or 0) - (self._session.scalar(left) or 0)

    def moves(self, scope: Scope, bucket: TimeBucket, inside_before: int) -> dict[BucketKey, Moves]:
        """The counts of each local hour or day that has any."""
        steps = union_all(_steps(scope, VisitRow.entered_slot, 1, 0), _steps(scope, VisitRow.ended_slot, 0, 1))
        step = steps.subquery()
        added = [func.sum(step.c.entered).label("entered"), func.sum(step.c.departed).label("departed")]
        by_slot = select(step.c.slot, *added).group_by(step.c.slot).subquery()
        inside = func.sum(by_slot.c.entered - by_slot.c.departed).over(order_by=by_slot.c.slot).label("inside")
        with_offset = bucket is TimeBucket.HOUR
        key: sql.IntColumn = sql.bucket_key(by_slot.c.slot, scope.spans, bucket, with_offset=with_offset)
        running = select(key.label("key"), by_slot.c.entered, by_slot.c.departed, inside).subquery().c
        sums = [func.sum(running.entered), func.sum(running.departed), func.max(running.inside)]
        query = select(running.key, *sums).group_by(running.key)
        return {
            sql.unpacked(packed): Moves(int(entered), int(departed), inside_before + int(highest))
            for packed, entered, departed, highest in self._session.execute(query)
        }

    def _count_by(self, chosen: Chosen, keys: Sequence[Any]) -> dict[Any, Counted]:
        """The sightings by the key that each scope has."""
        is_reading = SightingRow.recognizer != _TYPED
        sums = [
            func.count().label("n"),
            func.sum(case((is_reading, sql.number(1)), else_=sql.number(0))).label("r"),
            func.sum(case((is_reading, SightingRow.confidence), else_=sql.number(0))).label("s"),
            func.sum(case((SightingRow.is_unsure.is_(True), sql.number(1)), else_=sql.number(0))).label("u"),
        ]
        parts = [
            select(key.label("key"), *sums)
            .where(sql.within(scope, SightingRow.location_id, SightingRow.captured_slot), *chosen.filters)
            .group_by(key)
            for key, scope in zip(keys, chosen.scopes, strict=True)
        ]
        every = union_all(*parts).subquery().c
        totals = [func.sum(column) for column in (every.n, every.r, every.s, every.u)]
        query = select(every.key, *totals).group_by(every.key)
        return {
            key: Counted(int(count), int(readings), float(total), int(unsure))
            for key, count, readings, total, unsure in self._session.execute(query)
        }

    def _inside(self, chosen: Chosen) -> ColumnElement[bool]:
        """Whether a sighting is one of the scopes', asked so that the better index for plates is taken."""
        first, last = self._session.execute(
            select(func.min(SightingRow.captured_at), func.max(SightingRow.captured_at))
        ).one()
        location_id, slot = SightingRow.location_id, SightingRow.captured_slot
        begin, end = longest(chosen.scopes)
        wide = first is not None and (end - begin) * SLOT_S > WIDE * (last - first).total_seconds()
        if wide and not chosen.filters:
            return sql.within_any(chosen.scopes, sql.unindexed(location_id), sql.unindexed(slot))
        return sql.within_any(chosen.scopes, location_id, slot)


def _steps(scope: Scope, slot: InstrumentedAttribute[int | None], entered: int, departed: int) -> AnySelect:
    """For each slot, how many visits began (or ended) in it."""
    inside = sql.within(scope, VisitRow.location_id, slot)
    count = func.count()
    columns = [(count * sql.number(entered)).label("entered"), (count * sql.number(departed)).label("departed")]
    return select(slot.label("slot"), *columns).where(inside, VisitRow.entered_slot.is_not(None)).group_by(slot)
