"""Matches of sightings: kept, told, and left when their list is deleted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import EventRow, WatchlistMatchRow
from platewatch.watchlists.schemas import MatchQuery
from platewatch.watchlists.service import WatchlistService
from tests.db.rows import sighting
from tests.watchlists.lists import ADMIN, add, make_list


def test_a_sighting_s_matches_are_kept_and_told(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        watchlist_id = make_list(session, clock, "deny", "stolen")
        entry = add(session, clock, watchlist_id, "AB12CDO", tolerance=1, note="red van")
        add(session, clock, make_list(session, clock, "watch"), "AB*")
        row = sighting(plate="AB12CD0")
        session.add(row)
        session.flush()
        WatchlistService(session, clock).note_matches(row)
    with database.reading() as session:
        page = WatchlistService(session, clock).matches_page(MatchQuery(watchlist_id=watchlist_id))
        (kept,) = page.items
        assert (kept.sighting_id, kept.entry_id, kept.plate, kept.entry_plate) == (
            row.id,
            entry.id,
            "AB12CD0",
            "AB12CDO",
        )
        assert (kept.kind, kept.watchlist_name, kept.distance, kept.matched_at) == ("deny", "stolen", 0.5, clock.now())
        events = session.scalars(select(EventRow).order_by(EventRow.id)).all()
    assert [event.kind for event in events] == ["watchlist.matched"] * 2
    told = [(event.payload["fit"]["watchlist"]["name"], event.payload["plate"]) for event in events]
    assert told == [("watch", "AB12CD0"), ("stolen", "AB12CD0")]
    assert events[1].payload["fit"]["entry"]["note"] == "red van"


def test_noting_again_replaces_the_matches(sqlite_database: Database, clock: SetClock) -> None:
    """As after a correction of the plate."""
    with sqlite_database.transaction() as session:
        add(session, clock, make_list(session, clock), "AB12CDE")
        row = sighting(plate="AB12CDE")
        session.add(row)
        session.flush()
        lists = WatchlistService(session, clock)
        lists.note_matches(row)
        row.plate = "XY12CDE"
        assert lists.renew_matches(row) == []
        assert session.scalars(select(WatchlistMatchRow)).all() == []


def test_a_deleted_list_leaves_its_matches(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        watchlist_id = make_list(session, clock, name="stolen")
        entry_id = add(session, clock, watchlist_id, "AB12CDE").id
        row = sighting(plate="AB12CDE")
        session.add(row)
        session.flush()
        lists = WatchlistService(session, clock)
        lists.note_matches(row)
        lists.delete_entry(watchlist_id, entry_id, ADMIN)
    with database.transaction() as session:
        WatchlistService(session, clock).delete(watchlist_id, ADMIN)
    with database.reading() as session:
        (kept,) = session.scalars(select(WatchlistMatchRow))
        assert (kept.watchlist_id, kept.entry_id, kept.watchlist_name) == (None, None, "stolen")


@pytest.mark.parametrize(
    ("confidence", "matched"),
    [
        pytest.param(0.69, True, id="an unsure region contradicts nothing"),
        pytest.param(0.7, False, id="a sure one does"),
        pytest.param(None, False, id="and so does one that somebody told"),
    ],
)
def test_a_region_keeps_a_sighting_from_an_entry_only_if_it_is_sure(
    sqlite_database: Database, clock: SetClock, confidence: float | None, matched: bool
) -> None:
    with sqlite_database.transaction() as session:
        add(session, clock, make_list(session, clock), "BCG986", region="mt")
        row = sighting(plate="BCG986", region="pt", region_confidence=confidence)
        session.add(row)
        session.flush()
        assert bool(WatchlistService(session, clock).note_matches(row)) is matched
