"""The server's own routes: the root and its health."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from platewatch.app.health_styles import CARWATCH_WELCOME, CarwatchHealth
from platewatch.db.engine import Database
from platewatch.errors import SettingsError
from platewatch.reading.service import ModelState
from platewatch.settings import Settings
from platewatch.version import VERSION
from platewatch.web.dependencies import StateDep

router = APIRouter(tags=["system"])

SERVICE = "platewatch"
_MODELS_FAILED = "The models can't be used. The server's error.log says why."
_DEPENDS_ON_ACCEPT = {"Vary": "Accept"}


class DatabaseHealth(BaseModel):
    state: Literal["ready", "unreachable"]
    kind: str = Field(examples=["sqlite"])


class StorageState(BaseModel):
    state: Literal["ready", "unusable"] = Field(description="whether photos can be kept")


class ModelsHealth(BaseModel):
    state: ModelState
    detector: str = Field(examples=["platewatch"])
    recognizer: str = Field(examples=["platewatch"])
    error: str | None = Field(default=None, description="the server's log says more; this is public")
    readers: int = Field(description="images that are read at the same time")
    busy: int
    waiting: int


class Health(BaseModel):
    status: Literal["healthy", "unhealthy"]
    service: str = Field(examples=[SERVICE])
    version: str = Field(examples=[VERSION])
    endpoints: dict[str, str] = Field(examples=[{"auth": "/auth/*", "api": "/api/*"}])
    database: DatabaseHealth
    storage: StorageState
    models: ModelsHealth


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class Welcome(BaseModel):
    message: str = Field(examples=["platewatch is running"])
    version: str = Field(examples=[VERSION])
    status: Literal["healthy"] = "healthy"


@router.get("/", response_model=Welcome)
def read_root(state: StateDep, accept: Annotated[str, Header()] = "") -> Response:
    """Say that the server runs; browsers are sent to the dashboard."""
    if "text/html" in accept:
        return RedirectResponse("/app/", HTTPStatus.SEE_OTHER, headers=_DEPENDS_ON_ACCEPT)
    if state.settings.health_style == "carwatch":
        return JSONResponse(CARWATCH_WELCOME, headers=_DEPENDS_ON_ACCEPT)
    welcome = Welcome(message="platewatch is running", version=VERSION)
    return JSONResponse(welcome.model_dump(), headers=_DEPENDS_ON_ACCEPT)


@router.get("/health", response_model=Health, responses={503: {"model": Health, "description": "Not ready"}})
def read_health(state: StateDep) -> Response:
    """Tell whether the server can read and store: 200 when ready, 503 when not (yet)."""
    models, pool = state.reading.health(), state.reading.pool_state()
    health = Health(
        status="healthy",
        service=SERVICE,
        version=VERSION,
        endpoints={"auth": "/auth/*", "api": "/api/*"},
        database=_database_health(state.database),
        storage=StorageState(state="unusable" if state.storage.problem() else "ready"),
        models=ModelsHealth(
            state=models.state,
            detector=models.detector,
            recognizer=models.recognizer,
            error=_MODELS_FAILED if models.state == "failed" else None,
            readers=pool.size,
            busy=pool.busy,
            waiting=pool.waiting,
        ),
    )
    if health.database.state == health.storage.state == models.state == "ready":
        return JSONResponse(_in_style(health, state.settings))
    health.status = "unhealthy"
    return JSONResponse(_in_style(health, state.settings), HTTPStatus.SERVICE_UNAVAILABLE)


@router.get("/health/live")
async def read_liveness() -> Alive:
    """Tell that the process answers at all."""
    return Alive()


def _in_style(health: Health, settings: Settings) -> dict[str, Any]:
    if settings.health_style == "carwatch":
        return CarwatchHealth(status=health.status).model_dump()
    return health.model_dump()


def _database_health(database: Database) -> DatabaseHealth:
    kind = database.engine.dialect.name
    try:
        database.ping()
    except SettingsError:
        return DatabaseHealth(state="unreachable", kind=kind)
    return DatabaseHealth(state="ready", kind=kind)
