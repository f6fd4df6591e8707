"""What is known about one plate, and visits or log-ins: `/plate_status` and `/session_queries`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from platewatch.app.dependencies import (
    PlateSearchDep,
    PrincipalDep,
    Reader,
    ReadingSession,
    RuntimeDep,
)
from platewatch.compat.error_shapes import DETAIL_ERRORS
from platewatch.compat.galaxy.schemas import DetectionRead
from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.errors import FieldError
from platewatch.plates.text import as_written
from platewatch.sightings.endpoints.searching import note_search
from platewatch.sightings.query import PlateMatch, SightingQuery
from platewatch.sightings.service import plate_of
from platewatch.users.principal import Scope
from platewatch.users.schemas import LoginSessionRead
from platewatch.users.sessions import SessionService
from platewatch.visits.derive import VisitState
from platewatch.visits.endpoints import stored_texts
from platewatch.visits.schemas import VisitQuery, VisitRead
from platewatch.visits.service import VisitService
from platewatch.watchlists.schemas import FitRead
from platewatch.watchlists.service import WatchlistService

VISITS_SHOWN = 50

router = APIRouter(tags=["Galaxy ALPR"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


class PlateQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plate: str = Field(min_length=1, max_length=64, examples=["AB12CDE"])
    reason: str | None = Field(default=None, max_length=300, description="kept in the audit log")


class PlateStatus(BaseModel):
    """What is known about a plate."""

    plate: str = Field(description="the key by which plates are compared", examples=["AB12CDE"])
    lists: list[FitRead] = Field(description="all entries that it fits, whenever and wherever they count")
    inside: bool = Field(description="whether it has a visit that is open")
    inside_location_id: int | None
    inside_location: str | None = Field(examples=["north car park"])
    last_seen: DetectionRead | None = Field(description="None if it never was")
    visits: list[VisitRead] = Field(description=f"newest first, at most {VISITS_SHOWN}")


class SessionKind(StrEnum):
    VISIT = "visit"
    USER = "user"


class SessionQuery(VisitQuery):
    """Which kind of sessions; the filters are for visits."""

    kind: SessionKind = SessionKind.VISIT


class VisitSessions(BaseModel):
    kind: Literal["visit"] = "visit"
    sessions: list[VisitRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class UserSessions(BaseModel):
    kind: Literal["user"] = "user"
    sessions: list[LoginSessionRead]
    next_cursor: None = None


@router.get("/plate_status")
def read_plate_status(
    query: Annotated[PlateQuery, Query()],
    runtime: RuntimeDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> PlateStatus:
    """Tell which lists a plate is on, whether it is inside, and where it was seen."""
    plate, written = plate_of(query.plate), as_written(query.plate)
    asked = SightingQuery(plate=plate, match=PlateMatch.EXACT, reason=query.reason, limit=1)
    note_search(search, asked, is_new=True)
    with runtime.database.reading() as session:
        sightings = runtime.sightings(session)
        seen = sightings.page(asked).items
        visits = VisitService(session, runtime.clock).of_plate(runtime.texts_of(plate), VISITS_SHOWN)
        inside = next((visit for visit in visits if visit.state == VisitState.OPEN), None)
        return PlateStatus(
            plate=plate,
            lists=[FitRead.of(match) for match in WatchlistService(session, runtime.clock).listed(plate, written)],
            inside=inside is not None,
            inside_location_id=inside.location_id if inside else None,
            inside_location=inside.location.name if inside and inside.location else None,
            last_seen=DetectionRead.of(seen[0]) if seen else None,
            visits=[VisitRead.of(visit) for visit in visits],
        )


@router.get("/session_queries")
def query_sessions(
    query: Annotated[SessionQuery, Query()],
    runtime: RuntimeDep,
    session: ReadingSession,
    principal: PrincipalDep,
    search: PlateSearchDep,
) -> VisitSessions | UserSessions:
    """List visits, or, for administrators, who is logged in; newest first."""
    if query.kind is SessionKind.USER:
        principal.require(Scope.MANAGE)
        if filters := sorted(query.model_fields_set - {"kind"}):
            raise FieldError(filters[0], f"`{filters[0]}` is for visits: log-ins have no filters. Leave it out.")
        rows = SessionService(session, runtime.settings, runtime.clock).of_everyone()
        return UserSessions(sessions=[LoginSessionRead.of(row, principal.session_id) for row in rows])
    principal.require(Scope.READ)
    if query.plate is not None:
        search.note_plate("visits", query.plate, query, query.reason, is_new=query.cursor is None)
    chosen = VisitQuery(**query.model_dump(exclude={"kind"}))
    page = VisitService(session, runtime.clock).page(chosen, stored_texts(chosen.plate, runtime))
    return VisitSessions(sessions=[VisitRead.of(row) for row in page.items], next_cursor=page.next_cursor)
