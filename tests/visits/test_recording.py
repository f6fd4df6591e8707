"""Visits follow from sightings as they are recorded, corrected and deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from platewatch.audit.service import Actor
from platewatch.cameras.schemas import CameraCreate, CameraDirection
from platewatch.cameras.service import CameraService
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import VisitRow
from platewatch.locations.service import LocationService
from platewatch.sightings.changes import SightingChanges
from platewatch.sightings.schemas import SightingCreate, SightingRead, SightingUpdate
from platewatch.sightings.service import Circumstances, SightingService
from platewatch.vision.types import Direction
from tests.seals import SEAL

NOBODY = Actor()


def record(
    database: Database, clock: SetClock, plate: str, direction: Direction = Direction.UNKNOWN, camera: str | None = None
) -> SightingRead:
    clock.advance(60)
    circumstances = Circumstances(
        captured_at=clock.now(), direction=direction, camera=camera, location=None if camera else "depot"
    )
    body = SightingCreate(plate=plate)
    with database.transaction() as session:
        return SightingService(session, clock).record_manual(body, circumstances)


def visits(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(row.plate, row.state) for row in session.scalars(select(VisitRow).order_by(VisitRow.began_at))]


def test_recorded_sightings_make_visits(database: Database, clock: SetClock) -> None:
    record(database, clock, "AB 10", Direction.ENTERING)
    record(database, clock, "XY77")
    record(database, clock, "AB1O", Direction.LEAVING)
    assert visits(database) == [("AB10", "closed")]


def test_a_corrected_and_a_deleted_sighting_change_them(database: Database, clock: SetClock) -> None:
    wrong = record(database, clock, "XY77", Direction.ENTERING)
    left = record(database, clock, "AB10", Direction.LEAVING)
    assert visits(database) == [("XY77", "open"), ("AB10", "missed_entry")]
    with database.transaction() as session:
        SightingChanges(session, clock).correct(wrong.id, SightingUpdate(plate="AB10"), NOBODY)
    assert visits(database) == [("AB10", "closed")]
    with database.transaction() as session:
        SightingChanges(session, clock).delete(left.id, NOBODY)
    assert visits(database) == [("AB10", "open")]


@pytest.mark.parametrize(
    ("of_camera", "said", "direction"),
    [
        (CameraDirection.ENTERING, Direction.UNKNOWN, "entering"),
        (CameraDirection.LEAVING, Direction.UNKNOWN, "leaving"),
        (CameraDirection.ENTERING, Direction.LEAVING, "leaving"),
        (CameraDirection.BOTH, Direction.UNKNOWN, "unknown"),
        (CameraDirection.UNKNOWN, Direction.UNKNOWN, "unknown"),
    ],
)
def test_a_camera_says_where_and_which_way_if_nobody_else_does(
    sqlite_database: Database, clock: SetClock, of_camera: CameraDirection, said: Direction, direction: str
) -> None:
    with sqlite_database.transaction() as session:
        location_id = LocationService(session, clock).get_or_create("harbor").id
        body = CameraCreate(name="gate", location_id=location_id, direction=of_camera)
        CameraService(session, clock).create(body, SEAL, NOBODY)
    seen = record(sqlite_database, clock, "AB10", said, camera="gate")
    assert (seen.camera, seen.location, seen.direction) == ("gate", "harbor", direction)


def test_what_is_said_about_the_place_goes_before_the_cameras(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        location_id = LocationService(session, clock).get_or_create("harbor").id
        CameraService(session, clock).create(CameraCreate(name="gate", location_id=location_id), SEAL, NOBODY)
        circumstances = Circumstances(captured_at=clock.now() - timedelta(1), camera="gate", location="depot")
        seen = SightingService(session, clock).record_manual(SightingCreate(plate="AB10"), circumstances)
    assert (seen.camera, seen.location) == ("gate", "depot")
