from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from platewatch.cameras.service import CameraService
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import CameraRow
from platewatch.locations.service import LocationService


def test_the_first_mention_makes_the_camera_at_its_location(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        location_id = LocationService(session, clock).get_or_create("depot").id
        made = CameraService(session, clock).get_or_create("gate 1", location_id=location_id)
        assert made.id > 0
    with database.reading() as session:
        row = session.scalars(select(CameraRow)).one()
    assert (row.name, row.location_id, row.direction) == ("gate 1", location_id, "unknown")
    assert row.created_at == clock.now()


def test_later_mentions_find_it_and_leave_it_where_it_is(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        first_id = CameraService(session, clock).get_or_create("gate 1", location_id=None).id
    with database.transaction() as session:
        elsewhere = LocationService(session, clock).get_or_create("harbor").id
        again = CameraService(session, clock).get_or_create("gate 1", location_id=elsewhere)
        assert (again.id, again.location_id) == (first_id, None)


@pytest.mark.parametrize("other", ["Gate 1", "gäte 1", "gate 1\N{COMBINING ACUTE ACCENT}"])
def test_names_that_only_look_alike_are_different_cameras(database: Database, clock: SetClock, other: str) -> None:
    with database.transaction() as session:
        cameras = CameraService(session, clock)
        assert cameras.get_or_create("gate 1", location_id=None) is not cameras.get_or_create(other, location_id=None)


def test_two_first_mentions_at_once_make_one_camera(database: Database, clock: SetClock) -> None:
    together = Barrier(2)

    def mention(_: int) -> int:
        together.wait(10)
        with database.transaction() as session:
            return CameraService(session, clock).get_or_create("gate 1", location_id=None).id

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(mention, range(2)))) == 1


def test_nothing_stays_if_the_callers_transaction_fails(database: Database, clock: SetClock) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        CameraService(session, clock).get_or_create("gate 1", location_id=None)
        raise ZeroDivisionError
    with database.reading() as session:
        assert session.scalars(select(CameraRow)).all() == []
