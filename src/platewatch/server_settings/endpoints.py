"""`/api/v1/settings`: what holds for the whole server."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session

from platewatch.errors import ConflictError
from platewatch.server_settings.schemas import ServerSettingsRead, ServerSettingsUpdate, ZoneOrigin
from platewatch.server_settings.service import ServerSettings
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, Manager, Reader, ReadingSession, StateDep
from platewatch.zones import UTC_NAME

router = APIRouter(prefix="/api/v1/settings", tags=["settings"], dependencies=OPENAPI_SECURITY)


@router.get("")
def read_settings(state: StateDep, session: ReadingSession, _reader: Reader) -> ServerSettingsRead:
    """Give the settings of the whole server."""
    return _read(state, session)


@router.patch("")
def update_settings(
    body: ServerSettingsUpdate, state: StateDep, actor: ActorDep, _manager: Manager
) -> ServerSettingsRead:
    """Change settings of the whole server."""
    if body.time_zone is not None and state.settings.time_zone not in (None, body.time_zone):
        raise ConflictError(
            "PLATEWATCH_TIME_ZONE says the time zone. Change it there, or take it out, and start again."
        )

    def work(session: Session) -> ServerSettingsRead:
        if body.time_zone is not None:
            ServerSettings(session, state.clock).set_time_zone(body.time_zone, actor)
        return _read(state, session)

    return state.database.transact(work)


def _read(state: StateDep, session: Session) -> ServerSettingsRead:
    chosen = ServerSettings(session, state.clock).chosen_time_zone()
    if state.settings.time_zone is not None:
        origin = ZoneOrigin.ENVIRONMENT
    else:
        origin = ZoneOrigin.NOBODY if chosen is None else ZoneOrigin.ADMINISTRATOR
    return ServerSettingsRead(time_zone=chosen or UTC_NAME, time_zone_origin=origin)
