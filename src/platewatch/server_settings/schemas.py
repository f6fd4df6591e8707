"""Bodies of `/api/v1/settings`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from platewatch.fields import TimeZone


class ZoneOrigin(StrEnum):
    """The source of the server's time zone."""

    ENVIRONMENT = "environment"
    """`PLATEWATCH_TIME_ZONE`."""
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"
    """It is UTC."""


class ServerSettingsRead(BaseModel):
    time_zone: str = Field(
        description="of places made by name, of sightings without a place, and of photos whose zone nothing says",
        examples=["Europe/Berlin"],
    )
    time_zone_origin: ZoneOrigin


class ServerSettingsUpdate(BaseModel):
    """A change; fields that are left out stay."""

    model_config = ConfigDict(extra="forbid")

    time_zone: TimeZone | None = Field(default=None, description="locations that exist keep theirs")
