from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import LocationRow
from platewatch.statistics.schemas import CountQuery, DwellQuery, OccupancyQuery, RegularsQuery, StatisticsQuery
from platewatch.statistics.service import StatisticsService
from tests.servers import Server
from tests.visits.passes import START
from tests.visits.site import Site

PATH = "/api/v1/statistics"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = {"date_from": "2026-03-01", "date_to": "2026-03-01"}
DAYS = DAY | {"time_zone": "Europe/Berlin"}


@pytest.fixture
def site(sqlite_server: Server) -> Site:
    """A location in Berlin where AB10 stayed from 9:00 for 40 minutes, and XY77 came twice."""
    site = Site(sqlite_server.runtime.database, sqlite_server.runtime.clock, time_zone="Europe/Berlin", capacity=9)
    site.see("in AB10 0", "out AB10 40", "in XY77 50", "in XY77 70")
    return site


def get(server: Server, route: str, **params: Any) -> Any:
    server.register()
    answer = server.log_in().get(f"{PATH}/{route}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_summary(sqlite_server: Server, site: Site) -> None:
    assert get(sqlite_server, "summary", location_id=site.id, **DAY) == DAYS | {
        "sightings": 4,
        "unique_plates": 2,
        "mean_confidence": 0.9,
        "unsure": 0,
        "corrected": 0,
        "corrections_rate": 0.0,
        "entering": 3,
        "leaving": 1,
        "unknown": 0,
    }


def test_counts_by_hour(sqlite_server: Server, site: Site) -> None:
    answer = get(sqlite_server, "counts", location_id=site.id, by="hour", **DAY)
    assert {name: answer[name] for name in (*DAYS, "by")} == DAYS | {"by": "hour"}
    assert len(answer["items"]) == 24
    assert [item for item in answer["items"] if item["count"]] == [
        {"key": "2026-03-01T09:00+01:00", "name": None, "count": 3, "mean_confidence": 0.9, "unsure": 0},
        {"key": "2026-03-01T10:00+01:00", "name": None, "count": 1, "mean_confidence": 0.9, "unsure": 0},
    ]


def test_counts_by_location_over_all_of_them(sqlite_server: Server, site: Site) -> None:
    answer = get(sqlite_server, "counts", by="location", **DAY)
    assert answer["time_zone"] is None
    assert answer["items"] == [{"key": str(site.id), "name": "depot", "count": 4, "mean_confidence": 0.9, "unsure": 0}]


def test_the_heat_map(sqlite_server: Server, site: Site) -> None:
    answer = get(sqlite_server, "heatmap", location_id=site.id, **DAY)
    assert (answer["busiest_weekday"], answer["busiest_hour"]) == (START.weekday(), 9)
    assert answer["counts"][6][9:11] == [3, 1]
    assert sum(map(sum, answer["counts"])) == 4


def test_the_regulars(sqlite_server: Server, site: Site) -> None:
    items = get(sqlite_server, "regulars", location_id=site.id, limit=1, **DAY)["items"]
    assert items == [
        {
            "plate": "AB10",
            "days": 1,
            "sightings": 2,
            "first_seen_at": "2026-03-01T08:00:00Z",
            "last_seen_at": "2026-03-01T08:40:00Z",
        }
    ]


def test_dwell_times(sqlite_server: Server, site: Site) -> None:
    answer = get(sqlite_server, "dwell", location_id=site.id, **DAY)
    assert (answer["visits"], answer["mean_s"], answer["median_s"], answer["p90_s"]) == (1, 2400.0, 2400, 2400)
    assert [one for one in answer["bins"] if one["count"]] == [{"from_minutes": 30, "to_minutes": 60, "count": 1}]
    assert answer["bins"][-1] == {"from_minutes": 1440, "to_minutes": None, "count": 0}


def test_the_occupancy(sqlite_server: Server, site: Site) -> None:
    answer = get(sqlite_server, "occupancy", location_id=site.id, **DAY)
    assert (answer["location_id"], answer["capacity"]) == (site.id, 9)
    nine, ten = (one for one in answer["items"] if one["entered"])
    assert nine == {"start": "2026-03-01T09:00+01:00", "entered": 2, "left": 1, "highest": 1, "at_end": 1}
    assert ten == {"start": "2026-03-01T10:00+01:00", "entered": 1, "left": 1, "highest": 1, "at_end": 1}


REFUSED: list[tuple[dict[str, Any], int, str | None]] = [
    ({"location_id": 4711}, 404, None),
    ({"location_id": 0}, 422, "location_id"),
    ({"date_from": "2026-03-02", "date_to": "2026-03-01"}, 422, None),
    ({"date_from": "1999-12-31"}, 422, "date_from"),
    ({"date_to": "2100-01-01"}, 422, "date_to"),
    ({"date_from": "2001-01-01", "date_to": "2026-01-01"}, 422, None),
    ({"date_from": "yesterday"}, 422, "date_from"),
    ({"date_to": "2000-01-01", "date_from": "2000-01-02T00:00:00"}, 422, None),
    ({"since": "2026-01-01"}, 422, "since"),
]


@pytest.mark.parametrize("route", ["summary", "counts", "heatmap", "regulars", "dwell", "occupancy"])
def test_what_can_not_be_counted_is_refused(sqlite_server: Server, route: str) -> None:
    client = sqlite_server.admin()
    location_id = client.post("/api/v1/locations", json={"name": "depot"}).json()["id"]
    for params, status, field in REFUSED:
        answer = client.get(f"{PATH}/{route}", params={"location_id": location_id} | params)
        assert answer.status_code == status, (params, answer.text)
        assert field is None or answer.json()["errors"][0]["field"] == field


def test_fields_that_can_not_be_are_refused(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    for route, params in [
        ("counts", {"by": "minute"}),
        ("counts", {"limit": 0}),
        ("counts", {"limit": 501}),
        ("counts", {"direction": "up"}),
        ("counts", {"by": "hour", "date_from": "2026-01-01", "date_to": "2026-12-31"}),
        ("regulars", {"limit": 501}),
        ("occupancy", {}),
        ("dwell", {"camera_id": 1}),
    ]:
        assert client.get(f"{PATH}/{route}", params=params).status_code == 422, (route, params)  # type: ignore[arg-type]


def test_nothing_counted_is_no_error(database: Database) -> None:
    with database.transaction() as session:
        session.add(LocationRow(id=9, name="empty", created_at=NOON))
    with database.reading() as session:
        empty = StatisticsService(session, SetClock(NOON))
        for location_id in (None, 9):
            summary = empty.summary(StatisticsQuery(location_id=location_id))
            assert (summary.sightings, summary.unique_plates, summary.mean_confidence) == (0, 0, None)
            assert (summary.corrections_rate, summary.time_zone) == (None, "UTC")
            assert empty.heat_map(StatisticsQuery(location_id=location_id)).busiest_hour is None
            assert empty.regulars(RegularsQuery(location_id=location_id)).items == []
            dwell = empty.dwell(DwellQuery(location_id=location_id))
            assert (dwell.visits, dwell.mean_s, dwell.median_s, dwell.p90_s) == (0, None, None, None)
            assert {item.count for item in empty.counts(CountQuery(location_id=location_id)).items} == {0}
        points = empty.occupancy(OccupancyQuery(location_id=9)).items
        assert {(one.entered, one.left, one.highest, one.at_end) for one in points} == {(0, 0, 0, 0)}
