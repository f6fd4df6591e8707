"""`/api/locations`: made, read, changed and deleted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.db.base import MAX_ID
from platewatch.errors import FieldError
from platewatch.fields import TimeZone
from platewatch.locations.schemas import (
    MAX_PAGE,
    Address,
    Capacity,
    Latitude,
    LocationCreate,
    LocationQuery,
    LocationRead,
    LocationUpdate,
    Longitude,
    PlaceName,
)
from platewatch.locations.service import LocationService
from platewatch.web.dependencies import ActorDep, Manager, Reader, ReadingSession, StateDep
from platewatch.web.error_shapes import DETAIL_ERRORS

_GIVEN_BACK = {"id", "occupancy"}

LocationId = Annotated[int, Path(ge=1, le=MAX_ID)]
router = APIRouter(
    prefix="/api/locations", tags=["Galaxy ALPR"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS
)


class PlaceRead(BaseModel):
    """A location, and how many vehicles are in it now."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["north car park"])
    address: str | None
    latitude: float | None
    longitude: float | None
    capacity: int | None
    time_zone: str = Field(examples=["Europe/Berlin"])
    occupancy: int = Field(description="vehicles inside, by open visits")

    @classmethod
    def of(cls, location: LocationRead) -> PlaceRead:
        return cls(**location.model_dump(include=set(cls.model_fields)))


class PlaceWrite(BaseModel):
    """A location as a whole: what is left out has no value. What GET gave may be sent back as it is."""

    model_config = ConfigDict(extra="forbid")

    name: PlaceName = Field(examples=["north car park"])
    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    capacity: Capacity | None = None
    time_zone: TimeZone | None = Field(default=None, description="a new location has the server's by default")
    id: int | None = Field(default=None, description="that of the address, if given")
    occupancy: int | None = Field(default=None, description="not taken over: it follows from visits")

    @model_validator(mode="after")
    def _both_coordinates(self) -> PlaceWrite:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("give latitude and longitude together")
        return self


@router.get("")
def read_locations(
    request: Request,
    response: Response,
    query: Annotated[LocationQuery, Query()],
    state: StateDep,
    session: ReadingSession,
    _reader: Reader,
) -> list[PlaceRead]:
    """List locations by name. Where there are more, the header `Link` has the address of the next page."""
    service = LocationService(session, state.clock)
    # Galaxy's clients know no pages, so the first one is as long as can be.
    limit = query.limit if "limit" in query.model_fields_set else MAX_PAGE
    page = service.page(query.model_copy(update={"limit": limit}))
    if page.next_cursor is not None:
        next_url = request.url.include_query_params(limit=limit, cursor=page.next_cursor)
        response.headers["Link"] = f'<{next_url.path}?{next_url.query}>; rel="next"'
    return [PlaceRead.of(location) for location in service.read(page.items)]


@router.post("", status_code=HTTPStatus.CREATED)
def create_location(body: PlaceWrite, state: StateDep, actor: ActorDep, _manager: Manager) -> PlaceRead:
    """Make a location."""
    if body.id is not None:
        raise FieldError("id", "A new location is given its id. Leave `id` out, or PUT to change an old one.")
    with state.database.transaction() as session:
        service = LocationService(session, state.clock)
        row = service.create(LocationCreate(**body.model_dump(exclude=_GIVEN_BACK)), actor)
        return PlaceRead.of(service.read([row])[0])


@router.get("/{location_id}")
def read_location(location_id: LocationId, state: StateDep, session: ReadingSession, _reader: Reader) -> PlaceRead:
    """Give one location."""
    service = LocationService(session, state.clock)
    return PlaceRead.of(service.read([service.get_or_raise(location_id)])[0])


@router.put("/{location_id}")
def replace_location(
    location_id: LocationId, body: PlaceWrite, state: StateDep, actor: ActorDep, _manager: Manager
) -> PlaceRead:
    """Replace all that Galaxy ALPR stores of a location; its tariff and other rules stay."""
    if body.id not in (None, location_id):
        raise FieldError("id", f"The body is about location {body.id}, the address about {location_id}.")
    with state.database.transaction() as session:
        service = LocationService(session, state.clock)
        # Every location has a zone, so one that is left out stays.
        left_out = _GIVEN_BACK if body.time_zone is not None else {*_GIVEN_BACK, "time_zone"}
        row = service.update(location_id, LocationUpdate(**body.model_dump(exclude=left_out)), actor)
        return PlaceRead.of(service.read([row])[0])


@router.delete("/{location_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_location(location_id: LocationId, state: StateDep, actor: ActorDep, _manager: Manager) -> None:
    """Delete a location that nobody is inside of. Its detections stay."""
    with state.database.transaction() as session:
        LocationService(session, state.clock).delete(location_id, actor)
