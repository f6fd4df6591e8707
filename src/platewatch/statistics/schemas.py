"""Bodies of `/api/v1/statistics`."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from platewatch.db.base import MAX_ID
from platewatch.fields import Day

EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2100, 1, 1)
MAX_DAYS: Final = 3660
MAX_HOURLY_DAYS: Final = 100
MAX_ROWS: Final = 500


class CountBy(StrEnum):
    """The dimension that sightings are counted by."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    LOCATION = "location"
    CAMERA = "camera"
    DIRECTION = "direction"
    REGION = "region"
    VEHICLE_TYPE = "vehicle_type"


class _Days(BaseModel):
    """Whole days in the time zone of the location, or of each sighting's own; without a location in the server's."""

    model_config = ConfigDict(extra="forbid")

    date_from: Day | None = Field(
        default=None, ge=EARLIEST, lt=LATEST, description="first day; 29 days before the last one by default"
    )
    date_to: Day | None = Field(default=None, ge=EARLIEST, lt=LATEST, description="last day; today by default")

    @model_validator(mode="after")
    def _in_order(self) -> _Days:
        if self.date_from is not None and self.date_to is not None:
            if self.date_from > self.date_to:
                raise ValueError("date_from lies behind date_to")
            if (self.date_to - self.date_from).days >= MAX_DAYS:
                raise ValueError(f"at most {MAX_DAYS} days at a time")
        return self


class StatisticsQuery(_Days):
    """Filters of the sightings."""

    location_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    camera_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    direction: Literal["entering", "leaving", "unknown"] | None = None
    unsure: bool | None = Field(default=None, description="only unsure readings, or only the others")


class CountQuery(StatisticsQuery):
    by: CountBy = CountBy.DAY
    limit: int = Field(
        default=100, ge=1, le=MAX_ROWS, description="of locations, cameras, regions or types, the largest first"
    )


class RegularsQuery(StatisticsQuery):
    limit: int = Field(default=20, ge=1, le=MAX_ROWS)
    reason: str | None = Field(
        default=None, max_length=300, description="why plates are searched; kept in the audit log, filters nothing"
    )


class DwellQuery(_Days):
    """Visits that began in these days."""

    location_id: int | None = Field(default=None, ge=1, le=MAX_ID)


class OccupancyQuery(_Days):
    location_id: int = Field(ge=1, le=MAX_ID)
    by: Literal["hour", "day"] = "hour"


class DaysRead(BaseModel):
    """The days that were counted, both included."""

    date_from: date
    date_to: date
    time_zone: str | None = Field(
        description="None if the sightings are of several time zones, each counted in its own"
    )


class CountRead(BaseModel):
    """Numbers of sightings. Hours, days and weeks without any are listed with 0."""

    key: str | None = Field(
        description="when the hour, day or week begins, an id, a direction, region or type; None for those without one",
        examples=["2026-03-01"],
    )
    name: str | None = Field(default=None, description="of the location or camera")
    count: int
    mean_confidence: float | None = Field(description="of what was read, not typed; None where nothing was")
    unsure: int = Field(description="how many of them are unsure readings")


class CountsRead(DaysRead):
    by: CountBy
    items: list[CountRead]


class SummaryRead(DaysRead):
    sightings: int = Field(examples=[1840])
    unique_plates: int
    mean_confidence: float | None = Field(description="of what was read, not typed; None where nothing was")
    unsure: int = Field(description="how many of them are unsure readings")
    corrected: int
    corrections_rate: float | None = Field(description="share of the sightings that were corrected")
    entering: int
    leaving: int
    unknown: int


class RegularRead(BaseModel):
    """A plate that comes often."""

    plate: str = Field(examples=["AB12CDE"])
    days: int = Field(description="local days on which it was seen")
    sightings: int
    first_seen_at: datetime = Field(description="within the days that were counted")
    last_seen_at: datetime


class RegularsRead(DaysRead):
    items: list[RegularRead] = Field(description="by days, then by sightings")


class HeatMapRead(DaysRead):
    """Sightings by weekday and hour of local time."""

    counts: list[list[int]] = Field(description="seven rows, Monday first, of 24 hours")
    busiest_weekday: int | None = Field(description="0 is Monday; None without sightings", examples=[4])
    busiest_hour: int | None


class DwellBin(BaseModel):
    from_minutes: int
    to_minutes: int | None = Field(description="not included; None for no end")
    count: int


class DwellRead(DaysRead):
    """Durations of closed visits."""

    visits: int = Field(examples=[310])
    mean_s: float | None
    median_s: int | None
    p90_s: int | None = Field(description="nine of ten visits are not longer")
    bins: list[DwellBin]


class OccupancyPoint(BaseModel):
    start: str = Field(examples=["2026-03-01T08:00+01:00"])
    entered: int
    left: int
    highest: int = Field(description="most vehicles inside, by quarters of an hour")
    at_end: int


class OccupancyRead(DaysRead):
    location_id: int
    capacity: int | None
    items: list[OccupancyPoint]
