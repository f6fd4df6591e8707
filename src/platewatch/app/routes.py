"""Every route of the server, in the order in which they are tried."""

from __future__ import annotations

from fastapi import FastAPI

from platewatch.access import endpoints as access
from platewatch.app import dashboard, description, system
from platewatch.audit import endpoints as audit
from platewatch.cameras import endpoints as cameras
from platewatch.compat import carwatch, galaxy, securepass
from platewatch.events import endpoints as events
from platewatch.events import websocket
from platewatch.imports import endpoints as imports
from platewatch.locations import endpoints as locations
from platewatch.privacy import endpoints as privacy
from platewatch.server_settings import endpoints as server_settings
from platewatch.sightings import endpoints as sightings
from platewatch.statistics import endpoints as statistics
from platewatch.users import endpoints as users
from platewatch.visits import endpoints as visits
from platewatch.watchlists import endpoints as watchlists


def add_routes(app: FastAPI) -> None:
    app.include_router(system.router)
    app.include_router(description.router)
    for router in users.routers:
        app.include_router(router)
    app.include_router(audit.router)
    app.include_router(server_settings.router)
    for router in sightings.routers:
        app.include_router(router)
    app.include_router(imports.router)
    app.include_router(privacy.router)
    app.include_router(watchlists.router)
    app.include_router(access.router)
    app.include_router(locations.router)
    app.include_router(cameras.router)
    app.include_router(visits.router)
    app.include_router(statistics.router)
    app.include_router(events.router)
    app.include_router(websocket.router)
    app.include_router(carwatch.router)
    for router in (*galaxy.routers, *securepass.routers):
        app.include_router(router)
    app.include_router(dashboard.router)
