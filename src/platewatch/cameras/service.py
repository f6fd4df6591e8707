"""Sources of frames."""

from __future__ import annotations

from sqlalchemy.orm import Session

from platewatch.cameras.repository import CameraRepository
from platewatch.clock import Clock
from platewatch.db.tables import CameraRow


class CameraService:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._cameras = CameraRepository(session)
        self._clock = clock

    def get_or_create(self, name: str, *, location_id: int | None) -> CameraRow:
        """The camera of that name; the first sighting that names a camera makes it, at the sighting's location."""
        row = CameraRow(name=name, location_id=location_id, direction="unknown", created_at=self._clock.now())
        return self._cameras.get_or_create(row)
