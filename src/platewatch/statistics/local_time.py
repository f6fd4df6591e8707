"""Days and hours of a time zone as numbers of quarter hours, which every database can add and divide alike.

No database needs to know time zones: a zone is a few spans of quarter hours (slots, counted in UTC since 1970), each
with its distance from UTC. All zones are whole quarters of an hour away since 1972.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Final

from platewatch.db.base import SLOT_S, slot_of
from platewatch.zones import zone_of

HOUR_SLOTS: Final = 3600 // SLOT_S
DAY_SLOTS: Final = 24 * HOUR_SLOTS
WEEK_HOURS: Final = 7 * 24
FIRST_MONDAY: Final = 4
"""Days from 1970-01-01, a Thursday, to the first Monday."""

_EPOCH: Final = date(1970, 1, 1)


class TimeBucket(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Span:
    """Slots from `first` to before `end` that are `offset` slots ahead of UTC."""

    first: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True, order=True)
class BucketKey:
    """A bucket of local time: its number (hours, days or weeks since 1970), and the offset to tell a repeated hour."""

    number: int
    offset: int = 0


@lru_cache(maxsize=256)
def local_spans(zone_name: str, first_day: date, last_day: date) -> tuple[Span, ...]:
    """The local days from the first to the last one, as slots; at least one span."""
    zone = zone_of(zone_name)
    first, end = _midnight_slot(first_day, zone), _midnight_slot(last_day + timedelta(days=1), zone)
    spans = []
    begin = first
    while begin < end:
        change = _next_change(zone, begin, end)
        spans.append(Span(begin, change, _offset_at(zone, begin)))
        begin = change
    return tuple(spans)


def offset_of(slot: int, spans: Sequence[Span]) -> int:
    """The number of slots by which local time is ahead in this slot; behind the end, that of the last span."""
    return next((span.offset for span in spans if slot < span.end), spans[-1].offset)


def bucket_number(local_slot: int, bucket: TimeBucket) -> int:
    """The number of the hour, day or week that a slot of local time lies in."""
    if bucket is TimeBucket.HOUR:
        return local_slot // HOUR_SLOTS
    day = local_slot // DAY_SLOTS
    return day if bucket is TimeBucket.DAY else (day + 7 - FIRST_MONDAY) // 7


def bucket_keys(spans: Sequence[Span], bucket: TimeBucket) -> list[BucketKey]:
    """Every bucket that the spans touch, in the order of time."""
    keys: dict[BucketKey, None] = {}
    for span in spans:
        offset = span.offset if bucket is TimeBucket.HOUR else 0
        for slot in range(span.first, span.end):
            keys[BucketKey(bucket_number(slot + span.offset, bucket), offset)] = None
    return list(keys)


def bucket_start(key: BucketKey, bucket: TimeBucket, *, with_offset: bool) -> str:
    """The local time at which the bucket begins, as ISO 8601: a date, or an hour with its offset where there is one."""
    if bucket is TimeBucket.WEEK:
        return (_EPOCH + timedelta(days=7 * key.number - 7 + FIRST_MONDAY)).isoformat()
    if bucket is TimeBucket.DAY:
        return (_EPOCH + timedelta(days=key.number)).isoformat()
    local = datetime.combine(_EPOCH, time()) + timedelta(hours=key.number)
    if not with_offset:
        return local.isoformat(timespec="minutes")
    return f"{local.isoformat(timespec='minutes')}{_format_offset(key.offset)}"


def hour_of_week(local_slot: int) -> int:
    """0 for Monday's first hour to 167 for Sunday's last."""
    return (local_slot // HOUR_SLOTS + WEEK_HOURS - 24 * FIRST_MONDAY) % WEEK_HOURS


def _format_offset(offset: int) -> str:
    minutes = abs(offset) * SLOT_S // 60
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _midnight_slot(day: date, zone: tzinfo) -> int:
    # A day whose first hour is left out begins with the change itself, which is where this instant is then.
    return slot_of(datetime.combine(day, time(), zone))


def _offset_at(zone: tzinfo, slot: int) -> int:
    ahead = datetime.fromtimestamp(slot * SLOT_S, UTC).astimezone(zone).utcoffset()
    return int((ahead or timedelta(0)).total_seconds()) // SLOT_S


def _next_change(zone: tzinfo, first: int, end: int) -> int:
    """The first slot behind `first` with another offset, or the end. No zone changes twice within a day."""
    offset = _offset_at(zone, first)
    for before, after in _days(first, end):
        if _offset_at(zone, after) != offset:
            low, high = before, after
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset_at(zone, middle) == offset else (low, middle)
            return high
    return end


def _days(first: int, end: int) -> Iterator[tuple[int, int]]:
    for slot in range(first, end - 1, DAY_SLOTS):
        yield slot, min(slot + DAY_SLOTS, end - 1)
