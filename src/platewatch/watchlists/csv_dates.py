"""Days as spreadsheets write them in their country's form, which the sender chooses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Final

_PARTS: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<year>\d\d)",
    "MM": r"(?P<month>\d\d?)",
    "DD": r"(?P<day>\d\d?)",
}
_TIME: Final = r"(?:[ T](?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))? ?(?P<half>[AaPp][Mm])?)?"
_CENTURY: Final = 2000
_NOON: Final = 12


class DateFormat(StrEnum):
    """The format of days in the file; a time may follow, as in `31.12.2026 18:00`."""

    ISO = "YYYY-MM-DD"
    YEAR_FIRST_SLASHES = "YYYY/MM/DD"
    DOTS = "DD.MM.YYYY"
    DAY_FIRST_SLASHES = "DD/MM/YYYY"
    DAY_FIRST_DASHES = "DD-MM-YYYY"
    MONTH_FIRST_SLASHES = "MM/DD/YYYY"
    MONTH_FIRST_DASHES = "MM-DD-YYYY"
    SHORT_DOTS = "DD.MM.YY"
    SHORT_DAY_FIRST_SLASHES = "DD/MM/YY"
    SHORT_MONTH_FIRST_SLASHES = "MM/DD/YY"


def local_moment(text: str, form: DateFormat, zone: tzinfo, *, is_end: bool) -> datetime | None:
    """The moment that the text means in the zone, None if it is not of this form.

    Args:
        text: A day, or a day and a time.
        form: How days are written.
        zone: In which the day begins.
        is_end: Something is valid through the day, so a day without a time means the midnight after it.

    Raises:
        ValueError: it is of this form, but no day has this number.
    """
    found = _pattern(form).fullmatch(text)
    if found is None:
        return None
    year = int(found["year"])
    midnight = datetime(year if year > 99 else _CENTURY + year, int(found["month"]), int(found["day"]))  # noqa: DTZ001, PLR2004 -- a local day
    if found["hour"] is None:
        day = midnight + timedelta(days=1) if is_end else midnight
        return day.replace(tzinfo=zone).astimezone(UTC)
    hour = _hour_of_day(int(found["hour"]), found["half"])
    local = midnight.replace(hour=hour, minute=int(found["minute"]), second=int(found["second"] or 0))
    return local.replace(tzinfo=zone).astimezone(UTC)


def _hour_of_day(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= _NOON:
        raise ValueError("hour must be in 1..12 with AM or PM")
    return hour % _NOON + (_NOON if half.upper() == "PM" else 0)


@lru_cache(maxsize=len(DateFormat))
def _pattern(form: DateFormat) -> re.Pattern[str]:
    parts = re.split(r"(YYYY|YY|MM|DD)", form.value)
    return re.compile("".join(_PARTS.get(part, re.escape(part)) for part in parts) + _TIME, re.ASCII)
