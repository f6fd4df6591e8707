"""Photos with EXIF data, as cameras write it."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

TAKEN, OFFSET, FRACTION = 0x9003, 0x9011, 0x9291
DIGITIZED, DIGITIZED_OFFSET = 0x9004, 0x9012
CHANGED, CHANGED_OFFSET = 0x0132, 0x9010
GPS_TIME, GPS_DATE = 7, 29
_PART, _GPS_PART = 0x8769, 0x8825


def photo(
    tags: Mapping[int, str], gps: Mapping[int, Any] | None = None, *, image_format: str = "JPEG", of: Path | None = None
) -> bytes:
    """An image file with these tags: the picture of another file, or a small black one."""
    image, exif = Image.open(of).convert("RGB") if of else Image.new("RGB", (8, 8)), Image.Exif()
    for tag, value in tags.items():
        if tag == CHANGED:
            exif[tag] = value
        else:
            exif.get_ifd(_PART)[tag] = value
    for tag, value in (gps or {}).items():
        exif.get_ifd(_GPS_PART)[tag] = value
    buffer = BytesIO()
    image.save(buffer, image_format, exif=exif.tobytes())
    return buffer.getvalue()
