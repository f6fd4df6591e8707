"""Bodies of `/api/v1/privacy`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from platewatch.db.base import MAX_ID
from platewatch.plates.fields import WrittenPlate
from platewatch.sightings.schemas import SightingRead

Days = Annotated[int | None, Field(ge=0, le=36_500, description="None keeps them; 0 lets them go with the next run")]
Reason = Annotated[str, Field(min_length=1, max_length=300, examples=["request of 3 March, file 17"])]


class RetentionWrite(BaseModel):
    """For how many days what is kept."""

    model_config = ConfigDict(extra="forbid")

    images_days: Days = Field(default=None, examples=[30])
    crops_days: Days = None
    text_days: Days = Field(default=None, description="with the text the whole sighting goes, its visits and decisions")


class RetentionRead(RetentionWrite):
    """`location_id` is None for the policy of all locations that have none of their own."""

    location_id: int | None
    location: str | None
    updated_at: datetime | None


class RetentionAll(BaseModel):
    items: list[RetentionRead]


class HoldCreate(BaseModel):
    """A legal hold, which keeps one sighting, or all of a plate, from deletion."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    plate: str | None = Field(default=None, min_length=1, max_length=64)
    sighting_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    reason: Reason

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.plate is None) == (self.sighting_id is None):
            raise ValueError("give either `plate` or `sighting_id`")
        return self


class HoldRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[3])
    plate: str | None = Field(examples=["AB12CDE"])
    written: WrittenPlate
    sighting_id: int | None
    reason: str
    username: str | None
    created_at: datetime


class HoldAll(BaseModel):
    items: list[HoldRead]


class Counts(BaseModel):
    """The counts of what was deleted, or would be."""

    images: int = Field(default=0, description="photos taken from sightings", examples=[12])
    crops: int = 0
    sightings: int = 0
    visits: int = 0
    decisions: int = Field(default=0, description="lines of the access log")
    events: int = 0
    entries: int = Field(default=0, description="entries of watchlists")


class RunRead(BaseModel):
    """One run of the job."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    started_at: datetime
    finished_at: datetime | None
    counts: Counts
    error: str | None


class RunAll(BaseModel):
    items: list[RunRead]


class RunCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(default=True, description="only count what would go", examples=[True])


class ErasureCreate(BaseModel):
    """The plate, and the reason."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    plate: str = Field(min_length=1, max_length=64)
    reason: Reason
    dry_run: bool = Field(default=True, description="only count what would go")
    watchlists: bool = Field(default=False, description="take the plate off the watchlists too")


class ReportedVisit(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    plate: str
    written: WrittenPlate
    location_id: int | None
    state: str
    entered_at: datetime | None
    left_at: datetime | None
    fee: int | None
    currency: str | None


class ReportedDecision(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    plate: str
    written: WrittenPlate
    location_id: int | None
    decision: str
    reason: str
    decided_at: datetime
    note: str | None


class ReportedListing(BaseModel):
    watchlist: str
    kind: str
    entry: str
    entry_written: WrittenPlate
    owner: str | None
    note: str | None


class PlateReport(BaseModel):
    """Everything that is stored about a plate. `is_complete` is False if there is more than fits.

    All that has the plate's key is in it, and so is another plate that differs in marks alone (BÖ and BO): what
    somebody typed of it stands in `written`.
    """

    plate: str = Field(description="the key by which plates are compared")
    is_complete: bool
    sightings: list[SightingRead]
    visits: list[ReportedVisit]
    decisions: list[ReportedDecision]
    watchlists: list[ReportedListing]
    holds: list[HoldRead]
