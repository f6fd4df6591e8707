"""Bodies of `/api/v1/visits` and of the visits' events."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from platewatch.db.base import MAX_ID
from platewatch.db.tables import VisitRow
from platewatch.fields import Instant
from platewatch.plates.fields import SearchedPlate, WrittenPlate
from platewatch.visits.stays import VisitState

MAX_PAGE = 200


class VisitRead(BaseModel):
    """A stay of one vehicle. Without an entry or an exit it was not seen coming or going."""

    id: int = Field(examples=[7])
    plate: str = Field(description="as it was read on the way in, or else out", examples=["AB12CDE"])
    written: WrittenPlate = None
    state: VisitState
    location_id: int | None
    location: str | None = Field(examples=["north car park"])
    entered_at: datetime | None
    left_at: datetime | None
    ended_at: datetime | None = Field(description="when it stopped counting as inside: it left, or came in again")
    duration_s: int | None = Field(description="None while it lasts, and where the entry or the exit was missed")
    fee: int | None = Field(description="in the currency's minor unit; None without a tariff", examples=[250])
    currency: str | None = Field(examples=["EUR"])
    overstayed_at: datetime | None = Field(description="when the location's limit was exceeded")
    entry_sighting_id: int | None
    exit_sighting_id: int | None

    @classmethod
    def of(cls, row: VisitRow) -> VisitRead:
        return cls(
            id=row.id,
            plate=row.plate,
            written=row.written,
            state=VisitState(row.state),
            location_id=row.location_id,
            location=row.location.name if row.location else None,
            entered_at=row.entered_at,
            left_at=row.left_at,
            ended_at=row.ended_at,
            duration_s=row.duration_s,
            fee=row.fee,
            currency=row.currency,
            overstayed_at=row.overstayed_at,
            entry_sighting_id=row.entry.sighting_id if row.entry else None,
            exit_sighting_id=row.exit.sighting_id if row.exit else None,
        )


class PublishedVisit(VisitRead):
    """The visit of an event. A visit that a new reading or a correction undid is published once more, as withdrawn."""

    withdrawn: bool = False
    occupancy: int = Field(description="vehicles inside the location after it")


class VisitPage(BaseModel):
    items: list[VisitRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class VisitFilter(BaseModel):
    """Filters of visits."""

    model_config = ConfigDict(extra="forbid")

    plate: SearchedPlate | None = Field(
        default=None, description="this plate, or all that fit a pattern with `?` and `*`"
    )
    location_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    state: VisitState | None = None
    overstayed: bool | None = Field(default=None, description="only those that exceeded the limit, or only the others")
    began_from: Instant | None = Field(default=None, description="not before; ISO 8601 with offset")
    began_to: Instant | None = Field(default=None, description="before; ISO 8601 with offset")
    reason: str | None = Field(
        default=None, max_length=300, description="why plates are searched; kept in the audit log, filters nothing"
    )


class VisitQuery(VisitFilter):
    """Filters and paging of the list."""

    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


class VisitClose(BaseModel):
    """Somebody says that a vehicle has left."""

    model_config = ConfigDict(extra="forbid")

    left_at: Instant | None = Field(
        default=None, description="ISO 8601 with offset; now by default", examples=["2026-03-01T17:30:00+01:00"]
    )
