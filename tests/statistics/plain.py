"""The statistics once more, one sighting at a time in plain Python, to compare with."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from platewatch.db.base import slot_of
from platewatch.zones import zone_of

ZONES = {1: "Europe/Berlin", 2: "America/Havana", 3: "Australia/Lord_Howe", 4: "Europe/Berlin", 5: "Asia/Kathmandu"}
CAMERAS = {1: (1, 2), 2: (3,), 3: (4, 5), 4: (), 5: (6,)}
REGIONS = (None, "de", "us-ca", "cu", "np")
VEHICLE_TYPES = (None, None, "car", "truck", "motorcycle")
DIRECTIONS = ("entering", "leaving", "unknown")
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 30)
"""Clocks change in Berlin on 25 October, in Havana on 1 November, on Lord Howe (by half an hour) on 4 October."""


@dataclass(frozen=True, slots=True)
class Seen:
    plate: str
    region: str | None
    confidence: float
    direction: str
    camera_id: int | None
    location_id: int | None
    captured_at: datetime
    is_corrected: bool
    vehicle_type: str | None

    @property
    def local(self) -> datetime:
        return local_of(self.location_id, self.captured_at)


@dataclass(frozen=True, slots=True)
class Stayed:
    location_id: int
    entered_at: datetime | None
    left_at: datetime | None
    ended_at: datetime | None


def local_of(location_id: int | None, instant: datetime) -> datetime:
    return instant.astimezone(zone_of(ZONES[location_id] if location_id else "UTC"))


def some_sightings(chance: random.Random, count: int) -> list[Seen]:
    """Sightings of few plates over all locations, some of them around changes of the clocks."""
    begin = datetime(2026, 8, 30, tzinfo=UTC)
    changes = [
        datetime(2026, 10, 3, 14, tzinfo=UTC),
        datetime(2026, 10, 24, 23, tzinfo=UTC),
        datetime(2026, 11, 1, 3, tzinfo=UTC),
    ]
    made = []
    for _ in range(count):
        location_id = chance.choice([None, *ZONES])
        cameras = CAMERAS.get(location_id or 0, ())
        if chance.random() < 0.3:
            captured_at = chance.choice(changes) + timedelta(seconds=chance.uniform(0, 4 * 3600))
        else:
            captured_at = begin + timedelta(seconds=chance.uniform(0, 95 * 86400))
        made.append(
            Seen(
                plate=f"P{chance.randrange(40)}",
                region=chance.choice(REGIONS),
                confidence=round(chance.random(), 4),
                direction=chance.choice(DIRECTIONS),
                camera_id=chance.choice([None, *cameras]),
                location_id=location_id,
                captured_at=captured_at.replace(microsecond=chance.randrange(10**6)),
                is_corrected=chance.random() < 0.1,
                vehicle_type=chance.choice(VEHICLE_TYPES),
            )
        )
    return made


def some_stays(chance: random.Random, count: int) -> list[Stayed]:
    """Visits of every kind, some of them longer than the days that are asked for."""
    begin = datetime(2026, 8, 20, tzinfo=UTC)
    made = []
    for _ in range(count):
        entered_at = begin + timedelta(seconds=chance.randrange(100 * 86400))
        ended_at = entered_at + timedelta(seconds=int(chance.expovariate(1 / 9000)))
        location_id = chance.choice(list(ZONES))
        kind = chance.random()
        if kind < 0.7:
            made.append(Stayed(location_id, entered_at, ended_at, ended_at))
        elif kind < 0.8:
            made.append(Stayed(location_id, entered_at, None, ended_at))
        elif kind < 0.9:
            made.append(Stayed(location_id, entered_at, None, None))
        else:
            made.append(Stayed(location_id, None, ended_at, ended_at))
    return made


def in_days(sightings: Iterable[Seen], first: date = FIRST, last: date = LAST) -> list[Seen]:
    return [seen for seen in sightings if first <= seen.local.date() <= last]


def grouped(sightings: Iterable[Seen], key: Callable[[Seen], str | None]) -> dict[str | None, tuple[int, float | None]]:
    """For each key how many, and the mean confidence."""
    groups: defaultdict[str | None, list[float]] = defaultdict(list)
    for seen in sightings:
        groups[key(seen)].append(seen.confidence)
    return {name: (len(values), round(sum(values) / len(values), 4)) for name, values in groups.items()}


def hour_text(local: datetime) -> str:
    """The hour with the offset of this very instant: at 2:30 the clocks may have another one than at 2:00."""
    return f"{local:%Y-%m-%dT%H}:00{local.isoformat()[-6:]}"


def hour_key(seen: Seen, *, with_offset: bool) -> str:
    return hour_text(seen.local) if with_offset else hour_text(seen.local)[:16]


def week_key(seen: Seen) -> str:
    day = seen.local.date()
    return (day - timedelta(days=day.weekday())).isoformat()


def heat(sightings: Iterable[Seen]) -> list[list[int]]:
    counts = [[0] * 24 for _ in range(7)]
    for seen in sightings:
        counts[seen.local.weekday()][seen.local.hour] += 1
    return counts


def regulars(sightings: Sequence[Seen], limit: int) -> list[tuple[str, int, int, datetime, datetime]]:
    times: defaultdict[str, list[Seen]] = defaultdict(list)
    for seen in sightings:
        times[seen.plate].append(seen)
    rows = [
        (
            plate,
            len({one.local.date() for one in seen}),
            len(seen),
            min(one.captured_at for one in seen),
            max(one.captured_at for one in seen),
        )
        for plate, seen in times.items()
    ]
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))[:limit]


def durations(stays: Iterable[Stayed], location_id: int | None) -> list[int]:
    """Of the closed visits that began in the days, sorted."""
    return sorted(
        int((stay.left_at - stay.entered_at).total_seconds())
        for stay in stays
        if stay.entered_at and stay.left_at and location_id in (None, stay.location_id)
        if FIRST <= local_of(stay.location_id, stay.entered_at).date() <= LAST
    )


def occupancy(stays: Iterable[Stayed], location_id: int, key: Callable[[datetime], str]) -> dict[str, tuple[int, ...]]:
    """For each bucket: entered, left, highest (at its begin or the end of a quarter hour) and inside at its end."""
    there = [stay for stay in stays if stay.location_id == location_id and stay.entered_at]
    entered = Counter(slot_of(stay.entered_at) for stay in there if stay.entered_at)
    left = Counter(slot_of(stay.ended_at) for stay in there if stay.ended_at)
    slots = range(min(entered), max([*entered, *left]) + 40 * 96)
    inside = 0
    found: dict[str, list[int]] = {}
    for slot in slots:
        local = local_of(location_id, datetime.fromtimestamp(slot * 900, UTC))
        name = key(local)
        if name not in found:
            found[name] = [0, 0, inside, inside]
        inside += entered[slot] - left[slot]
        row = found[name]
        row[0] += entered[slot]
        row[1] += left[slot]
        row[2] = max(row[2], inside)
        row[3] = inside
    return {name: tuple(row) for name, row in found.items()}
