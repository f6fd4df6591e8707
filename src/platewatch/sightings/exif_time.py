"""When a photo was taken, as its camera wrote it into the EXIF data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from io import BytesIO
from typing import Any, Final

from PIL import Image

_EXIF_PART: Final = 0x8769
_GPS_PART: Final = 0x8825
_GPS_TIME, _GPS_DATE = 7, 29
_TAGS: Final = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292), (0x0132, 0x9010, 0x9290))
"""Of each kind of time, the best one first (taken, digitized, changed): its text, its offset, its fraction."""
_TIME: Final = re.compile(
    r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(.*)", re.ASCII | re.DOTALL
)
_GPS_DAY: Final = re.compile(r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d\d?):?([0-5]\d)?", re.ASCII)
_MAX_OFFSET: Final = timedelta(hours=14)
_QUARTER: Final = timedelta(minutes=15)
_GPS_MAY_DIFFER: Final = timedelta(minutes=2)
_SHOWN: Final = 40
_PNG_SIGN: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class ExifTime:
    """The time in a photo's EXIF data.

    `clock` is the camera's clock on the wall, without a zone; `offset` is the zone that the photo names, None if it
    names none. `gps` is the time of the last position in UTC, which may be some while before the photo.
    """

    clock: datetime | None
    offset: timezone | None
    gps: datetime | None

    def moment(self, place_zone: tzinfo | None, default_zone: tzinfo) -> datetime:
        """The aware time of the photo.

        The photo's own zone comes first, then that of its place. Where neither is known, the time of GPS gives the
        zone if it is whole quarters of an hour from the clock; it is not used for more, because cameras write the time
        of the last position, which may be old.

        Args:
            place_zone: That of the place where the photo was taken; None if the place is not known.
            default_zone: The server's.
        """
        if self.clock is None:
            assert self.gps is not None  # noqa: S101 -- one of the two is there
            return self.gps
        zone = self.offset or place_zone or self._gps_offset() or default_zone
        return self.clock.replace(tzinfo=zone)

    def _gps_offset(self) -> timezone | None:
        if self.clock is None or self.gps is None:
            return None
        ahead = self.clock - self.gps.replace(tzinfo=None)
        offset = round(ahead / _QUARTER) * _QUARTER
        is_near = abs(ahead - offset) <= _GPS_MAY_DIFFER
        return timezone(offset) if is_near and abs(offset) <= _MAX_OFFSET else None


@dataclass(frozen=True, slots=True)
class UnreadTime:
    """A time in a photo in a form that is not known; `text` is its beginning, without control characters."""

    text: str


def read_exif_time(data: bytes) -> ExifTime | UnreadTime | None:
    """The time in the photo's EXIF data; None if there is none. Decodes no pixel."""
    try:
        with Image.open(BytesIO(data)) as image:
            tags = _tags_of(image, data)
            part, gps_part = dict(tags.get_ifd(_EXIF_PART)), dict(tags.get_ifd(_GPS_PART))
            every = part | {0x0132: tags.get(0x0132)}
    except Exception:  # noqa: BLE001 -- damaged tags raise whatever their parser stumbles over; the pixels may be fine
        return None
    gps = _gps_time(gps_part)
    for text, _, fraction in _TAGS:
        parsed = _clock(every.get(text), every.get(fraction))
        if parsed is not None:
            clock, offset = parsed
            return ExifTime(clock, offset or _offset_beside(every, text), gps)
    return ExifTime(None, None, gps) if gps else _unread(every)


def _unread(tags: Mapping[int, Any]) -> UnreadTime | None:
    """The best text of a time, all of which can't be read; cameras whose clock was never set write zeros or blanks."""
    texts = (_text(tags.get(text)) for text, _, _ in _TAGS)
    meant = next((text for text in texts if any(sign in "123456789" for sign in text)), None)
    return None if meant is None else UnreadTime("".join(filter(str.isprintable, meant))[:_SHOWN])


def _tags_of(image: Image.Image, data: bytes) -> Image.Exif:
    if image.format == "PNG" and "exif" not in image.info:
        # Pillow would decode all pixels to look behind them.
        tags = Image.Exif()
        tags.load(_late_png_tags(data))
        return tags
    return image.getexif()


def _late_png_tags(data: bytes) -> bytes:
    """The EXIF data of a PNG file, wherever its chunk is; empty if there is none."""
    at = len(_PNG_SIGN)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"eXIf":
            return data[at + 8 : at + 8 + length]
        at += length + 12
    return b""


def _text(value: object) -> str:
    """The tag's text as far as its first NUL, which ends it."""
    text = value.decode("latin-1") if isinstance(value, bytes) else "" if value is None else str(value)
    return text.partition("\0")[0].strip()


def _clock(text: object, fraction: object) -> tuple[datetime, timezone | None] | None:
    """The clock's time and, where the text has one, the offset; None if it is no time."""
    found = _TIME.fullmatch(_text(text))
    if found is None:
        return None
    *numbers, own_fraction, rest = found.groups()
    offset = _offset(rest)
    if rest and offset is None:
        # Something else than an offset, so that nobody knows which time is meant.
        return None
    digits = own_fraction or _text(fraction)
    microsecond = int(digits[:6].ljust(6, "0")) if digits.isascii() and digits.isdigit() else 0
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    try:
        return datetime(year, month, day, hour, minute, second, microsecond), offset  # noqa: DTZ001 -- a clock on a wall
    except ValueError:
        return None


def _offset(text: object) -> timezone | None:
    """The offset that the text names: `Z`, `+HH:MM`, `+HHMM` or `+HH`; None for anything else."""
    named = _text(text).replace("\N{MINUS SIGN}", "-").upper().removeprefix("UTC").removeprefix("GMT")
    if named == "Z":
        return UTC
    found = _OFFSET.fullmatch(named)
    if found is None:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-size if found[1] == "-" else size) if size <= _MAX_OFFSET else None


def _offset_beside(tags: Mapping[int, Any], text_tag: int) -> timezone | None:
    """The offset that the photo names for this time; that of another time counts if both times are the same."""
    written = _text(tags.get(text_tag))
    same = [offset for text, offset, _ in _TAGS if text == text_tag or _text(tags.get(text)) == written]
    own = next(offset for text, offset, _ in _TAGS if text == text_tag)
    return next(filter(None, (_offset(tags.get(tag)) for tag in (own, *same))), None)


def _gps_time(tags: Mapping[int, Any]) -> datetime | None:
    """The time of the last position in UTC; None if the photo has none."""
    day = _GPS_DAY.fullmatch(_text(tags.get(_GPS_DATE)))
    try:
        hour, minute, second = (float(value) for value in tags[_GPS_TIME])
        since_midnight = timedelta(hours=hour, minutes=minute, seconds=second)
        if day is None or not timedelta(0) <= since_midnight < timedelta(days=1):
            return None
        return datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=UTC) + since_midnight
    except (KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
