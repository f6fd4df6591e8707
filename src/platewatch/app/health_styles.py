"""`/health` and `/` in the words of another system, for monitors and clients that compare them."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel


class CarwatchHealth(BaseModel):
    """CarWatch's answer to `GET /health`."""

    status: Literal["healthy", "unhealthy"]
    service: Literal["carwatch-backend"] = "carwatch-backend"
    endpoints: dict[str, str] = {"auth": "/auth/*", "api": "/api/*"}


CARWATCH_WELCOME: Final = {
    "message": "CarWatch Backend API is running",
    "version": "1.0.0",
    "status": "healthy",
}
"""CarWatch's answer to `GET /`."""
