"""Which entries a plate matches, and from when on an edit counts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import LocationRow
from platewatch.watchlists.schemas import EntryWrite, WatchlistUpdate
from platewatch.watchlists.service import ListKind, Match, WatchlistService
from tests.db.rows import NOON
from tests.watchlists.lists import ADMIN, add, make_list, make_location


@pytest.fixture
def match(database: Database, clock: SetClock) -> Callable[..., list[Match]]:
    """What a plate matches now, at no location unless one is given."""

    def match(plate: str, *, at: datetime | None = None, location_id: int | None = None, **rest: Any) -> list[Match]:
        with database.reading() as session:
            lists = WatchlistService(session, clock)
            return lists.match(plate, at=at or clock.now(), location_id=location_id, **rest)

    return match


def plates(matches: list[Match]) -> list[str]:
    return [match.entry.plate for match in matches]


@pytest.mark.parametrize(
    ("entry", "tolerance", "read", "distance"),
    [
        pytest.param("AB12CDE", 0, "AB12CDE", 0, id="the same plate"),
        pytest.param("ab-12 cde", 0, "AB12CDE", 0, id="written otherwise in the list"),
        pytest.param("AB12CDE", 0, "ab 12-cde", 0, id="written otherwise on the plate"),
        pytest.param("AB12CDE", 0, "AB12CD", None, id="another plate"),
        pytest.param("AB12CDO", 0, "AB12CD0", None, id="a look-alike without tolerance"),
        pytest.param("AB12CDO", 1, "AB12CD0", 0.5, id="a look-alike"),
        pytest.param("AB12CDO", 1, "A812CD0", 1, id="two look-alikes"),
        pytest.param("AB12CDE", 1, "AB13CDE", 1, id="one replaced"),
        pytest.param("AB12CDE", 1, "AB12CDEF", 1, id="one too many"),
        pytest.param("AB12CDE", 1, "B12CDE", 1, id="one missing"),
        pytest.param("AB12CDE", 1, "AC13CDE", None, id="two replaced, one allowed"),
        pytest.param("AB12CDE", 2, "AC13CDE", 2, id="two replaced, two allowed"),
        pytest.param("AB12CDE", 2, "XAB12CD", 2, id="one too many and one missing"),
        pytest.param("AB12CDE", 2, "AX13CDX", None, id="three replaced"),
        pytest.param("AB?2*", 0, "AB12CDE", 0, id="a pattern"),
        pytest.param("AB?2*", 0, "AB2CDE", None, id="not the pattern"),
        pytest.param("*DE", 0, "AB12CDE", 0, id="a pattern that begins with a star"),
        pytest.param("?B12CDE", 0, "AB12CDE", 0, id="a pattern that begins with any sign"),
        pytest.param("京A12345", 0, "京A12345", 0, id="a province"),
        pytest.param("AB12CDE", 0, "", None, id="nothing read"),
        pytest.param("AB12CDE", 2, "---", None, id="no letter read"),
    ],
)
def test_a_plate_matches_within_its_tolerance(  # noqa: PLR0917
    database: Database,
    clock: SetClock,
    match: Callable[..., list[Match]],
    entry: str,
    tolerance: int,
    read: str,
    distance: float | None,
) -> None:
    with database.transaction() as session:
        add(session, clock, make_list(session, clock, "deny"), entry, tolerance=tolerance, owner="Ada")
    found = match(read)
    assert [one.distance for one in found] == ([] if distance is None else [distance])
    if found:
        assert found[0].plate == read.upper().replace(" ", "").replace("-", "")
        assert (found[0].watchlist.kind, found[0].watchlist.name) == (ListKind.DENY, "deny")
        assert found[0].entry.owner == "Ada"


def test_matches_come_in_the_order_of_their_strength(
    database: Database, clock: SetClock, match: Callable[..., list[Match]]
) -> None:
    with database.transaction() as session:
        allow, deny = make_list(session, clock, "allow"), make_list(session, clock, "deny")
        add(session, clock, allow, "AB12CD0", tolerance=1)
        add(session, clock, allow, "AB12C?E")
        add(session, clock, allow, "AB12CDE")
        add(session, clock, deny, "AB12CDE")
        add(session, clock, deny, "AB12CDEF", tolerance=1)
    found = [(one.watchlist.kind.value, one.entry.plate, one.distance) for one in match("AB12CDE")]
    assert found == [
        ("deny", "AB12CDE", 0),
        ("allow", "AB12CDE", 0),
        ("allow", "AB12C?E", 0),
        ("deny", "AB12CDEF", 1),
        ("allow", "AB12CD0", 1),
    ]


@pytest.mark.parametrize(
    ("listed", "read", "matches"),
    [
        pytest.param(None, "gb", True, id="any region"),
        pytest.param("gb", "gb", True, id="the same region"),
        pytest.param("gb", None, True, id="no region read"),
        pytest.param("gb", "fr", False, id="another region"),
        pytest.param("us", "us-ca", True, id="a state of the country"),
        pytest.param("us-ca", "us", True, id="only the country read"),
        pytest.param("us-ca", "us-nv", False, id="another state"),
        pytest.param("u".ljust(2, "a"), "us-ca", False, id="another country with the same first letter"),
    ],
)
def test_regions_must_not_contradict_each_other(
    sqlite_database: Database, clock: SetClock, listed: str | None, read: str | None, matches: bool
) -> None:
    with sqlite_database.transaction() as session:
        add(session, clock, make_list(session, clock), "AB12CDE", region=listed)
        found = WatchlistService(session, clock).match("AB12CDE", at=NOON, location_id=None, region=read)
    assert bool(found) is matches


@pytest.mark.parametrize(
    ("offset_s", "matches"), [(-3601, False), (-3600, True), (0, True), (3599, True), (3600, False)]
)
def test_an_entry_counts_from_its_first_moment_to_before_its_last(
    database: Database, clock: SetClock, match: Callable[..., list[Match]], offset_s: int, matches: bool
) -> None:
    hour = timedelta(hours=1)
    with database.transaction() as session:
        watchlist_id = make_list(session, clock)
        add(session, clock, watchlist_id, "AB12CDE", valid_from=NOON - hour, valid_to=NOON + hour)
    assert bool(match("AB12CDE", at=NOON + timedelta(seconds=offset_s))) is matches


@pytest.mark.parametrize(
    ("at", "zone", "matches"),
    [
        pytest.param("2026-03-02T08:30:00Z", "UTC", True, id="in the morning in UTC"),
        pytest.param("2026-03-02T18:30:00Z", "America/Los_Angeles", True, id="in the morning at the location"),
        pytest.param("2026-03-02T08:30:00Z", "America/Los_Angeles", False, id="at night at the location"),
        pytest.param("2026-07-06T06:30:00Z", "Europe/Berlin", True, id="in summer time"),
        pytest.param("2026-03-02T06:30:00Z", "Europe/Berlin", False, id="the same hour in winter time"),
        pytest.param("2026-03-01T23:30:00Z", "Asia/Tokyo", True, id="Monday there, Sunday here"),
        pytest.param("2026-03-02T08:30:00Z", None, True, id="no location, so UTC"),
    ],
)
def test_a_schedule_is_in_the_time_zone_of_the_location(
    sqlite_database: Database, clock: SetClock, at: str, zone: str | None, matches: bool
) -> None:
    with sqlite_database.transaction() as session:
        location_id = make_location(session, time_zone=zone) if zone else None
        add(session, clock, make_list(session, clock), "AB12CDE", schedule="mon-fri 08:00-18:00")
        found = WatchlistService(session, clock).match(
            "AB12CDE", at=datetime.fromisoformat(at), location_id=location_id
        )
    assert bool(found) is matches


@pytest.mark.parametrize("plate", ["AB12CDE", "AB12*"], ids=["plate", "pattern"])
def test_an_entry_for_a_location_counts_there_only_and_nowhere_once_that_is_gone(
    database: Database, clock: SetClock, match: Callable[..., list[Match]], plate: str
) -> None:
    with database.transaction() as session:
        north, south = make_location(session), make_location(session, "south")
        add(session, clock, make_list(session, clock), plate, location_ids=[north])
    assert [bool(match("AB12CDE", location_id=place)) for place in (north, south, None)] == [True, False, False]
    with database.transaction() as session:
        session.delete(session.get(LocationRow, north))
    assert [bool(match("AB12CDE", location_id=place)) for place in (north, south, None)] == [False, False, False]


def test_every_edit_counts_at_once(database: Database, clock: SetClock, match: Callable[..., list[Match]]) -> None:
    """Each step is a transaction of its own, between which a match fills the process's memory of the lists."""

    def edit(work: Callable[[WatchlistService], object]) -> list[str]:
        with database.transaction() as session:
            work(WatchlistService(session, clock))
        return plates(match("AB12CDE"))

    assert match("AB12CDE") == []
    with database.transaction() as session:
        watchlist_id = make_list(session, clock)
        entry_id = add(session, clock, watchlist_id, "AB12*").id
    assert plates(match("AB12CDE")) == ["AB12*"]
    fuzzy = EntryWrite(plate="AB12CDF", tolerance=1)
    assert edit(lambda lists: lists.replace_entry(watchlist_id, entry_id, fuzzy, ADMIN)) == ["AB12CDF"]
    assert edit(lambda lists: lists.update(watchlist_id, WatchlistUpdate(enabled=False), ADMIN)) == []
    assert edit(lambda lists: lists.update(watchlist_id, WatchlistUpdate(enabled=True), ADMIN)) == ["AB12CDF"]
    exact = EntryWrite(plate="AB12CDE")
    assert edit(lambda lists: lists.add_entry(watchlist_id, exact, ADMIN)) == ["AB12CDE", "AB12CDF"]
    assert edit(lambda lists: lists.delete_entry(watchlist_id, entry_id, ADMIN)) == ["AB12CDE"]
    assert edit(lambda lists: lists.delete(watchlist_id, ADMIN)) == []


