"""The index that counts use on SQLite, told by the database itself."""

from __future__ import annotations

import pytest

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.statistics.schemas import CountBy, CountQuery
from platewatch.statistics.service import StatisticsService
from tests.db.rows import NOON
from tests.sightings.rows import add_sighting
from tests.sightings.test_search_plans import told_plans


@pytest.mark.parametrize("by", list(CountBy), ids=str)
def test_counts_read_one_index_and_no_rows(sqlite_database: Database, by: CountBy) -> None:
    with sqlite_database.transaction() as session:
        add_sighting(session, "AB12CDE", vehicle_type="car")
    with told_plans(sqlite_database) as plans, sqlite_database.reading() as session:
        StatisticsService(session, SetClock(NOON)).counts(CountQuery(by=by))
    assert plans
    assert all("USING COVERING INDEX ix_sightings_facts" in plan for plan in plans), plans
