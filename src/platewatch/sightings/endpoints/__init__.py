"""`/api/v1/read` and `/api/v1/sightings`."""

from __future__ import annotations

from platewatch.sightings.endpoints.changing import router as changing_router
from platewatch.sightings.endpoints.recording import router as recording_router
from platewatch.sightings.endpoints.regions import router as regions_router
from platewatch.sightings.endpoints.searching import router as searching_router
from platewatch.sightings.endpoints.showing import router as showing_router

# Searching comes first: its fixed paths would else be taken for ids.
routers = (recording_router, searching_router, showing_router, changing_router, regions_router)
