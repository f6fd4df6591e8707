"""Locations in the database."""

from __future__ import annotations

from platewatch.db.repository import NamedRepository
from platewatch.db.tables import LocationRow


class LocationRepository(NamedRepository[LocationRow]):
    row = LocationRow
    kind = "location"
