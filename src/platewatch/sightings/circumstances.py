"""The circumstances of a photo: what is known beside its pixels, and options of recording it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from platewatch.db.tables import CameraRow
from platewatch.sightings.schemas import SightingRead, SightingSource, TimeSource, VehicleType
from platewatch.vision.types import Direction

_ONE_WAY: Final = frozenset({Direction.ENTERING, Direction.LEAVING})


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle as somebody entered it; color and make in lower case, None where unknown."""

    type: VehicleType | None = None
    color: str | None = None
    make: str | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When, where and by whom a photo was taken. `captured_at` is aware.

    The vehicle belongs to the most confident plate; the other plates in the photo get none.
    """

    captured_at: datetime
    captured_at_source: TimeSource = TimeSource.GIVEN
    user_id: int | None = None
    direction: Direction = Direction.UNKNOWN
    camera: str | None = None
    location: str | None = None
    source: SightingSource = SightingSource.UPLOAD
    vehicle: Vehicle = Vehicle()
    record_known: bool = False
    """Record the photo even if it was recorded before."""


@dataclass(frozen=True, slots=True)
class RecordedPhoto:
    """The outcome for one photo. Without an id it was not kept, because its plates are stored as pseudonyms."""

    image_id: int | None
    sightings: list[SightingRead]
    is_known: bool = False
    """Whether the photo was recorded before; `sightings` are then the earlier ones."""


@dataclass(frozen=True, slots=True)
class Places:
    """Ids of what the rows of one photo point to, and the way that vehicles go there."""

    camera_id: int | None
    location_id: int | None
    direction: Direction


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """The level of unsure readings, and how long a photo without a stated time is known (0: never)."""

    unsure_below: float = 0.0
    known_window: timedelta = timedelta(0)


NO_RULES: Final = RecordingRules()


def places_of(camera: CameraRow | None, location_id: int | None, direction: Direction) -> Places:
    """The place of the photo; fields that the request leaves out come from its camera."""
    if camera is None:
        return Places(None, location_id, direction)
    if direction is Direction.UNKNOWN and camera.direction in _ONE_WAY:
        direction = Direction(camera.direction)
    return Places(camera.id, camera.location_id if location_id is None else location_id, direction)
