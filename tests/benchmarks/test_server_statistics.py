from __future__ import annotations

import json
from pathlib import Path

from benchmarks.server.statistics import MARKS, add_visits, count_rows, statistics
from benchmarks.server.world import populate
from platewatch.db.engine import Database
from tests.databases import database_url


def test_a_made_up_year_has_as_many_rows_as_were_asked_for(sqlite_database: Database) -> None:
    populate(sqlite_database, 1000, 1)
    add_visits(sqlite_database, 300, 1)
    assert count_rows(sqlite_database) == (1000, 300)


def test_the_figures_are_written_and_shown(sqlite_database: Database, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"<!-- {MARKS['sqlite']}:begin -->\n<!-- {MARKS['sqlite']}:end -->\n")
    statistics(database=database_url(sqlite_database), keep=False, sightings=1000, times=1, output=tmp_path, write=page)
    (written,) = tmp_path.glob("statistics-sqlite-*.json")
    rows = json.loads(written.read_text("utf-8"))["results"]
    assert {"summary", "regulars", "counts by region", "occupancy by day"} <= {row["kind"] for row in rows}
    assert all(row["all_cpu_ms"] > 0 for row in rows)
    assert all(row["worst_ms"] >= max(row["all_ms"], row["month_ms"]) for row in rows)
    assert "1,000 sightings and 500 visits on sqlite" in page.read_text()
