"""Lists and entries: changed, refused, and noted in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import AuditRow
from platewatch.errors import ConflictError, FieldError, NotFoundError
from platewatch.watchlists import service as service_module
from platewatch.watchlists.schemas import EntryQuery, EntryWrite, WatchlistCreate, WatchlistUpdate
from platewatch.watchlists.service import ListKind, WatchlistService
from tests.watchlists.lists import ADMIN, add, make_list


def test_a_name_stands_once(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        lists = WatchlistService(session, clock)
        first, second = make_list(session, clock, name="one"), make_list(session, clock, name="two")
        with pytest.raises(ConflictError, match="'one'"):
            lists.create(WatchlistCreate(name="one", kind=ListKind.DENY), ADMIN)
        with pytest.raises(ConflictError, match="'one'"):
            lists.update(second, WatchlistUpdate(name="one"), ADMIN)
        assert lists.update(first, WatchlistUpdate(name="one", note="mine"), ADMIN).note == "mine"
        assert lists.update(first, WatchlistUpdate(note=None), ADMIN).note is None


def test_ids_of_other_lists_and_of_none_are_not_found(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        lists = WatchlistService(session, clock)
        mine, other = make_list(session, clock, name="mine"), make_list(session, clock, name="other")
        entry_id = add(session, clock, other, "AB12").id
        body = EntryWrite(plate="AB13")
        attempts: list[Callable[[], object]] = [
            lambda: lists.entry_or_raise(mine, entry_id),
            lambda: lists.replace_entry(mine, entry_id, body, ADMIN),
            lambda: lists.delete_entry(mine, entry_id, ADMIN),
            lambda: lists.entry_or_raise(other, entry_id + 1),
            lambda: lists.get_or_raise(other + 1),
            lambda: lists.update(other + 1, WatchlistUpdate(), ADMIN),
            lambda: lists.delete(other + 1, ADMIN),
            lambda: lists.add_entry(other + 1, body, ADMIN),
            lambda: lists.entries_page(other + 1, EntryQuery()),
        ]
        for attempt in attempts:
            with pytest.raises(NotFoundError):
                attempt()
        assert lists.entry_or_raise(other, entry_id).plate == "AB12"


def test_an_unknown_location_is_named(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        with pytest.raises(FieldError, match="no location 4711"):
            add(session, clock, make_list(session, clock), "AB12", location_ids=[4711])


def test_a_list_has_only_so_many_patterns(
    sqlite_database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "MAX_PATTERNS", 2)
    with sqlite_database.transaction() as session:
        watchlist_id = make_list(session, clock)
        for pattern in ("A*", "B*"):
            add(session, clock, watchlist_id, pattern)
        with pytest.raises(FieldError, match="at most 2 patterns"):
            add(session, clock, watchlist_id, "C*")
        add(session, clock, watchlist_id, "C1")


def test_every_edit_is_in_the_audit_log(sqlite_database: Database, clock: SetClock) -> None:
    with sqlite_database.transaction() as session:
        lists = WatchlistService(session, clock)
        watchlist_id = make_list(session, clock)
        entry_id = add(session, clock, watchlist_id, "AB12").id
        lists.replace_entry(watchlist_id, entry_id, EntryWrite(plate="AB13"), ADMIN)
        lists.delete_entry(watchlist_id, entry_id, ADMIN)
        lists.update(watchlist_id, WatchlistUpdate(note="n"), ADMIN)
        lists.delete(watchlist_id, ADMIN)
        notes = [(row.action, row.subject, row.username) for row in session.scalars(select(AuditRow))]
    assert notes == [
        ("watchlist.created", f"watchlist {watchlist_id}", "ada"),
        ("entry.created", "AB12", "ada"),
        ("entry.updated", "AB13", "ada"),
        ("entry.deleted", "AB13", "ada"),
        ("watchlist.updated", f"watchlist {watchlist_id}", "ada"),
        ("watchlist.deleted", f"watchlist {watchlist_id}", "ada"),
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"plate": "-"}, "at least one letter or digit"),
        ({"plate": "*?*"}, "at least one letter or digit"),
        ({"plate": "A" * 33}, "at most 32 characters"),
        ({"plate": "AB*", "tolerance": 1}, "can't have a tolerance"),
        ({"plate": "ABC", "tolerance": 1}, "too short for a tolerance of 1"),
        ({"plate": "ABCD", "tolerance": 2}, "too short for a tolerance of 2"),
        ({"plate": "ABCDE", "tolerance": 3}, "less than or equal to 2"),
        ({"plate": "AB12", "valid_from": "2026-03-01T00:00Z", "valid_to": "2026-03-01T00:00Z"}, "has to be later"),
        ({"plate": "AB12", "valid_from": "2026-03-01T00:00"}, "offset"),
        ({"plate": "AB12", "schedule": "now and then"}, "can't be read"),
        ({"plate": "AB12", "region": "Germany"}, "Did you mean 'de'"),
        ({"plate": "AB12", "tags": ["a,b"]}, "pattern"),
        ({"plate": "AB12", "tags": ["t"] * 21}, "at most 20"),
        ({"plate": "AB12", "location_ids": [0]}, "greater than or equal to 1"),
        ({"plate": "AB12", "owner": "a\0b"}, "pattern"),
        ({"plate": "AB12", "colour": "red"}, "not permitted"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EntryWrite.model_validate(fields)
