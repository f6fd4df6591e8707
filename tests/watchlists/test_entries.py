"""Entries of a list: searched, paged and counted."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import WatchlistEntryRow
from platewatch.errors import CursorError
from platewatch.watchlists.schemas import EntryQuery
from platewatch.watchlists.service import WatchlistService
from tests.watchlists.lists import add, make_list


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({}, ["*CD", "CD34", "AB13", "AB12"], id="newest first"),
        pytest.param({"plate": "ab-12"}, ["AB12"], id="a plate"),
        pytest.param({"plate": "AB1?"}, ["AB13", "AB12"], id="all that fit a pattern"),
        pytest.param({"plate": "*cd"}, ["*CD"], id="the pattern itself"),
        pytest.param({"plate": "ABX"}, [], id="no such plate"),
        pytest.param({"q": "12"}, ["AB12"], id="a part of the plate"),
        pytest.param({"q": "GRACE"}, ["AB13"], id="a part of the owner, another case"),
        pytest.param({"q": "van"}, ["CD34"], id="a part of the vehicle"),
        pytest.param({"q": "100%"}, ["CD34"], id="a sign with a meaning in SQL"),
        pytest.param({"q": "_"}, [], id="another one"),
        pytest.param({"tag": "vip"}, ["AB12"], id="a tag"),
        pytest.param({"tag": "vi"}, [], id="a part of a tag"),
    ],
)
def test_entries_are_searched(database: Database, clock: SetClock, query: dict[str, str], expected: list[str]) -> None:
    with database.transaction() as session:
        watchlist_id = make_list(session, clock)
        other_id = make_list(session, clock, name="other")
        add(session, clock, watchlist_id, "AB12", owner="Ada", tags=["vip", "staff"])
        add(session, clock, watchlist_id, "AB13", owner="Grace Hopper", tags=["vips"])
        add(session, clock, watchlist_id, "CD34", vehicle="white van", note="100% sure")
        add(session, clock, watchlist_id, "*CD")
        add(session, clock, other_id, "AB12", tags=["vip"])
    with database.reading() as session:
        page = WatchlistService(session, clock).entries_page(watchlist_id, EntryQuery.model_validate(query))
        assert [row.plate for row in page.items] == expected


def test_pages_of_entries_follow_each_other(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        watchlist_id = make_list(session, clock)
        for number in range(5):
            add(session, clock, watchlist_id, f"AB{number}")
            clock.advance(number % 2)
    seen: list[str] = []
    cursor: str | None = None
    with database.reading() as session:
        lists = WatchlistService(session, clock)
        while True:
            page = lists.entries_page(watchlist_id, EntryQuery(limit=2, cursor=cursor))
            seen += [row.plate for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        with pytest.raises(CursorError):
            lists.entries_page(watchlist_id, EntryQuery(cursor="x"))
    assert seen == ["AB4", "AB3", "AB2", "AB1", "AB0"]


def test_counts_are_reported_with_the_lists(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        for name, entries in (("b", 2), ("a", 0)):
            watchlist_id = make_list(session, clock, name=name)
            for number in range(entries):
                add(session, clock, watchlist_id, f"AB{number}")
        counted = [(row.name, entries) for row, entries in WatchlistService(session, clock).lists()]
        assert session.scalar(select(func.count()).select_from(WatchlistEntryRow)) == 2
    assert counted == [("a", 0), ("b", 2)]
