"""The indexes that searches use on SQLite, told by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.sightings import search
from platewatch.sightings.query import PlateMatch, SightingFilter, SightingQuery
from platewatch.sightings.service import SightingService
from tests.db.rows import NOON
from tests.sightings.rows import add_sighting

BY_TIME = "ix_sightings_captured_at_id_plate_confidence_direction"
BY_LIST = "ix_watchlist_matches_watchlist_id_captured_at_sighting_id"
BY_PLATE = "ix_sightings_plate_captured_at_id"


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    with sqlite_database.transaction() as session:
        for number in range(30):
            add_sighting(session, f"AB{number:02d}CDE", captured_at=NOON + timedelta(minutes=number))
    return sqlite_database


@contextmanager
def told_plans(database: Database) -> Iterator[list[str]]:
    """What SQLite says of each statement that asks for sightings or matches, in one text a statement."""
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if ("FROM sightings" in statement or "FROM watchlist_matches" in statement) and not statement.startswith(
            "EXPLAIN"
        ):
            raw = connection.connection.driver_connection
            assert raw is not None
            rows = raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append("\n".join(row[3] for row in rows))

    event.listen(database.engine, "before_cursor_execute", explain)
    event.listen(database.reading_engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)
        event.remove(database.reading_engine, "before_cursor_execute", explain)


def plan_of_page(database: Database, **query: Any) -> str:
    """The plan of the statement that finds the ids of a page."""
    with told_plans(database) as plans, database.reading() as session:
        SightingService(session, Clock()).page(SightingQuery(**query))
    # The last one fetches the rows themselves; of those before, counts come first.
    return [plan for plan in plans if "LEFT-JOIN" not in plan][-1]


WALKS = [
    pytest.param({}, BY_TIME, id="newest"),
    pytest.param({"sort": "captured_at"}, BY_TIME, id="oldest"),
    pytest.param({"captured_from": NOON, "captured_to": NOON + timedelta(days=1)}, BY_TIME, id="a time"),
    pytest.param({"min_confidence": 0.5, "direction": "entering"}, BY_TIME, id="confidence and direction"),
    pytest.param({"plate": "AB01CDE"}, BY_PLATE, id="exact plate"),
    pytest.param({"plate": "AB01CDE", "location_id": 1}, BY_PLATE, id="exact plate before the location"),
    pytest.param({"location_id": 1}, "ix_sightings_location_id_captured_at", id="location"),
    pytest.param({"camera_id": 1, "location_id": 1}, "ix_sightings_camera_id_captured_at", id="camera, location"),
    pytest.param({"region": "gb"}, "ix_sightings_region_captured_at_id", id="region"),
    pytest.param({"corrected": True}, "ix_sightings_is_corrected_captured_at_id", id="corrected"),
    pytest.param({"sort": "confidence"}, "ix_sightings_confidence_id", id="least sure"),
    pytest.param({"sort": "plate"}, BY_PLATE, id="by plate"),
    pytest.param({"sort": "-recorded_at"}, "sightings", id="last recorded"),
    pytest.param({"watchlist_id": 1}, BY_LIST, id="list"),
    pytest.param({"watchlist_id": 1, "captured_from": NOON}, BY_LIST, id="list, a time"),
    pytest.param({"watchlist_id": 1, "sort": "captured_at", "location_id": 1}, BY_LIST, id="list, location"),
    pytest.param({"vehicle_type": "car"}, "ix_sightings_vehicle_type_captured_at_id", id="type"),
    pytest.param({"vehicle_color": "red", "camera_id": 1}, "ix_sightings_vehicle_color_captured_at_id", id="color"),
    pytest.param(
        {"vehicle_type": "car", "vehicle_make": "fiat"}, "ix_sightings_vehicle_make_captured_at_id", id="make, type"
    ),
]


@pytest.mark.parametrize(("query", "index"), WALKS)
def test_a_page_walks_one_index_and_sorts_nothing(database: Database, query: dict[str, Any], index: str) -> None:
    plan = plan_of_page(database, **query)
    assert index in plan, plan
    assert "TEMP B-TREE" not in plan, plan


PICKS = [
    pytest.param({"plate": "AB0?CDE"}, BY_PLATE, id="wildcard"),
    pytest.param({"plate": "AB", "match": "prefix"}, BY_PLATE, id="prefix"),
    pytest.param({"plate": "AB01CDF", "match": "fuzzy"}, BY_PLATE, id="fuzzy"),
    pytest.param({"sort": "confidence", "camera_id": 1}, "ix_sightings_camera_id_captured_at", id="camera, least sure"),
]


def test_a_country_is_found_with_its_states_by_their_index(database: Database) -> None:
    with database.transaction() as session:
        add_sighting(session, "7ABC123", region="us-ca")
    assert "ix_sightings_region_captured_at_id" in plan_of_page(database, region="us")


@pytest.mark.parametrize(("query", "index"), PICKS)
def test_few_rows_are_picked_by_their_index(database: Database, query: dict[str, Any], index: str) -> None:
    assert index in plan_of_page(database, **query)


@pytest.mark.parametrize("query", [case.values[0] for case in PICKS[:3]], ids=["wildcard", "prefix", "fuzzy"])
def test_where_many_rows_fit_the_time_is_walked(
    database: Database, monkeypatch: pytest.MonkeyPatch, query: dict[str, Any]
) -> None:
    monkeypatch.setattr(search, "FEW_ROWS", -1)
    monkeypatch.setattr(search, "MAX_PLATES", 0)
    plan = plan_of_page(database, **query)
    assert f"SCAN sightings USING COVERING INDEX {BY_TIME}" in plan, plan
    assert "TEMP B-TREE" not in plan, plan


@pytest.mark.parametrize("query", [case.values[0] for case in (*WALKS[2:10], *WALKS[13:15], *WALKS[16:], *PICKS[:3])])
def test_counting_never_looks_at_the_whole_table(database: Database, query: dict[str, Any]) -> None:
    with told_plans(database) as plans, database.reading() as session:
        SightingService(session, Clock()).count(SightingFilter(**query))
    assert plans
    for plan in plans:
        assert "SCAN sightings\n" not in f"{plan}\n", plan


def test_misread_plates_are_found_by_their_keys(database: Database) -> None:
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "plate_keys" in statement:
            raw = connection.connection.driver_connection
            assert raw is not None
            plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(database.reading_engine, "before_cursor_execute", explain)
    try:
        with database.reading() as session:
            SightingService(session, Clock()).page(SightingQuery(plate="AB01CDF", match=PlateMatch.FUZZY, distance=2))
    finally:
        event.remove(database.reading_engine, "before_cursor_execute", explain)
    assert any("SEARCH plate_keys USING PRIMARY KEY" in line for line in plans), plans
    assert not any(line.startswith("SCAN plate_") for line in plans), plans
