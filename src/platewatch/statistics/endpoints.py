"""`/api/v1/statistics`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from platewatch.statistics.schemas import (
    CountQuery,
    CountsRead,
    DwellQuery,
    DwellRead,
    HeatMapRead,
    OccupancyQuery,
    OccupancyRead,
    RegularsQuery,
    RegularsRead,
    StatisticsQuery,
    SummaryRead,
)
from platewatch.statistics.service import StatisticsService
from platewatch.web.dependencies import (
    OPENAPI_SECURITY,
    PlateSearchDep,
    Reader,
    ReadingSession,
    StateDep,
    describe_filters,
)


def get_statistics(state: StateDep, session: ReadingSession, _reader: Reader) -> StatisticsService:
    return StatisticsService(session, state.clock)


Statistics = Annotated[StatisticsService, Depends(get_statistics)]
router = APIRouter(prefix="/api/v1/statistics", tags=["statistics"], dependencies=OPENAPI_SECURITY)


@router.get("/summary")
def read_summary(query: Annotated[StatisticsQuery, Query()], statistics: Statistics) -> SummaryRead:
    """Count sightings, plates and corrections."""
    return statistics.summary(query)


@router.get("/counts")
def read_counts(query: Annotated[CountQuery, Query()], statistics: Statistics) -> CountsRead:
    """Count sightings by hour, day, week, location, camera, direction, region or type of vehicle."""
    return statistics.counts(query)


@router.get("/heatmap")
def read_heat_map(query: Annotated[StatisticsQuery, Query()], statistics: Statistics) -> HeatMapRead:
    """Count sightings by weekday and hour."""
    return statistics.heat_map(query)


@router.get("/regulars")
def read_regulars(
    query: Annotated[RegularsQuery, Query()], statistics: Statistics, search: PlateSearchDep
) -> RegularsRead:
    """List the plates that were seen on most days."""
    search.note_choice("regulars", describe_filters(query), query.reason)
    return statistics.regulars(query)


@router.get("/dwell")
def read_dwell(query: Annotated[DwellQuery, Query()], statistics: Statistics) -> DwellRead:
    """Tell how long vehicles stay."""
    return statistics.dwell(query)


@router.get("/occupancy")
def read_occupancy(query: Annotated[OccupancyQuery, Query()], statistics: Statistics) -> OccupancyRead:
    """Tell how full a location was, by hour or day."""
    return statistics.occupancy(query)
