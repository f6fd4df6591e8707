"""SecurePass's routes: at the root of the server, errors as `{"detail"}`."""

from __future__ import annotations

from platewatch.compat.securepass.logs import router as logs_router
from platewatch.compat.securepass.reading import router as reading_router
from platewatch.compat.securepass.verification import router as verification_router

routers = (reading_router, verification_router, logs_router)
