from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from platewatch.fields import Day, Instant, TimeZone

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
DAY: TypeAdapter[date] = TypeAdapter(Day)
ZONE: TypeAdapter[str] = TypeAdapter(TimeZone)
NINE = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T10:00:00+01:00",
        "2026-11-01T09:00:00Z",
        "2026-11-01t09:00:00z",
        "2026-11-01 09:00Z",
        "2026-11-01T10:00:00+0100",
        "2026-11-01T10+01:00".replace("T10", "T10:00"),
        "20261101T090000Z",
        "20261101T1000+0100",
        " 2026-11-01T09:00:00.000000000Z ",
        "2026-11-01T09:00:00,0Z",
    ],
)
def test_iso_8601_with_offset_is_moment(text: str) -> None:
    assert INSTANT.validate_python(text) == NINE
    assert INSTANT.validate_json(f'"{text}"') == NINE


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("2026", "not a time in ISO 8601", id="year"),
        pytest.param("20261101", "not a time in ISO 8601", id="compact date"),
        pytest.param("46419", "not a time in ISO 8601", id="spreadsheet's day number"),
        pytest.param("46419.5", "not a time in ISO 8601", id="spreadsheet's time"),
        pytest.param("1e9", "not a time in ISO 8601", id="power of ten"),
        pytest.param("-1", "not a time in ISO 8601", id="negative number"),
        pytest.param("٢٠٢٦-11-01T09:00:00Z", "not a time in ISO 8601", id="other digits"),
        pytest.param("20261101 0900+0100", "not a time in ISO 8601", id="digits around a space"),
        pytest.param("2026-11-01", "not a time in ISO 8601", id="day"),
        pytest.param("", "not a time in ISO 8601", id="empty"),
        pytest.param("2026-11-01T09:00:00", "has no offset", id="no offset"),
        pytest.param("2026-11-01T10:00:00 01:00", "%2B01:00", id="plus that became a space"),
        pytest.param("Feb 28 2027", "is not a time", id="month by name"),
        pytest.param("2026-13-01T09:00:00Z", "month", id="no such month"),
        pytest.param("2026-11-01T09:00:00+99:00", "offset", id="no such offset"),
        pytest.param("0001-01-01T00:00:00+14:00", "years 1 to 9999", id="before the calendar"),
        pytest.param("9999-12-31T23:59:59-14:00", "years 1 to 9999", id="behind the calendar"),
        pytest.param("2026-11-01T09:00:00Z" + "0" * 100_000, "at most", id="long text"),
        pytest.param(2026, "a number is not taken", id="number"),
        pytest.param(1764547200.5, "a number is not taken", id="seconds since 1970"),
        pytest.param(True, "a time is text", id="truth value"),
        pytest.param(b"2026-11-01T09:00:00Z", "a time is text", id="bytes"),
        pytest.param(date(2026, 11, 1), "a time is text", id="date"),
        pytest.param(NINE.replace(tzinfo=None), "has no offset", id="datetime without a zone"),
    ],
)
def test_anything_else_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        INSTANT.validate_python(value)


def test_aware_datetime_stays_as_it_is() -> None:
    given = datetime(2026, 11, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    assert INSTANT.validate_python(given) is given


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_whole_calendar_is_taken(text: str) -> None:
    assert INSTANT.validate_python(text).utcoffset() == timedelta(0)


def test_moment_is_described_as_date_time() -> None:
    assert INSTANT.json_schema() == {"type": "string", "format": "date-time"}
    assert DAY.json_schema() == {"type": "string", "format": "date"}


def test_iso_date_is_day() -> None:
    assert DAY.validate_python("2026-11-01") == DAY.validate_python(date(2026, 11, 1)) == date(2026, 11, 1)


@pytest.mark.parametrize(
    "value",
    ["2026", "20261101", "1767225600", "2026-11-01T00:00:00", "2026-11-01T00:00:00Z", "2026-13-01", 1767225600, NINE],
)
def test_anything_but_iso_date_is_no_day(value: Any) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(value)


def test_zone_is_known_by_name() -> None:
    assert ZONE.validate_python("Europe/Berlin") == "Europe/Berlin"


@pytest.mark.parametrize("name", ["", "Berlin", "europe/berlin", "localtime", "../UTC", "posix/UTC", "CEST", "x" * 65])
def test_other_names_are_no_zone(name: str) -> None:
    with pytest.raises(ValidationError):
        ZONE.validate_python(name)
