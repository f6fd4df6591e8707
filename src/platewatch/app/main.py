"""The server as an ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from platewatch.app.description import DescribedApp
from platewatch.app.routes import add_routes
from platewatch.app.runtime import Runtime
from platewatch.clock import Clock
from platewatch.settings import Settings
from platewatch.version import VERSION
from platewatch.web.error_handlers import Problem, add_error_handlers
from platewatch.web.guards import BodyLimit, BodyLimits, CallerFirst, KnownHosts, RateLimit, SameOriginOnly
from platewatch.web.request_log import RequestLog
from platewatch.web.state import ServerState

FORM_OVERHEAD_BYTES = 64 * 1024
CORS_REQUEST_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-API-Key",
    "X-Request-ID",
    "X-Search-Reason",
]
CORS_RESPONSE_HEADERS = [
    "Content-Disposition",
    "Idempotency-Replayed",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
]
_DESCRIPTION = """
Reads licence plates from photos, remembers every pass and reports it at once.

Log in with the session cookie of `/auth/login`, or send an API key as `Authorization: Bearer KEY` or `X-API-Key: KEY`.
Errors are problem details (RFC 9457); those of `/auth` and of other systems' routes have that system's own shape.
"""


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """A server of its own; several may live in one process. Nothing is opened before it starts."""
    settings.require_safe()
    clock = clock or Clock()
    runtime = Runtime(settings, clock)
    app = DescribedApp(
        title="platewatch",
        version=VERSION,
        description=_DESCRIPTION,
        lifespan=_lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        form_limits={"max_files": settings.max_images_per_request, "max_fields": 50, "max_part_size": 16 * 1024},
        responses={"4XX": {"model": Problem, "description": "What was wrong, and what to do"}},
    )
    app.state.runtime = runtime
    app.state.server = runtime.state
    add_error_handlers(app)
    add_routes(app)
    _add_guards(app, runtime.state)
    return app


def _add_guards(app: FastAPI, state: ServerState) -> None:
    """The middleware of a request, from the last guard to the first."""
    settings = state.settings
    max_bytes = settings.max_images_per_request * settings.max_image_bytes + FORM_OVERHEAD_BYTES
    app.add_middleware(CallerFirst, state=state)
    app.add_middleware(BodyLimit, limits=BodyLimits(max_bytes))
    app.add_middleware(SameOriginOnly, settings=settings)
    app.add_middleware(RateLimit, state=state)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_RESPONSE_HEADERS,
            max_age=600,
        )
    app.add_middleware(KnownHosts, settings=settings)
    app.add_middleware(RequestLog, clock=state.clock)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    await anyio.to_thread.run_sync(runtime.start)
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(runtime.stop)
