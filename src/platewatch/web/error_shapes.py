"""Which paths belong to other systems, and the shape of their errors.

CarWatch has its envelope `{"success", "message"}`; Galaxy ALPR and SecurePass are FastAPI programs, whose clients look
for `{"detail"}`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from pydantic import BaseModel, Field

CARWATCH_PATHS: Final = ("/auth", "/api/upload_image", "/api/history", "/api/plate", "/api/fetch_img")
GALAXY_PATHS: Final = (
    "/detect_image",
    "/latest_detection",
    "/detections",
    "/plate_regions",
    "/plate_queries",
    "/vehicle_queries",
    "/statistics",
    "/plate_status",
    "/session_queries",
    "/api/locations",
    "/outputs",
    "/static",
)
SECUREPASS_PATHS: Final = ("/detection", "/ocr", "/verification", "/logs")


class FieldMessage(BaseModel):
    field: str = Field(examples=["limit"])
    message: str = Field(examples=["Input should be less than or equal to 200"])


class DetailError(BaseModel):
    """An error in the shape of FastAPI programs."""

    detail: str = Field(examples=["There is no location 7."])
    errors: list[FieldMessage] = Field(default=[], description="the fields that can't be used")


DETAIL_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": DetailError, "description": "What was wrong, and what to do"}
}


def uses_envelope(path: str) -> bool:
    """Whether errors of this path come in CarWatch's envelope."""
    return _is_below(path, CARWATCH_PATHS)


def uses_detail(path: str) -> bool:
    """Whether errors of this path come as `detail`."""
    return _is_below(path, GALAXY_PATHS) or _is_below(path, SECUREPASS_PATHS)


def _is_below(path: str, roots: Collection[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
