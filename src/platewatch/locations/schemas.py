"""Bodies of `/api/v1/locations`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from platewatch.db.tables import LocationRow, TariffRow
from platewatch.fields import NO_CONTROLS, TimeZone

MAX_PAGE = 200
MAX_MINUTES = 60 * 24 * 366
MAX_PRICE = 100_000_000


PlaceName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150, pattern=NO_CONTROLS)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[52.5163])]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[13.3777])]
Capacity = Annotated[int, Field(ge=0, le=1_000_000, description="places for vehicles; None for no limit")]
OverstayMinutes = Annotated[
    int,
    Field(ge=1, le=MAX_MINUTES, description="a visit longer than this is published as `visit.overstayed`; None: never"),
]
SamePassS = Annotated[
    int,
    Field(
        ge=0, le=600, description="seconds within which sightings of a plate in one direction are one pass, seen twice"
    ),
]


class Tariff(BaseModel):
    """A tariff. Prices are in the currency's minor unit, such as cents."""

    model_config = ConfigDict(extra="forbid")

    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217", examples=["EUR"])
    free_minutes: int = Field(default=0, ge=0, le=MAX_MINUTES, description="taken off every visit")
    unit_minutes: int = Field(default=60, ge=1, le=MAX_MINUTES, description="each started unit counts whole")
    unit_price: int = Field(ge=0, le=MAX_PRICE, examples=[250])
    daily_cap: int | None = Field(
        default=None, ge=0, le=MAX_PRICE, description="the most for each 24 hours; None for no limit", examples=[1500]
    )

    @classmethod
    def of(cls, row: TariffRow | None) -> Tariff | None:
        if row is None or row.currency is None:
            return None
        return cls(
            currency=row.currency,
            free_minutes=row.free_minutes,
            unit_minutes=row.unit_minutes,
            unit_price=row.unit_price,
            daily_cap=row.daily_cap,
        )


class LocationRead(BaseModel):
    """A site or car park, and how many vehicles are in it now."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["north car park"])
    address: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str = Field(examples=["Europe/Berlin"])
    capacity: int | None
    occupancy: int = Field(description="vehicles inside, by open visits")
    free_places: int | None = Field(description="None without a capacity; never below 0")
    overstay_minutes: int | None
    same_pass_s: int
    tariff: Tariff | None
    created_at: datetime

    @classmethod
    def of(cls, row: LocationRow, *, occupancy: int, tariff: TariffRow | None) -> LocationRead:
        return cls(
            id=row.id,
            name=row.name,
            address=row.address,
            latitude=row.latitude,
            longitude=row.longitude,
            time_zone=row.time_zone,
            capacity=row.capacity,
            occupancy=occupancy,
            free_places=None if row.capacity is None else max(0, row.capacity - occupancy),
            overstay_minutes=row.overstay_minutes,
            same_pass_s=row.same_pass_s or 0,
            tariff=Tariff.of(tariff),
            created_at=row.created_at,
        )


class LocationPage(BaseModel):
    items: list[LocationRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class LocationQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=1000, description="`next_cursor` of the page before")


class _LocationFields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    capacity: Capacity | None = None
    overstay_minutes: OverstayMinutes | None = None
    same_pass_s: SamePassS | None = None
    tariff: Tariff | None = Field(default=None, description="it holds for vehicles that enter from now on")

    @model_validator(mode="after")
    def _both_coordinates(self) -> _LocationFields:
        given = self.model_fields_set & {"latitude", "longitude"}
        if len(given) == 1 or (self.latitude is None) != (self.longitude is None):
            raise ValueError("give latitude and longitude together")
        return self


class LocationCreate(_LocationFields):
    name: PlaceName
    time_zone: TimeZone | None = Field(default=None, description="the server's by default")


class LocationUpdate(_LocationFields):
    """Only the fields that are sent change; null takes a value away."""

    name: PlaceName | None = None
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _never_without(self) -> LocationUpdate:
        for field in ("name", "time_zone"):
            if field in self.model_fields_set and getattr(self, field) is None:
                raise ValueError(f"{field} can't be null; leave it out to keep it")
        return self
