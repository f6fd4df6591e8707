"""Weekly schedules, written like `mon-fri 08:00-18:00; sat 22:00-04:00`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_WINDOWS: Final = 14
MAX_TEXT: Final = 500
_WEEK: Final = len(DAYS)
_DAY_MINUTES: Final = 24 * 60
_WINDOW: Final = re.compile(
    r"(?P<days>[a-z,\-]+) (?P<start>\d\d):(?P<start_minute>\d\d)-(?P<end>\d\d):(?P<end_minute>\d\d)"
)
_EXAMPLE: Final = "'mon-fri 08:00-18:00; sat 22:00-04:00'"


@dataclass(frozen=True, slots=True)
class Window:
    """Hours on days of the week (0 is Monday), in minutes since midnight.

    One that ends no later than it begins goes on into the next day; it belongs to the day on which it begins.
    """

    days: frozenset[int]
    start_minute: int
    end_minute: int


Schedule: TypeAlias = tuple[Window, ...]


@lru_cache(maxsize=1024)
def parse_schedule(text: str) -> Schedule:
    """The windows of a schedule.

    Raises:
        ValueError: it can't be read; the message says why.
    """
    windows = tuple(_window(part) for part in re.split(r"\s*;\s*", text.strip().lower()) if part)
    if not windows:
        raise ValueError(f"A schedule needs at least one window. Write it like {_EXAMPLE}.")
    if len(windows) > MAX_WINDOWS:
        raise ValueError(f"A schedule has at most {MAX_WINDOWS} windows.")
    return windows


def write_schedule(schedule: Iterable[Window]) -> str:
    """The schedule as `parse_schedule` reads it."""
    return "; ".join(_format_window(window) for window in schedule)


def is_within(schedule: Schedule, local: datetime) -> bool:
    """Whether the local time is in one of the windows."""
    minute = local.hour * 60 + local.minute
    return any(_covers(window, local.weekday(), minute) for window in schedule)


def _covers(window: Window, day: int, minute: int) -> bool:
    if window.start_minute < window.end_minute:
        return day in window.days and window.start_minute <= minute < window.end_minute
    if day in window.days and minute >= window.start_minute:
        return True
    return (day - 1) % _WEEK in window.days and minute < window.end_minute


def _window(text: str) -> Window:
    found = _WINDOW.fullmatch(re.sub(r"\s+", " ", re.sub(r"\s*([,\-:])\s*", r"\1", text)))
    if found is None:
        raise ValueError(f"The schedule {text!r} can't be read. Write it like {_EXAMPLE}.")
    start = int(found["start"]) * 60 + int(found["start_minute"])
    end = int(found["end"]) * 60 + int(found["end_minute"])
    bad_minute = max(int(found["start_minute"]), int(found["end_minute"])) > 59  # noqa: PLR2004  # minutes of an hour
    if bad_minute or start >= _DAY_MINUTES or end > _DAY_MINUTES:
        raise ValueError(f"The schedule {text!r} has a time that no clock shows. Use 00:00 to 24:00.")
    days = frozenset(day for part in found["days"].split(",") for day in _days(part))
    return Window(days, start, end)


def _days(text: str) -> Iterable[int]:
    first, dash, last = text.partition("-")
    try:
        begin = DAYS.index(first)
        end = DAYS.index(last) if dash else begin
    except ValueError as error:
        raise ValueError(f"There is no day {text!r}. The days are {', '.join(DAYS)}.") from error
    # From Friday to Monday goes over the weekend.
    return [(begin + step) % _WEEK for step in range((end - begin) % _WEEK + 1)]


def _format_window(window: Window) -> str:
    days = ",".join(DAYS[day] for day in sorted(window.days))
    return f"{days} {_clock(window.start_minute)}-{_clock(window.end_minute)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