def test_what_is_rolled_back_never_counted(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
    with pytest.raises(ZeroDivisionError), sqlite_database.transaction() as session:
        add(session, clock, watchlist_id, "AB*")
        assert WatchlistService(session, clock).match("AB1", at=NOON, location_id=None)
        raise ZeroDivisionError
    with sqlite_database.reading() as session:
        assert WatchlistService(session, clock).match("AB1", at=NOON, location_id=None) == []


def test_listed_tells_also_what_does_not_count_now(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
        place = make_location(session)
        add(session, clock, watchlist_id, "AB12CDE", valid_to=NOON - timedelta(days=1), location_ids=[place])
        (found,) = WatchlistService(session, clock).listed("ab 12 cde")
    assert found.entry.location_ids == {place}


def test_edits_at_once_wait_for_each_other(database: Database, clock: SetClock) -> None:
    """Also the very first ones, when the token's row is not there yet."""
    together = Barrier(4)

    def create(number: int) -> None:
        together.wait(10)
        name = f"list {number}"
        database.transact(lambda session: add(session, clock, make_list(session, clock, name=name), "AB*", tolerance=0))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(create, range(4)))
    with database.reading() as session:
        found = WatchlistService(session, clock).match("AB1", at=NOON, location_id=None)
        assert sorted(one.watchlist.name for one in found) == [f"list {number}" for number in range(4)]
