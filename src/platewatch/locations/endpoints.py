"""`/api/v1/locations`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from platewatch.db.base import MAX_ID
from platewatch.locations.schemas import LocationCreate, LocationPage, LocationQuery, LocationRead, LocationUpdate
from platewatch.locations.service import LocationService
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, Manager, Reader, ReadingSession, StateDep

router = APIRouter(prefix="/api/v1/locations", tags=["locations"], dependencies=OPENAPI_SECURITY)

LocationId = Annotated[int, Path(ge=1, le=MAX_ID)]
Force = Annotated[bool, Query(description="delete it although vehicles are inside; their visits end as missed exits")]


@router.get("")
def read_locations(
    query: Annotated[LocationQuery, Query()], state: StateDep, session: ReadingSession, _reader: Reader
) -> LocationPage:
    """List locations by name, with how full they are now."""
    service = LocationService(session, state.clock)
    page = service.page(query)
    return LocationPage(items=service.read(page.items), next_cursor=page.next_cursor)


@router.post("", status_code=HTTPStatus.CREATED)
def create_location(body: LocationCreate, state: StateDep, actor: ActorDep, _manager: Manager) -> LocationRead:
    """Make a location."""
    with state.database.transaction() as session:
        service = LocationService(session, state.clock)
        return service.read([service.create(body, actor)])[0]


@router.get("/{location_id}")
def read_location(location_id: LocationId, state: StateDep, session: ReadingSession, _reader: Reader) -> LocationRead:
    """Give one location."""
    service = LocationService(session, state.clock)
    return service.read([service.get_or_raise(location_id)])[0]


@router.patch("/{location_id}")
def update_location(
    location_id: LocationId, body: LocationUpdate, state: StateDep, actor: ActorDep, _manager: Manager
) -> LocationRead:
    """Change the fields that are sent. A new tariff holds for vehicles that enter from now on."""
    with state.database.transaction() as session:
        service = LocationService(session, state.clock)
        return service.read([service.update(location_id, body, actor)])[0]


@router.delete("/{location_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_location(
    location_id: LocationId,
    state: StateDep,
    actor: ActorDep,
    _manager: Manager,
    force: Force = False,  # noqa: FBT002  # a query parameter
) -> None:
    """Delete a location with its gates, rules and tariffs. Its sightings, ended visits and cameras stay."""
    with state.database.transaction() as session:
        LocationService(session, state.clock).delete(location_id, actor, force=force)
