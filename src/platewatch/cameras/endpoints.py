"""`/api/v1/cameras`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from platewatch.cameras.schemas import CameraCreate, CameraPage, CameraQuery, CameraRead, CameraUpdate
from platewatch.cameras.service import CameraService
from platewatch.db.base import MAX_ID
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, Manager, Reader, ReadingSession, StateDep

router = APIRouter(prefix="/api/v1/cameras", tags=["cameras"], dependencies=OPENAPI_SECURITY)

CameraId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.get("")
def read_cameras(
    query: Annotated[CameraQuery, Query()], state: StateDep, session: ReadingSession, _reader: Reader
) -> CameraPage:
    """List cameras by name."""
    page = CameraService(session, state.clock).page(query)
    return CameraPage(items=[CameraRead.of(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=HTTPStatus.CREATED)
def create_camera(body: CameraCreate, state: StateDep, actor: ActorDep, _manager: Manager) -> CameraRead:
    """Make a camera."""
    with state.database.transaction() as session:
        return CameraRead.of(CameraService(session, state.clock).create(body, state.seal, actor))


@router.get("/{camera_id}")
def read_camera(camera_id: CameraId, state: StateDep, session: ReadingSession, _reader: Reader) -> CameraRead:
    """Give one camera."""
    return CameraRead.of(CameraService(session, state.clock).get_or_raise(camera_id))


@router.patch("/{camera_id}")
def update_camera(
    camera_id: CameraId, body: CameraUpdate, state: StateDep, actor: ActorDep, _manager: Manager
) -> CameraRead:
    """Change the fields that are sent."""
    with state.database.transaction() as session:
        return CameraRead.of(CameraService(session, state.clock).update(camera_id, body, state.seal, actor))


@router.delete("/{camera_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_camera(camera_id: CameraId, state: StateDep, actor: ActorDep, _manager: Manager) -> None:
    """Delete a camera. Its sightings stay, without one."""
    with state.database.transaction() as session:
        CameraService(session, state.clock).delete(camera_id, actor)
