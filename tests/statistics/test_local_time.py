from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platewatch.db.base import SLOT_S, slot_of
from platewatch.statistics.local_time import (
    BucketKey,
    Span,
    TimeBucket,
    bucket_keys,
    bucket_number,
    bucket_start,
    hour_of_week,
    local_spans,
    offset_of,
)
from platewatch.zones import zone_of

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
]
FIRST, LAST = date(2012, 1, 1), date(2030, 12, 31)


def starts(zone: str, first: date, last: date, bucket: TimeBucket) -> list[str]:
    keys = bucket_keys(local_spans(zone, first, last), bucket)
    return [bucket_start(key, bucket, with_offset=True) for key in keys]


@given(st.sampled_from(ZONES), st.integers(1_325_376_000, 1_893_456_000))
def test_spans_tell_the_local_time_of_every_instant(zone: str, second: int) -> None:
    instant = datetime.fromtimestamp(second, UTC)
    local = instant.astimezone(zone_of(zone))
    spans = local_spans(zone, local.date() - timedelta(days=200), local.date() + timedelta(days=200))
    slot = slot_of(instant)
    local_slot = slot + offset_of(slot, spans)
    day = (local.date() - date(1970, 1, 1)).days
    assert bucket_number(local_slot, TimeBucket.DAY) == day
    assert bucket_number(local_slot, TimeBucket.HOUR) == day * 24 + local.hour
    assert hour_of_week(local_slot) == local.weekday() * 24 + local.hour
    week = BucketKey(bucket_number(local_slot, TimeBucket.WEEK))
    monday = local.date() - timedelta(days=local.weekday())
    assert bucket_start(week, TimeBucket.WEEK, with_offset=True) == monday.isoformat()


@pytest.mark.parametrize("zone", ZONES)
def test_spans_follow_each_other_and_cover_the_days(zone: str) -> None:
    spans = local_spans(zone, FIRST, LAST)
    assert all(before.end == after.first for before, after in pairwise(spans))
    assert all(before.offset != after.offset for before, after in pairwise(spans))
    first, last = (datetime.fromtimestamp(slot * SLOT_S, zone_of(zone)) for slot in (spans[0].first, spans[-1].end))
    assert (first.date(), last.date()) == (FIRST, LAST + timedelta(days=1))
    assert (first - timedelta(seconds=1)).astimezone(UTC).astimezone(zone_of(zone)).date() < FIRST


def test_a_zone_without_changes_is_one_span() -> None:
    assert local_spans("Asia/Kathmandu", date(2026, 1, 1), date(2026, 1, 1)) == (Span(1963561, 1963657, 23),)


def test_an_hour_that_comes_twice_is_two_buckets() -> None:
    day = date(2026, 10, 25)
    assert starts("Europe/Berlin", day, day, TimeBucket.HOUR)[:5] == [
        "2026-10-25T00:00+02:00",
        "2026-10-25T01:00+02:00",
        "2026-10-25T02:00+02:00",
        "2026-10-25T02:00+01:00",
        "2026-10-25T03:00+01:00",
    ]


def test_an_hour_that_is_left_out_is_none() -> None:
    day = date(2026, 3, 29)
    hours = starts("Europe/Berlin", day, day, TimeBucket.HOUR)
    assert (len(hours), hours[1:3]) == (23, ["2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"])


def test_a_day_that_begins_at_one_oclock_begins_there() -> None:
    # Havana's clocks go from midnight to 1:00.
    day = date(2026, 3, 8)
    assert starts("America/Havana", day, day, TimeBucket.HOUR)[0] == "2026-03-08T01:00-04:00"
    assert starts("America/Havana", day, day, TimeBucket.DAY) == ["2026-03-08"]


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (TimeBucket.DAY, ["2026-02-28", "2026-03-01", "2026-03-02"]),
        (TimeBucket.WEEK, ["2026-02-23", "2026-03-02"]),
    ],
)
def test_buckets_have_their_dates(bucket: TimeBucket, expected: list[str]) -> None:
    assert starts("America/St_Johns", date(2026, 2, 28), date(2026, 3, 2), bucket) == expected


def test_hours_of_several_zones_have_no_offset() -> None:
    assert bucket_start(BucketKey(24), TimeBucket.HOUR, with_offset=False) == "1970-01-02T00:00"
