"""Statistics of sightings and visits: counts by time and place, regulars, durations, occupancy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import InstrumentedAttribute, Session

from platewatch.clock import Clock
from platewatch.db.tables import CameraRow, LocationRow, SightingRow
from platewatch.errors import FieldError
from platewatch.locations.service import LocationService
from platewatch.server_settings.service import ServerSettings
from platewatch.statistics.local_time import WEEK_HOURS, BucketKey, TimeBucket, bucket_keys, bucket_start
from platewatch.statistics.repository import DWELL_EDGES_MINUTES, Chosen, Counted, StatisticsRepository
from platewatch.statistics.schemas import (
    MAX_DAYS,
    MAX_HOURLY_DAYS,
    CountBy,
    CountQuery,
    CountRead,
    CountsRead,
    DaysRead,
    DwellBin,
    DwellQuery,
    DwellRead,
    HeatMapRead,
    OccupancyPoint,
    OccupancyQuery,
    OccupancyRead,
    RegularRead,
    RegularsQuery,
    RegularsRead,
    StatisticsQuery,
    SummaryRead,
)
from platewatch.statistics.scopes import Scope, scopes_of
from platewatch.zones import zone_of

DEFAULT_DAYS: Final = 30
_DIGITS: Final = 4
_COLUMNS: dict[CountBy, InstrumentedAttribute[Any]] = {
    CountBy.LOCATION: SightingRow.location_id,
    CountBy.CAMERA: SightingRow.camera_id,
    CountBy.DIRECTION: SightingRow.direction,
    CountBy.REGION: SightingRow.region,
    CountBy.VEHICLE_TYPE: SightingRow.vehicle_type,
}
_NAMED: dict[CountBy, type[LocationRow | CameraRow]] = {CountBy.LOCATION: LocationRow, CountBy.CAMERA: CameraRow}


class StatisticsService:
    """Reads only."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._clock = clock
        self._locations = LocationService(session, clock)
        self._server = ServerSettings(session, clock)
        self._statistics = StatisticsRepository(session)

    def counts(self, query: CountQuery) -> CountsRead:
        """Sightings by time, place, direction, region or type of vehicle.

        Raises:
            NotFoundError: no such location.
            FieldError: too many hours.
        """
        days, scopes = self._frame(query.date_from, query.date_to, query.location_id)
        chosen = Chosen(scopes, query.camera_id, query.direction, query.unsure)
        if query.by in _COLUMNS:
            items = self._by_column(chosen, query.by, query.limit)
        else:
            items = self._by_time(chosen, TimeBucket(query.by), days)
        return CountsRead(**days.model_dump(), by=query.by, items=items)

    def summary(self, query: StatisticsQuery) -> SummaryRead:
        """The figures of all sightings together.

        Raises:
            NotFoundError: no such location.
        """
        days, scopes = self._frame(query.date_from, query.date_to, query.location_id)
        chosen = Chosen(scopes, query.camera_id, query.direction, query.unsure)
        directions = self._statistics.by_column(chosen, SightingRow.direction)
        count = sum(counted.count for counted in directions.values())
        whole = Counted(
            count,
            sum(counted.readings for counted in directions.values()),
            math.fsum(counted.confidence_sum for counted in directions.values()),
            sum(counted.unsure for counted in directions.values()),
        )
        corrected = self._statistics.corrected(chosen)
        ways = Counter({way: counted.count for way, counted in directions.items()})
        return SummaryRead(
            **days.model_dump(),
            entering=ways["entering"],
            leaving=ways["leaving"],
            unknown=ways["unknown"],
            sightings=count,
            unique_plates=self._statistics.unique_plates(chosen),
            mean_confidence=_round(whole.mean_confidence),
            unsure=whole.unsure,
            corrected=corrected,
            corrections_rate=_round(corrected / count if count else None),
        )

    def regulars(self, query: RegularsQuery) -> RegularsRead:
        """The plates that come most often.

        Raises:
            NotFoundError: no such location.
        """
        days, scopes = self._frame(query.date_from, query.date_to, query.location_id)
        chosen = Chosen(scopes, query.camera_id, query.direction, query.unsure)
        regulars = self._statistics.regulars(chosen, query.limit)
        seen = self._statistics.first_and_last(chosen, [regular.plate for regular in regulars])
        items = []
        for regular in regulars:
            first, last = seen[regular.plate]
            items.append(
                RegularRead(
                    plate=regular.plate,
                    days=regular.days,
                    sightings=regular.sightings,
                    first_seen_at=first,
                    last_seen_at=last,
                )
            )
        return RegularsRead(**days.model_dump(), items=items)

    def heat_map(self, query: StatisticsQuery) -> HeatMapRead:
        """Sightings by weekday and hour.

        Raises:
            NotFoundError: no such location.
        """
        days, scopes = self._frame(query.date_from, query.date_to, query.location_id)
        found = self._statistics.by_hour_of_week(Chosen(scopes, query.camera_id, query.direction, query.unsure))
        hours = [found.get(hour, 0) for hour in range(WEEK_HOURS)]
        busiest = max(range(WEEK_HOURS), key=hours.__getitem__) if any(hours) else None
        return HeatMapRead(
            **days.model_dump(),
            counts=[hours[first : first + 24] for first in range(0, WEEK_HOURS, 24)],
            busiest_weekday=None if busiest is None else busiest // 24,
            busiest_hour=None if busiest is None else busiest % 24,
        )

    def dwell(self, query: DwellQuery) -> DwellRead:
        """Durations of the visits that began in these days and ended.

        Raises:
            NotFoundError: no such location.
        """
        days, scopes = self._frame(query.date_from, query.date_to, query.location_id)
        bins = self._statistics.dwell_bins(scopes)
        visits = sum(count for count, _ in bins.values())
        seconds = sum(seconds for _, seconds in bins.values())
        median, p90 = math.ceil(visits * 0.5), math.ceil(visits * 0.9)
        ranks = self._statistics.dwell_ranks(scopes, [median, p90]) if visits else {}
        ends = [*DWELL_EDGES_MINUTES[1:], None]
        return DwellRead(
            **days.model_dump(),
            visits=visits,
            mean_s=round(seconds / visits, 1) if visits else None,
            median_s=ranks.get(median),
            p90_s=ranks.get(p90),
            bins=[
                DwellBin(from_minutes=first, to_minutes=end, count=bins.get(index, (0, 0))[0])
                for index, (first, end) in enumerate(zip(DWELL_EDGES_MINUTES, ends, strict=True))
            ],
        )

    def occupancy(self, query: OccupancyQuery) -> OccupancyRead:
        """The occupancy of a location over time.

        Raises:
            NotFoundError: no such location.
            FieldError: too many hours.
        """
        days, (scope,) = self._frame(query.date_from, query.date_to, query.location_id)
        bucket = TimeBucket(query.by)
        _check_hours(bucket, days)
        inside = self._statistics.inside_before(scope)
        moves = self._statistics.moves(scope, bucket, inside)
        items = []
        for key in bucket_keys(scope.spans, bucket):
            move = moves.get(key)
            before, inside = inside, inside + (move.entered - move.left if move else 0)
            items.append(
                OccupancyPoint(
                    start=bucket_start(key, bucket, with_offset=True),
                    entered=move.entered if move else 0,
                    left=move.left if move else 0,
                    highest=max(before, move.highest) if move else before,
                    at_end=inside,
                )
            )
        location = self._locations.get_or_raise(query.location_id)
        return OccupancyRead(**days.model_dump(), location_id=location.id, capacity=location.capacity, items=items)

    def _frame(self, first: date | None, last: date | None, location_id: int | None) -> tuple[DaysRead, list[Scope]]:
        """The days, and the places by time zone."""
        locations = [self._locations.get_or_raise(location_id)] if location_id else self._locations.all()
        server_zone = self._server.time_zone()
        nowhere_zone = None if location_id else server_zone
        zones = {location.time_zone for location in locations} | ({nowhere_zone} if nowhere_zone else set())
        zone = next(iter(zones)) if len(zones) == 1 else None
        last = last or self._clock.now().astimezone(zone_of(zone or server_zone)).date()
        first = first or last - timedelta(days=DEFAULT_DAYS - 1)
        if first > last or (last - first).days >= MAX_DAYS:
            raise FieldError("date_from", f"Count from 1 to {MAX_DAYS} days, {last.isoformat()} being the last one.")
        days = DaysRead(date_from=first, date_to=last, time_zone=zone)
        return days, scopes_of(locations, first, last, nowhere_zone)

    def _by_time(self, chosen: Chosen, bucket: TimeBucket, days: DaysRead) -> list[CountRead]:
        _check_hours(bucket, days)
        with_offset = days.time_zone is not None
        found = self._statistics.by_time(chosen, bucket, with_offset=with_offset and bucket is TimeBucket.HOUR)
        keys = _keys(chosen.scopes, bucket, with_offset=with_offset)
        return [_count_read(bucket_start(key, bucket, with_offset=with_offset), found.get(key)) for key in keys]

    def _by_column(self, chosen: Chosen, by: CountBy, limit: int) -> list[CountRead]:
        found = self._statistics.by_column(chosen, _COLUMNS[by])
        largest = sorted(found.items(), key=lambda item: (-item[1].count, str(item[0])))[:limit]
        names: Mapping[int, str] = {}
        if by in _NAMED:
            names = self._statistics.names(_NAMED[by], [value for value, _ in largest if value is not None])
        return [
            _count_read(None if value is None else str(value), counted, names.get(value)) for value, counted in largest
        ]


def _keys(scopes: Sequence[Scope], bucket: TimeBucket, *, with_offset: bool) -> list[BucketKey]:
    """All buckets of the days. Hours of several time zones go by their local time alone."""
    keys = {key: None for scope in scopes for key in bucket_keys(scope.spans, bucket)}
    if with_offset:
        return list(keys)
    return sorted({BucketKey(key.number) for key in keys})


def _check_hours(bucket: TimeBucket, days: DaysRead) -> None:
    if bucket is TimeBucket.HOUR and (days.date_to - days.date_from).days >= MAX_HOURLY_DAYS:
        raise FieldError("by", f"By hours at most {MAX_HOURLY_DAYS} days are counted. Take fewer, or count by days.")


def _count_read(key: str | None, counted: Counted | None, name: str | None = None) -> CountRead:
    counted = counted or Counted()
    return CountRead(
        key=key,
        name=name,
        count=counted.count,
        mean_confidence=_round(counted.mean_confidence),
        unsure=counted.unsure,
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
