"""Bodies of `/api/v1/cameras`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from platewatch.cameras.source_urls import check_source_url
from platewatch.db.base import MAX_ID
from platewatch.db.tables import CameraRow
from platewatch.fields import NO_CONTROLS

MAX_PAGE = 200


class CameraDirection(StrEnum):
    """The direction of the vehicles that a camera sees."""

    ENTERING = "entering"
    LEAVING = "leaving"
    BOTH = "both"
    UNKNOWN = "unknown"


CameraName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150, pattern=NO_CONTROLS)]
SourceUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2000),
    AfterValidator(check_source_url),
    Field(
        description="where frames come from; its password is never shown again",
        examples=["rtsp://viewer:secret@192.0.2.10:554/stream1"],
    ),
]


class CameraRead(BaseModel):
    """A source of frames."""

    id: int = Field(examples=[5])
    name: str = Field(examples=["gate-1"])
    location_id: int | None
    location: str | None = Field(examples=["north car park"])
    direction: CameraDirection
    source_url: str | None = Field(
        description="with *** for secrets", examples=["rtsp://viewer:***@192.0.2.10:554/stream1"]
    )
    enabled: bool
    created_at: datetime

    @classmethod
    def of(cls, row: CameraRow) -> CameraRead:
        return cls(
            id=row.id,
            name=row.name,
            location_id=row.location_id,
            location=row.location.name if row.location else None,
            direction=CameraDirection(row.direction),
            source_url=row.source_url,
            enabled=row.disabled_at is None,
            created_at=row.created_at,
        )


class CameraPage(BaseModel):
    items: list[CameraRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class CameraQuery(BaseModel):
    """Filters and paging of the list."""

    model_config = ConfigDict(extra="forbid")

    location_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    enabled: bool | None = None
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=1000, description="`next_cursor` of the page before")


class CameraCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: CameraName
    location_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    direction: CameraDirection = CameraDirection.UNKNOWN
    source_url: SourceUrl | None = None
    enabled: bool = True


class CameraUpdate(BaseModel):
    """Only the fields that are sent change; null takes a value away. A shown `source_url` may be sent back as it is."""

    model_config = ConfigDict(extra="forbid")

    name: CameraName | None = None
    location_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    direction: CameraDirection | None = None
    source_url: SourceUrl | None = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _never_without(self) -> CameraUpdate:
        for field in ("name", "direction", "enabled"):
            if field in self.model_fields_set and getattr(self, field) is None:
                raise ValueError(f"{field} can't be null; leave it out to keep it")
        return self
