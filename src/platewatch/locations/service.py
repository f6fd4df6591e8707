"""Sites and car parks."""

from __future__ import annotations

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.tables import LocationRow
from platewatch.locations.repository import LocationRepository


class LocationService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._locations = LocationRepository(session)
        self._clock = clock

    def get_or_create(self, name: str) -> LocationRow:
        """The location of that name; the first sighting that names a location makes it."""
        return self._locations.get_or_create(LocationRow(name=name, created_at=self._clock.now()))
