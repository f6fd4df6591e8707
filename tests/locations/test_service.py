from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import LocationRow
from platewatch.locations.service import LocationService


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(LocationRow.name).order_by(LocationRow.id)))


def test_the_first_mention_makes_the_location_and_later_ones_find_it(database: Database, clock: SetClock) -> None:
    made_at = clock.now()
    with database.transaction() as session:
        first_id = LocationService(session, clock).get_or_create("depot").id
    clock.advance(60)
    with database.transaction() as session:
        again = LocationService(session, clock).get_or_create("depot")
        assert (again.id, again.created_at) == (first_id, made_at)
    assert names(database) == ["depot"]


def test_case_makes_another_location(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        locations = LocationService(session, clock)
        assert locations.get_or_create("depot").id != locations.get_or_create("Depot").id
    assert names(database) == ["depot", "Depot"]


def test_two_first_mentions_at_once_make_one_location(database: Database, clock: SetClock) -> None:
    together = Barrier(2)

    def mention(_: int) -> int:
        together.wait(10)
        with database.transaction() as session:
            return LocationService(session, clock).get_or_create("depot").id

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(mention, range(2)))) == 1
    assert names(database) == ["depot"]


def test_nothing_stays_if_the_callers_transaction_fails(database: Database, clock: SetClock) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        LocationService(session, clock).get_or_create("depot")
        raise ZeroDivisionError
    assert names(database) == []
