"""Types for what comes from outside as text: times, dates and names in JSON, forms, addresses and CSV files.

Pydantic's own types take numbers, and text of digits, for seconds since 1970. A year, a compact date or a
spreadsheet's day number would become a moment in 1970, so these types take ISO 8601 text only.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from platewatch.zones import zone_of

NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f]*$"
"""Pattern of a text without control characters."""
NO_CONTROLS_BUT_LINES: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
"""The same for a text that may have tabs and lines."""

_CALENDAR: Final = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|z|[+-]\d\d(:?\d\d)?)?"
_COMPACT: Final = r"\d{8}T\d{4}(\d\d([.,]\d{1,9})?)?(Z|[+-]\d{4})?"
_INSTANT: Final = re.compile(f"(?:{_CALENDAR}|{_COMPACT})", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SPACE_FOR_PLUS: Final = re.compile(r"(.*[Tt ]\d\d:[\d:.,]+) (\d\d(?::?\d\d)?)", re.ASCII)
"""An offset whose `+` an address turned into a space."""

_EXAMPLE: Final = "2026-03-01T12:30:00+01:00"
_MAX_TEXT: Final = 40


def parse_instant(value: object) -> datetime:
    """The moment that an ISO 8601 text with an offset names; an aware datetime comes back as it is.

    Raises:
        ValueError: the value is something else, or a moment that no calendar holds in UTC.
    """
    if isinstance(value, datetime):
        return _within_calendar(value)
    if not isinstance(value, str):
        raise ValueError(f"a time is text, such as {_EXAMPLE!r}; a number is not taken for one")  # noqa: TRY004 -- pydantic's
    text = value.strip()
    if len(text) > _MAX_TEXT:
        raise ValueError(f"a time has at most {_MAX_TEXT} characters, such as {_EXAMPLE!r}")
    if swallowed := _SPACE_FOR_PLUS.fullmatch(text):
        raise ValueError(f"write the + of the offset as %2B: {swallowed[1]}%2B{swallowed[2]}")
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a time in ISO 8601 with an offset, such as {_EXAMPLE!r}")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} can't be a time: {error}") from error
    return _within_calendar(moment)


def parse_day(value: object) -> date:
    """The day that an ISO 8601 text (YYYY-MM-DD) names; a date comes back as it is.

    Raises:
        ValueError: the value is something else.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
        raise ValueError("a day is text of the form YYYY-MM-DD, such as '2026-03-01'")
    try:
        return date.fromisoformat(value.strip())
    except ValueError as error:
        raise ValueError(f"{value[:40]!r} can't be a day: {error}") from error


Instant: TypeAlias = Annotated[AwareDatetime, BeforeValidator(parse_instant)]
"""A moment: ISO 8601 with an offset."""

Day: TypeAlias = Annotated[date, BeforeValidator(parse_day)]
"""A day of the calendar: ISO 8601, YYYY-MM-DD."""

TimeZone: TypeAlias = Annotated[
    str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(lambda name: zone_of(name).key)
]
"""The name of a time zone of the IANA database."""


def _within_calendar(moment: datetime) -> datetime:
    """The same moment, if the calendar holds it in UTC, in which it is stored and compared."""
    if moment.utcoffset() is None:
        raise ValueError(f"the time has no offset; write for example {_EXAMPLE!r}, or Z for UTC")
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is outside of the years 1 to 9999 in UTC") from error
    return moment
