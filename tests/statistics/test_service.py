"""Every statistic against the plain computation, on each database."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from platewatch.clock import SetClock
from platewatch.db.base import slot_of
from platewatch.db.engine import Database
from platewatch.db.tables import CameraRow, LocationRow, SightingRow, VisitRow
from platewatch.errors import FieldError, NotFoundError
from platewatch.statistics.repository import DWELL_EDGES_MINUTES
from platewatch.statistics.schemas import (
    CountBy,
    CountQuery,
    DwellQuery,
    OccupancyQuery,
    RegularsQuery,
    StatisticsQuery,
)
from platewatch.statistics.service import StatisticsService
from tests.databases import Kind, delete_all_rows
from tests.statistics import plain
from tests.statistics.plain import FIRST, LAST, Seen, Stayed, in_days

CHANCE = random.Random(11)
SIGHTINGS = plain.some_sightings(CHANCE, 1500)
STAYS = plain.some_stays(CHANCE, 600)
DAYS = {"date_from": FIRST, "date_to": LAST}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module", params=list(Kind), ids=str)
def filled(request: pytest.FixtureRequest, migrated: Callable[[Kind], Database]) -> Database:
    """A database with all sightings and visits; nothing here changes them."""
    database = migrated(request.param)
    delete_all_rows(database)
    with database.transaction() as session:
        session.execute(
            insert(LocationRow),
            [
                {"id": one, "name": f"location {one}", "time_zone": zone, "created_at": NOON, "capacity": 5}
                for one, zone in plain.ZONES.items()
            ],
        )
        session.execute(
            insert(CameraRow),
            [
                {"id": one, "name": f"camera {one}", "location_id": place, "direction": "both", "created_at": NOON}
                for place, cameras in plain.CAMERAS.items()
                for one in cameras
            ],
        )
        session.execute(insert(SightingRow), [row_of(seen) for seen in SIGHTINGS])
        session.execute(insert(VisitRow), [visit_of(stay) for stay in STAYS])
    return database


def row_of(seen: Seen) -> dict[str, object]:
    fields = {name: getattr(seen, name) for name in Seen.__slots__}
    return fields | {
        "characters": [],
        "alternatives": [],
        "corners": (),
        "first_seen_at": seen.captured_at,
        "last_seen_at": seen.captured_at,
        "recorded_at": seen.captured_at,
        "source": "upload",
        "detector": "-",
        "recognizer": "-",
    }


def visit_of(stay: Stayed) -> dict[str, object]:
    closed = stay.entered_at and stay.left_at
    return {
        "location_id": stay.location_id,
        "plate": "AB10",
        "plate_key": "A810",
        "state": "closed" if closed else "open",
        "began_at": stay.entered_at or stay.left_at,
        "entered_at": stay.entered_at,
        "left_at": stay.left_at,
        "ended_at": stay.ended_at,
        "entered_slot": slot_of(stay.entered_at) if stay.entered_at else None,
        "ended_slot": slot_of(stay.ended_at) if stay.ended_at else None,
        "duration_s": int((stay.left_at - stay.entered_at).total_seconds())
        if stay.left_at and stay.entered_at
        else None,
    }


@pytest.fixture
def statistics(filled: Database) -> Iterator[StatisticsService]:
    with filled.reading() as session:
        yield StatisticsService(session, SetClock(NOON))


FILTERS = [
    pytest.param({}, lambda _: True, id="all"),
    pytest.param({"location_id": 1}, lambda seen: seen.location_id == 1, id="Berlin"),
    pytest.param({"location_id": 2}, lambda seen: seen.location_id == 2, id="Havana"),
    pytest.param({"location_id": 3}, lambda seen: seen.location_id == 3, id="Lord Howe"),
    pytest.param({"camera_id": 4}, lambda seen: seen.camera_id == 4, id="a camera"),
    pytest.param({"direction": "leaving"}, lambda seen: seen.direction == "leaving", id="a direction"),
    pytest.param(
        {"location_id": 5, "camera_id": 6, "direction": "entering"},
        lambda seen: (seen.location_id, seen.camera_id, seen.direction) == (5, 6, "entering"),
        id="all of it",
    ),
]
Fits = Callable[[Seen], bool]


@pytest.mark.parametrize(("filters", "fits"), FILTERS)
@pytest.mark.parametrize("by", list(CountBy), ids=str)
def test_counts_are_those_of_the_plain_computation(
    statistics: StatisticsService, by: CountBy, filters: dict[str, object], fits: Fits
) -> None:
    keys: dict[CountBy, Callable[[Seen], str | None]] = {
        CountBy.HOUR: lambda seen: plain.hour_key(seen, with_offset="location_id" in filters),
        CountBy.DAY: lambda seen: seen.local.date().isoformat(),
        CountBy.WEEK: plain.week_key,
        CountBy.LOCATION: lambda seen: str(seen.location_id) if seen.location_id else None,
        CountBy.CAMERA: lambda seen: str(seen.camera_id) if seen.camera_id else None,
        CountBy.DIRECTION: lambda seen: seen.direction,
        CountBy.REGION: lambda seen: seen.region,
        CountBy.VEHICLE_TYPE: lambda seen: seen.vehicle_type,
    }
    expected = plain.grouped(in_days(seen for seen in SIGHTINGS if fits(seen)), keys[by])
    answer = statistics.counts(CountQuery.model_validate({**DAYS, **filters, "by": by}))
    found = {item.key: (item.count, item.mean_confidence) for item in answer.items if item.count}
    assert expected, "there is something to compare"
    assert {key: count for key, (count, _) in found.items()} == {key: count for key, (count, _) in expected.items()}
    assert all(mean == pytest.approx(expected[key][1], abs=1.01e-4) for key, (_, mean) in found.items())


@pytest.mark.parametrize(("by", "expected"), [("day", 91), ("week", 14), ("hour", 91 * 24 + 1)])
def test_buckets_without_sightings_are_listed_too_in_the_order_of_time(
    statistics: StatisticsService, by: str, expected: int
) -> None:
    answer = statistics.counts(CountQuery.model_validate({**DAYS, "by": by, "location_id": 1}))
    instants = [datetime.fromisoformat(item.key or "") for item in answer.items]
    assert len(answer.items) == expected
    assert instants == sorted(instants)


def test_locations_and_cameras_have_their_names_and_the_largest_come_first(statistics: StatisticsService) -> None:
    answer = statistics.counts(CountQuery.model_validate({**DAYS, "by": "camera"}))
    assert {item.key: item.name for item in answer.items if item.key} == {
        str(one): f"camera {one}" for one in range(1, 7)
    }
    counts = [item.count for item in answer.items]
    assert counts == sorted(counts, reverse=True)
    fewer = statistics.counts(CountQuery.model_validate({**DAYS, "by": "camera", "limit": 2}))
    assert fewer.items == answer.items[:2]


@pytest.mark.parametrize(("filters", "fits"), FILTERS)
def test_the_summary_is_that_of_the_plain_computation(
    statistics: StatisticsService, filters: dict[str, object], fits: Fits
) -> None:
    seen = in_days(one for one in SIGHTINGS if fits(one))
    answer = statistics.summary(StatisticsQuery.model_validate({**DAYS, **filters}))
    corrected = sum(one.is_corrected for one in seen)
    assert answer.sightings == len(seen)
    assert answer.unique_plates == len({one.plate for one in seen})
    assert answer.mean_confidence == pytest.approx(math.fsum(one.confidence for one in seen) / len(seen), abs=1.01e-4)
    assert (answer.corrected, answer.corrections_rate) == (corrected, round(corrected / len(seen), 4))
    ways = [sum(one.direction == way for one in seen) for way in plain.DIRECTIONS]
    assert [answer.entering, answer.leaving, answer.unknown] == ways


@pytest.mark.parametrize(("filters", "fits"), FILTERS)
def test_the_heat_map_is_that_of_the_plain_computation(
    statistics: StatisticsService, filters: dict[str, object], fits: Fits
) -> None:
    counts = plain.heat(in_days(one for one in SIGHTINGS if fits(one)))
    answer = statistics.heat_map(StatisticsQuery.model_validate({**DAYS, **filters}))
    assert answer.counts == counts
    assert answer.busiest_weekday is not None
    assert answer.busiest_hour is not None
    assert counts[answer.busiest_weekday][answer.busiest_hour] == max(max(row) for row in counts)


@pytest.mark.parametrize(("filters", "fits"), FILTERS)
def test_the_regulars_are_those_of_the_plain_computation(
    statistics: StatisticsService, filters: dict[str, object], fits: Fits
) -> None:
    expected = plain.regulars(in_days(one for one in SIGHTINGS if fits(one)), 12)
    answer = statistics.regulars(RegularsQuery.model_validate({**DAYS, **filters, "limit": 12}))
    found = [(one.plate, one.days, one.sightings, one.first_seen_at, one.last_seen_at) for one in answer.items]
    assert found == expected


@pytest.mark.parametrize("location_id", [None, 1, 2, 3])
def test_dwell_times_are_those_of_the_plain_computation(statistics: StatisticsService, location_id: int | None) -> None:
    expected = plain.durations(STAYS, location_id)
    answer = statistics.dwell(DwellQuery.model_validate({**DAYS, "location_id": location_id}))
    assert (answer.visits, answer.mean_s) == (len(expected), round(sum(expected) / len(expected), 1))
    assert answer.median_s == expected[math.ceil(len(expected) / 2) - 1]
    assert answer.p90_s == expected[math.ceil(len(expected) * 0.9) - 1]
    ends = [*DWELL_EDGES_MINUTES[1:], 10**9]
    bins = [
        sum(first * 60 <= seconds < end * 60 for seconds in expected)
        for first, end in zip(DWELL_EDGES_MINUTES, ends, strict=True)
    ]
    assert [one.count for one in answer.bins] == bins
    assert sum(bins) == len(expected)


@pytest.mark.parametrize("by", ["hour", "day"])
@pytest.mark.parametrize("location_id", [1, 2, 3, 5])
def test_the_occupancy_is_that_of_the_plain_computation(
    statistics: StatisticsService, location_id: int, by: str
) -> None:
    def key(local: datetime) -> str:
        return plain.hour_text(local) if by == "hour" else local.date().isoformat()

    expected = plain.occupancy(STAYS, location_id, key)
    query = OccupancyQuery.model_validate({**DAYS, "location_id": location_id, "by": by})
    answer = statistics.occupancy(query)
    found = {one.start: (one.entered, one.left, one.highest, one.at_end) for one in answer.items}
    assert found == {start: expected[start] for start in found}
    assert len(found) >= 91
    assert answer.capacity == 5
    assert max(row[2] for row in found.values()) > 1


def test_a_day_is_the_locations_own(statistics: StatisticsService) -> None:
    day = FIRST + timedelta(days=40)
    for location_id in (2, 3):
        query = CountQuery.model_validate({"date_from": day, "date_to": day, "location_id": location_id, "by": "day"})
        expected = len(in_days([one for one in SIGHTINGS if one.location_id == location_id], day, day))
        assert [item.count for item in statistics.counts(query).items] == [expected]


def test_thirty_days_to_today_are_counted_by_default(filled: Database) -> None:
    # Noon in UTC is 23:00 on Lord Howe, and 2:00 of the next day in Kiritimati.
    with filled.reading() as session:
        answer = StatisticsService(session, SetClock(datetime(2026, 10, 5, 13, 30, tzinfo=UTC))).counts(
            CountQuery(location_id=3)
        )
    assert (answer.date_from.isoformat(), answer.date_to.isoformat()) == ("2026-09-07", "2026-10-06")
    assert answer.time_zone == "Australia/Lord_Howe"
    assert len(answer.items) == 30


def test_several_time_zones_are_reported_as_none(statistics: StatisticsService) -> None:
    assert statistics.counts(CountQuery.model_validate(DAYS)).time_zone is None


def test_too_many_hours_are_refused(statistics: StatisticsService) -> None:
    long = {"date_from": "2026-01-01", "date_to": "2026-06-30", "by": "hour", "location_id": 1}
    with pytest.raises(FieldError, match="100 days"):
        statistics.counts(CountQuery.model_validate(long))
    with pytest.raises(FieldError, match="100 days"):
        statistics.occupancy(OccupancyQuery.model_validate(long))


def test_a_first_day_behind_today_is_refused(statistics: StatisticsService) -> None:
    with pytest.raises(FieldError, match="the last one"):
        statistics.counts(CountQuery.model_validate({"date_from": "2027-01-01"}))


def test_a_location_that_is_not_there_is_not_found(statistics: StatisticsService) -> None:
    with pytest.raises(NotFoundError):
        statistics.summary(StatisticsQuery(location_id=4711))
