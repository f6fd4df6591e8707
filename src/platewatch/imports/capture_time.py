"""When a photo was taken, as its camera wrote into it."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from io import BytesIO
from typing import Final

from PIL import Image

_EXIF_PART: Final = 0x8769
_TAKEN, _TAKEN_OFFSET, _TAKEN_FRACTION = 0x9003, 0x9011, 0x9291
_CHANGED, _CHANGED_OFFSET = 0x0132, 0x9010
_TIME: Final = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d", re.ASCII)


def capture_time(data: bytes, zone: tzinfo) -> datetime | None:
    """The aware time of the photo's EXIF data, None if it has none. Without an offset it is in `zone`."""
    try:
        with Image.open(BytesIO(data)) as image:
            tags = image.getexif()
            part = tags.get_ifd(_EXIF_PART)
    except Exception:  # noqa: BLE001 -- damaged tags raise whatever their parser stumbles over; the pixels may be fine
        return None
    taken = _time(part.get(_TAKEN), part.get(_TAKEN_OFFSET), part.get(_TAKEN_FRACTION), zone)
    return taken or _time(tags.get(_CHANGED), part.get(_CHANGED_OFFSET), None, zone)


def _time(text: object, offset: object, fraction: object, zone: tzinfo) -> datetime | None:
    found = _TIME.match(str(text).strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    digits = str(fraction).strip()
    microsecond = int(digits[:6].ljust(6, "0")) if digits.isascii() and digits.isdigit() else 0
    try:
        taken = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone)
        if offset is not None and _OFFSET.fullmatch(str(offset).strip()):
            return datetime.fromisoformat(taken.replace(tzinfo=None).isoformat() + str(offset).strip())
    except ValueError:
        return None
    return taken
