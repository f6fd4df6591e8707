from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platewatch.db.base import MAX_ID
from platewatch.db.engine import Database
from platewatch.db.repository import Cursor, NamedRepository, NewestFirst, Page
from platewatch.db.tables import LocationRow, SightingRow
from platewatch.errors import ConflictError, CursorError, NotFoundError
from tests.db.rows import NOON, sighting


class Locations(NamedRepository[LocationRow]):
    row = LocationRow
    kind = "location"


def location(name: str) -> LocationRow:
    return LocationRow(name=name, created_at=NOON)


def test_an_added_row_has_an_id_and_is_found_by_it(database: Database) -> None:
    with database.transaction() as session:
        row = Locations(session).add(location("gate"))
        assert row.id > 0
    with database.reading() as session:
        assert Locations(session).get_or_raise(row.id).name == "gate"


@pytest.mark.parametrize("identity", [0, -1, 10**12, MAX_ID, MAX_ID + 1, 10**40])
def test_an_id_that_nothing_has_is_not_found(database: Database, identity: int) -> None:
    with database.reading() as session:
        assert Locations(session).get(identity) is None
        with pytest.raises(NotFoundError, match="no location"):
            Locations(session).get_or_raise(identity)


def test_a_deleted_row_is_gone(database: Database) -> None:
    with database.transaction() as session:
        row = Locations(session).add(location("gate"))
    with database.transaction() as session:
        locations = Locations(session)
        locations.delete(locations.get_or_raise(row.id))
        assert locations.get(row.id) is None


def test_a_second_row_with_a_unique_value_is_a_conflict(database: Database) -> None:
    with database.transaction() as session:
        Locations(session).add(location("gate"))
    with pytest.raises(ConflictError, match="already such a location"), database.transaction() as session:
        Locations(session).add(location("gate"))


def test_another_broken_rule_is_not_taken_for_a_conflict(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        Locations(session).add(LocationRow(name=None, created_at=NOON))


def test_a_name_is_created_once_and_then_found(database: Database) -> None:
    with database.transaction() as session:
        first = Locations(session).get_or_create(location("gate"))
    with database.transaction() as session:
        assert Locations(session).get_or_create(location("gate")).id == first.id
        assert Locations(session).get_by_name("Gate") is None


def test_transactions_that_create_one_name_at_once_share_the_row(database: Database) -> None:
    """Each asks before any has created; the losers must find the winner's row and go on."""
    together = threading.Barrier(8)
    ids: list[int] = []
    errors: list[BaseException] = []

    def share_and_add(session: Session) -> int:
        shared = Locations(session).get_or_create(location("gate"))
        # A neighbor in the index, so that MariaDB has reason to break some of them off.
        Locations(session).add(location(f"a {threading.get_ident()}"))
        return shared.id

    def create() -> None:
        try:
            together.wait(timeout=20)
            ids.append(database.transact(share_and_add))
        except BaseException as error:  # noqa: BLE001  # told in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(ids) == 8
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(NOON, 1),
        Cursor(NOON.replace(microsecond=1), MAX_ID),
        Cursor(datetime(1, 1, 1, tzinfo=UTC), 1),
        Cursor(datetime.max.replace(tzinfo=UTC), 1),
    ],
    ids=["plain", "microsecond and large id", "first time", "last time"],
)
def test_a_cursor_comes_back_from_its_text(cursor: Cursor) -> None:
    text = cursor.encode()
    assert Cursor.decode(text) == cursor
    assert text.replace("-", "").replace("_", "").isalnum()


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


GOOD = Cursor(NOON, 7).encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("abc", id="not json"),
        pytest.param("ünïcode", id="not ascii"),
        pytest.param("!!!!", id="not base64"),
        pytest.param(GOOD[:-1], id="cut short"),
        pytest.param(GOOD[1:], id="cut at the front"),
        pytest.param(GOOD + "=", id="padded"),
        pytest.param(GOOD + "A", id="longer"),
        pytest.param(" " + GOOD, id="space"),
        pytest.param(encoded(7), id="a number"),
        pytest.param(encoded([1]), id="one field"),
        pytest.param(encoded([1, 2, 3]), id="three fields"),
        pytest.param(encoded({"a": 1, "b": 2}), id="an object"),
        pytest.param(encoded([1, 0]), id="id 0"),
        pytest.param(encoded([1, -1]), id="negative id"),
        pytest.param(encoded([1, MAX_ID + 1]), id="id too large"),
        pytest.param(encoded([10**30, 1]), id="time too large"),
        pytest.param(encoded([-(10**30), 1]), id="time too small"),
        pytest.param(encoded([True, 1]), id="a boolean time"),
        pytest.param(encoded([1.0, 1]), id="a fraction"),
        pytest.param(encoded(["1", "1"]), id="texts"),
        pytest.param(encoded([None, None]), id="nulls"),
        pytest.param(encoded([1, [1]]), id="a list"),
        pytest.param("W" * 100_000, id="very long"),
        pytest.param(base64.urlsafe_b64encode(b"[" * 50_000).decode(), id="deeply nested"),
        pytest.param(base64.urlsafe_b64encode(b"[1, 1" + b"0" * 5_000 + b"]").decode(), id="5000 digits"),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        Cursor.decode(text)


