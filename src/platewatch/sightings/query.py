"""Queries of the list of sightings."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from platewatch.db.base import MAX_ID
from platewatch.fields import Instant
from platewatch.plates.fields import SearchedPlate, SearchedRegion
from platewatch.plates.matching import is_pattern
from platewatch.sightings.schemas import (
    PlaceName,
    SightingSource,
    VehicleColor,
    VehicleMake,
    VehicleType,
)
from platewatch.sightings.sorting import Sort
from platewatch.vision.types import Direction

MAX_PAGE: Final = 200
MAX_DISTANCE: Final = 2.0

_Id = Annotated[int, Field(ge=1, le=MAX_ID)]


class PlateMatch(StrEnum):
    """How the plate of the query is compared with those of the sightings."""

    EXACT = "exact"
    PREFIX = "prefix"
    WILDCARD = "wildcard"
    FUZZY = "fuzzy"


class SightingFilter(BaseModel):
    """Filters of sightings; all that are given must fit."""

    model_config = ConfigDict(extra="forbid")

    plate: SearchedPlate | None = Field(
        default=None,
        description="separators, case and marks don't count; `?` is any character, `*` any number of them",
    )
    match: PlateMatch | None = Field(
        default=None, description="how `plate` is meant; by default `wildcard` with a `?` or `*` in it, else `exact`"
    )
    distance: float = Field(
        default=1,
        ge=0,
        le=MAX_DISTANCE,
        description="for `fuzzy`: edits that are let pass; one that takes a look-alike (O and 0, B and 8) counts half",
    )
    captured_from: Instant | None = Field(default=None, description="not before; ISO 8601 with offset")
    captured_to: Instant | None = Field(default=None, description="before; ISO 8601 with offset")
    location_id: _Id | None = None
    location: PlaceName | None = Field(default=None, description="the location's name")
    camera_id: _Id | None = None
    camera: PlaceName | None = Field(default=None, description="the camera's name")
    direction: Direction | None = None
    region: SearchedRegion | None = Field(
        default=None, description="a country finds its states too", examples=["us", "us-ca"]
    )
    vehicle_type: VehicleType | None = None
    vehicle_color: VehicleColor | None = Field(default=None, description="in any case", examples=["white"])
    vehicle_make: VehicleMake | None = Field(default=None, description="in any case", examples=["volkswagen"])
    source: SightingSource | None = None
    min_confidence: float = Field(default=0, ge=0, le=1)
    max_confidence: float = Field(default=1, ge=0, le=1)
    unsure: bool | None = Field(
        default=None, description="only unsure readings that nobody confirmed, or only the others"
    )
    watchlist_id: _Id | None = Field(default=None, description="only those that matched an entry of this list")
    corrected: bool | None = Field(default=None, description="only those that somebody corrected, or only the others")
    reason: str | None = Field(
        default=None, max_length=300, description="why plates are searched; kept in the audit log, filters nothing"
    )

    @model_validator(mode="after")
    def _says_which_plate(self) -> Self:
        if self.match is not None and self.plate is None:
            raise ValueError("`match` says how `plate` is meant: give that too")
        return self

    @property
    def plate_match(self) -> PlateMatch:
        """How `plate` is compared: as given, else by whether it has wildcards."""
        if self.match is not None:
            return self.match
        return PlateMatch.WILDCARD if is_pattern(self.plate or "") else PlateMatch.EXACT

    def describe_filters(self) -> str:
        """The given filters as `name=value`, for the audit log."""
        given = self.model_dump(mode="json", exclude_defaults=True, exclude={"reason", "cursor", "format"})
        return ", ".join(f"{name}={value}" for name, value in given.items())


class SightingQuery(SightingFilter):
    """Filters, order and paging of the list."""

    sort: Sort = Sort.NEWEST
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")
