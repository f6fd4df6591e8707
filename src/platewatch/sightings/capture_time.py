"""When a photo was taken: as its sender says, else as its EXIF data says, else as its file says, else now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy.orm import Session

from platewatch.cameras.service import CameraService
from platewatch.clock import Clock
from platewatch.errors import FieldError
from platewatch.locations.service import LocationService
from platewatch.server_settings.service import ServerSettings
from platewatch.sightings.exif_time import ExifTime, read_exif_time
from platewatch.sightings.schemas import TimeSource
from platewatch.zones import UTC_NAME, zone_of

EARLIEST: Final = datetime(2000, 1, 3, tzinfo=UTC)
"""Clocks that lost their battery begin at 1970, 1980 or 2000-01-01, wherever they are."""
CLOCKS_MAY_DIFFER: Final = timedelta(days=1)
EXIF_MAY_BE_AHEAD: Final = timedelta(minutes=5)
"""A photo that comes from further ahead was taken in another zone than the one that its clock was taken for."""


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """The time of a photo in UTC; `note` says why a time in the photo was not used."""

    at: datetime
    source: TimeSource
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CaptureZones:
    """The zone of the place where photos were taken, None if that is not known, and the server's."""

    place: tzinfo | None
    default: tzinfo

    @property
    def of_files(self) -> tzinfo:
        """The zone of a file's time that names none."""
        return self.place or self.default


def capture_zones(session: Session, clock: Clock, *, camera: str | None, location: str | None) -> CaptureZones:
    """The zones of photos from this camera or location; names that nobody has are no known place."""
    locations = LocationService(session, clock)
    place = locations.get_by_name(location) if location else None
    if place is None and not location and camera:
        known = CameraService(session, clock).get_by_name(camera)
        if known is not None and known.location_id is not None:
            place = locations.get_or_raise(known.location_id)
    chosen = ServerSettings(session, clock).chosen_time_zone()
    # Where nobody chose a zone, a place in UTC has that by default.
    is_known = place is not None and (chosen is not None or place.time_zone != UTC_NAME)
    return CaptureZones(zone_of(place.time_zone) if place and is_known else None, zone_of(chosen or UTC_NAME))


def capture_time(
    data: bytes,
    zones: CaptureZones,
    now: datetime,
    *,
    given: datetime | None = None,
    changed_at: datetime | None = None,
) -> CaptureTime:
    """When the photo was taken.

    Args:
        data: The photo's file.
        zones: For times that name no zone.
        now: When it came.
        given: What the sender says.
        changed_at: When the file was changed last, if its keeper knows.

    Raises:
        FieldError: no photo can have been taken at the time that was given.
    """
    if given is not None:
        return CaptureTime(plausible_time(given, now), TimeSource.GIVEN)
    note = None
    written = read_exif_time(data)
    if isinstance(written, ExifTime):
        moment = written.moment(zones.place, zones.default)
        if _can_be(moment, now):
            return CaptureTime(moment.astimezone(UTC), TimeSource.EXIF)
        note = (
            f"The photo says that it was taken at {moment.isoformat()}, which can't be. Check the camera's clock, and "
            "the time zone of the location or the server."
        )
    elif written is not None:
        note = (
            f"The photo says that it was taken at {written.text!r}, which can't be read. Give its time with the photo."
        )
    if changed_at is not None and _can_be(changed_at, now):
        return CaptureTime(changed_at.astimezone(UTC), TimeSource.FILE, note)
    return CaptureTime(now, TimeSource.UPLOAD, note)


def plausible_time(captured_at: datetime, now: datetime) -> datetime:
    """The same time in UTC.

    Raises:
        FieldError: no photo can have been taken then.
    """
    if not EARLIEST <= captured_at <= now + CLOCKS_MAY_DIFFER:
        raise FieldError(
            "captured_at", f"No photo was taken at {captured_at.isoformat()}. Check the clock that says so."
        )
    return captured_at.astimezone(UTC)


def _can_be(moment: datetime, now: datetime) -> bool:
    return EARLIEST <= moment <= now + EXIF_MAY_BE_AHEAD
