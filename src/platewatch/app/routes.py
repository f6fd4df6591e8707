"""Every route of the server, in the order in which they are tried."""

from __future__ import annotations

from fastapi import FastAPI

from platewatch.app import dashboard, system
from platewatch.compat import carwatch
from platewatch.notify import endpoints as events
from platewatch.notify import websocket
from platewatch.sightings import endpoints as sightings
from platewatch.users import endpoints as users


def add_routes(app: FastAPI) -> None:
    app.include_router(system.router)
    app.include_router(users.auth_router)
    app.include_router(users.router)
    app.include_router(sightings.router)
    app.include_router(events.router)
    app.include_router(websocket.router)
    app.include_router(carwatch.router)
    app.include_router(dashboard.router)