SIGHTINGS = NewestFirst(SightingRow.captured_at, SightingRow.id)


def pages(database: Database, query: Select[SightingRow], limit: int) -> list[Page[SightingRow]]:
    """All pages, read as a client would."""
    found: list[Page[SightingRow]] = []
    cursor: str | None = None
    with database.reading() as session:
        while cursor is not None or not found:
            found.append(SIGHTINGS.page(session, query, limit, cursor))
            cursor = found[-1].next_cursor
    return found


@pytest.mark.parametrize(
    ("rows", "limit", "sizes"), [(0, 3, [0]), (2, 3, [2]), (3, 3, [3]), (7, 3, [3, 3, 1]), (40, 7, [7] * 5 + [5])]
)
def test_pages_hold_every_row_once_newest_first(database: Database, rows: int, limit: int, sizes: list[int]) -> None:
    # Three times only, so that many rows share one and the id must decide.
    dice = random.Random(rows)
    times = [NOON + timedelta(microseconds=dice.randrange(3)) for _ in range(rows)]
    with database.transaction() as session:
        session.add_all([sighting(captured_at=captured_at) for captured_at in times])
    found = pages(database, select(SightingRow), limit)
    assert [len(page.items) for page in found] == sizes
    order = [(row.captured_at, row.id) for page in found for row in page.items]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == rows


def test_rows_that_share_a_time_are_split_between_pages(database: Database) -> None:
    with database.transaction() as session:
        session.add_all([sighting() for _ in range(5)])
    found = pages(database, select(SightingRow), 2)
    ids = [row.id for page in found for row in page.items]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)


def test_a_row_that_arrives_between_two_pages_moves_nothing(database: Database) -> None:
    with database.transaction() as session:
        session.add_all([sighting(captured_at=NOON + timedelta(seconds=index)) for index in range(4)])
    with database.reading() as session:
        first = SIGHTINGS.page(session, select(SightingRow), 2, None)
    with database.transaction() as session:
        session.add(sighting(captured_at=NOON + timedelta(hours=1)))
    with database.reading() as session:
        second = SIGHTINGS.page(session, select(SightingRow), 2, first.next_cursor)
    seconds = [(row.captured_at - NOON).total_seconds() for row in (*first.items, *second.items)]
    assert seconds == [3, 2, 1, 0]
    assert second.next_cursor is None


def test_a_cursor_keeps_the_filter_of_the_query(database: Database) -> None:
    with database.transaction() as session:
        session.add_all([sighting(plate=plate) for plate in ("A1", "B2", "A1", "B2", "A1")])
    found = pages(database, select(SightingRow).where(SightingRow.plate == "A1"), 2)
    assert [row.plate for page in found for row in page.items] == ["A1", "A1", "A1"]


def plan_of_second_page(database: Database, query: Select[SightingRow]) -> str:
    """SQLite's plan for what `page` really runs, with statistics of many rows."""
    with database.transaction() as session:
        times = [NOON + timedelta(seconds=second) for second in range(1000)]
        session.add_all([sighting(plate=f"P{time.second}", captured_at=time) for time in times])
        session.flush()
        session.connection().exec_driver_sql("ANALYZE")
    cursor = Cursor(NOON + timedelta(seconds=500), 1).encode()
    run: list[tuple[str, Any]] = []

    def remember(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        run.append((statement, parameters))

    with database.reading() as session:
        event.listen(session.connection(), "before_cursor_execute", remember)
        SIGHTINGS.page(session, query, 50, cursor)
        [(statement, parameters)] = run
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return " | ".join(step[-1] for step in plan)


@pytest.mark.parametrize(
    ("narrow", "index"),
    [
        pytest.param(lambda query: query, "ix_sightings_captured_at_id", id="all"),
        pytest.param(
            lambda query: query.where(SightingRow.plate == "P7"),
            "ix_sightings_plate_captured_at_id",
            id="one plate",
        ),
    ],
)
def test_listings_walk_their_index_and_sort_nothing(
    tmp_path: Path, narrow: Callable[[Select[SightingRow]], Select[SightingRow]], index: str
) -> None:
    # A database of its own: the statistics would stay, and change the plans that other tests look at.
    database = Database(f"sqlite:///{tmp_path / 'analyzed.sqlite'}")
    database.migrate()
    plan = plan_of_second_page(database, narrow(select(SightingRow)))
    database.dispose()
    assert f"INDEX {index}" in plan, plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan
