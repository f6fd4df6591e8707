"""`GET /statistics`: all figures in one answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.locations.service import LocationService
from platewatch.statistics.schemas import CountBy, CountQuery, CountRead, DaysRead, StatisticsQuery
from platewatch.statistics.service import StatisticsService
from platewatch.web.dependencies import Reader, ReadingSession, StateDep
from platewatch.web.error_shapes import DETAIL_ERRORS

BUSIEST_SHOWN = 5

router = APIRouter(tags=["Galaxy ALPR"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


class HourCount(BaseModel):
    hour: int = Field(description="of the day, local time, 0 to 23", examples=[8])
    count: int


class BusyHour(HourCount):
    weekday: int = Field(description="0 is Monday")


class OccupancyNow(BaseModel):
    location_id: int
    location: str = Field(examples=["north car park"])
    occupancy: int = Field(description="vehicles inside now")
    capacity: int | None


class Statistics(DaysRead):
    total_detections: int
    unique_plates: int
    mean_confidence: float | None = Field(description="None without detections")
    by_hour: list[HourCount] = Field(description="the hours of the day, over all days")
    by_day: list[CountRead]
    by_location: list[CountRead]
    by_camera: list[CountRead]
    by_type: list[CountRead] = Field(description="of the vehicles, as somebody entered them; None of the others")
    busiest_hours: list[BusyHour] = Field(description=f"of the week, at most {BUSIEST_SHOWN}, the busiest first")
    occupancy: list[OccupancyNow]


@router.get("/statistics")
def read_statistics(
    query: Annotated[StatisticsQuery, Query()], state: StateDep, session: ReadingSession, _reader: Reader
) -> Statistics:
    """Count detections by time and place, and report how full the locations are."""
    service = StatisticsService(session, state.clock)
    summary = service.summary(query)
    week = service.heat_map(query).counts
    return Statistics(
        date_from=summary.date_from,
        date_to=summary.date_to,
        time_zone=summary.time_zone,
        total_detections=summary.sightings,
        unique_plates=summary.unique_plates,
        mean_confidence=summary.mean_confidence,
        by_hour=[HourCount(hour=hour, count=sum(day[hour] for day in week)) for hour in range(24)],
        by_day=_counts(service, query, CountBy.DAY),
        by_location=_counts(service, query, CountBy.LOCATION),
        by_camera=_counts(service, query, CountBy.CAMERA),
        by_type=_counts(service, query, CountBy.VEHICLE_TYPE),
        busiest_hours=_busiest(week),
        occupancy=_occupancies(LocationService(session, state.clock), query.location_id),
    )


def _counts(service: StatisticsService, query: StatisticsQuery, by: CountBy) -> list[CountRead]:
    return service.counts(CountQuery(**query.model_dump(), by=by)).items


def _busiest(week: list[list[int]]) -> list[BusyHour]:
    hours = [
        BusyHour(weekday=weekday, hour=hour, count=count)
        for weekday, day in enumerate(week)
        for hour, count in enumerate(day)
        if count
    ]
    return sorted(hours, key=lambda busy: -busy.count)[:BUSIEST_SHOWN]


def _occupancies(service: LocationService, location_id: int | None) -> list[OccupancyNow]:
    rows = service.all() if location_id is None else [service.get_or_raise(location_id)]
    return [
        OccupancyNow(
            location_id=location.id, location=location.name, occupancy=location.occupancy, capacity=location.capacity
        )
        for location in service.read(rows)
    ]
