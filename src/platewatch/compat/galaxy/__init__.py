"""Galaxy ALPR's routes: at the root of the server, errors as `{"detail"}`."""

from __future__ import annotations

from platewatch.compat.galaxy.detecting import router as detecting_router
from platewatch.compat.galaxy.files import router as files_router
from platewatch.compat.galaxy.locations import router as locations_router
from platewatch.compat.galaxy.plates import router as plates_router
from platewatch.compat.galaxy.querying import router as querying_router
from platewatch.compat.galaxy.statistics import router as statistics_router

routers = (
    detecting_router,
    querying_router,
    plates_router,
    statistics_router,
    locations_router,
    files_router,
)
