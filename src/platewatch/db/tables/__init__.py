"""Every table. Importing this package puts them all into `Base.metadata`."""

from __future__ import annotations

from platewatch.db.tables.cameras import CameraRow
from platewatch.db.tables.events import EventRow
from platewatch.db.tables.idempotency import IdempotencyRow
from platewatch.db.tables.locations import LocationRow
from platewatch.db.tables.sightings import ImageRow, SightingRow
from platewatch.db.tables.users import ApiKeyRow, LoginSessionRow, UserRow

__all__ = [
    "ApiKeyRow",
    "CameraRow",
    "EventRow",
    "IdempotencyRow",
    "ImageRow",
    "LocationRow",
    "LoginSessionRow",
    "SightingRow",
    "UserRow",
]
