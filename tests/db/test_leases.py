"""Leases: one holder at a time, and nobody waits for the dead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from platewatch.db.engine import Database
from platewatch.db.leases import Leases
from tests.db.rows import NOON

MINUTE = timedelta(minutes=1)


def take(database: Database, holder: str, now: datetime = NOON, name: str = "work") -> bool:
    return database.transact(lambda session: Leases(session).take(name, holder, now, MINUTE))


def test_a_lease_has_one_holder_until_it_runs_out(database: Database) -> None:
    assert take(database, "a")
    assert not take(database, "b", NOON + timedelta(seconds=59))
    assert take(database, "b", NOON + MINUTE)
    assert not take(database, "a", NOON + MINUTE)


def test_its_holder_renews_it(database: Database) -> None:
    assert take(database, "a")
    assert take(database, "a", NOON + timedelta(seconds=59))
    assert not take(database, "b", NOON + timedelta(seconds=90))


def test_other_work_has_another_lease(database: Database) -> None:
    assert take(database, "a")
    assert take(database, "b", name="other work")


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(hours=1), timedelta(seconds=6)], ids=str)
def test_a_lease_of_a_clock_that_was_set_back_holds_up_nobody(database: Database, ahead: timedelta) -> None:
    assert take(database, "a", NOON + ahead)
    assert take(database, "b", NOON)
    assert not take(database, "a", NOON + timedelta(seconds=59)), "it is the other one's now, for as long as ever"
    assert take(database, "a", NOON + MINUTE)


def test_a_holder_goes_on_after_its_own_clock_was_set_back(database: Database) -> None:
    assert take(database, "a", NOON + timedelta(days=2))
    assert take(database, "a", NOON)
    assert not take(database, "b", NOON + timedelta(seconds=59))


@pytest.mark.parametrize("ahead", [timedelta(milliseconds=1), timedelta(seconds=5)], ids=str)
def test_a_clock_that_is_a_little_ahead_keeps_its_lease(database: Database, ahead: timedelta) -> None:
    assert take(database, "a", NOON + ahead)
    assert not take(database, "b", NOON)


def test_what_is_given_back_is_free_at_once_but_only_by_its_holder(database: Database) -> None:
    take(database, "a")
    database.transact(lambda session: Leases(session).give_back("work", "b"))
    assert not take(database, "b")
    database.transact(lambda session: Leases(session).give_back("work", "a"))
    assert take(database, "b")


def test_of_many_at_once_one_gets_it(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: take(database, str(number)), range(8)))
    assert sum(got) == 1
