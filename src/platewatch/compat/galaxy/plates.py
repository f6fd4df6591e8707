"""The routes `/plate_status` and `/session_queries`: facts about one plate, and visits or log-ins."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from platewatch.compat.galaxy.schemas import DetectionRead
from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.errors import FieldError
from platewatch.plates.text import as_written
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.endpoints.searching import note_search
from platewatch.sightings.query import PlateMatch, SightingQuery
from platewatch.sightings.service import plate_of
from platewatch.users.principal import Scope
from platewatch.users.schemas import LoginSessionRead
from platewatch.users.sessions import SessionService
from platewatch.visits.schemas import VisitQuery, VisitRead
from platewatch.visits.service import VisitService
from platewatch.visits.stays import VisitState
from platewatch.watchlists.schemas import FitRead
from platewatch.watchlists.service import WatchlistService
from platewatch.web.dependencies import (
    PlateSearchDep,
    PrincipalDep,
    Reader,
    ReadingSession,
    StateDep,
)
from platewatch.web.error_shapes import DETAIL_ERRORS

VISITS_SHOWN = 50

router = APIRouter(tags=["Galaxy ALPR"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


class PlateQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plate: str = Field(min_length=1, max_length=64, examples=["AB12CDE"])
    reason: str | None = Field(default=None, max_length=300, description="kept in the audit log")


class PlateStatus(BaseModel):
    """The facts about a plate."""

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
    """The kind of sessions; the filters are for visits."""

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
    state: StateDep,
    recorder: RecorderDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> PlateStatus:
    """Tell which lists a plate is on, whether it is inside, and where it was seen."""
    plate, written = plate_of(query.plate), as_written(query.plate)
    asked = SightingQuery(plate=plate, match=PlateMatch.EXACT, reason=query.reason, limit=1)
    note_search(search, asked, is_new=True)
    with state.database.reading() as session:
        sightings = recorder.sightings(session)
        seen = sightings.page(asked).items
        visits = VisitService(session, state.clock).of_plate(recorder.texts_of(plate), VISITS_SHOWN)
        inside = next((visit for visit in visits if visit.state == VisitState.OPEN), None)
        return PlateStatus(
            plate=plate,
            lists=[FitRead.of(match) for match in WatchlistService(session, state.clock).listed(plate, written)],
            inside=inside is not None,
            inside_location_id=inside.location_id if inside else None,
            inside_location=inside.location.name if inside and inside.location else None,
            last_seen=DetectionRead.of(seen[0]) if seen else None,
            visits=[VisitRead.of(visit) for visit in visits],
        )


@router.get("/session_queries")
def query_sessions(
    query: Annotated[SessionQuery, Query()],
    state: StateDep,
    recorder: RecorderDep,
    session: ReadingSession,
    principal: PrincipalDep,
    search: PlateSearchDep,
) -> VisitSessions | UserSessions:
    """List visits, or, for administrators, who is logged in; newest first."""
    if query.kind is SessionKind.USER:
        principal.require(Scope.MANAGE)
        if filters := sorted(query.model_fields_set - {"kind"}):
            raise FieldError(filters[0], f"`{filters[0]}` is for visits: log-ins have no filters. Leave it out.")
        rows = SessionService(session, state.settings, state.clock).of_everyone()
        return UserSessions(sessions=[LoginSessionRead.of(row, principal.session_id) for row in rows])
    principal.require(Scope.READ)
    if query.plate is not None:
        search.note_plate("visits", query.plate, query, query.reason, is_new=query.cursor is None)
    chosen = VisitQuery(**query.model_dump(exclude={"kind"}))
    page = VisitService(session, state.clock).page(chosen, recorder.stored_texts(chosen.plate))
    return VisitSessions(sessions=[VisitRead.of(row) for row in page.items], next_cursor=page.next_cursor)
