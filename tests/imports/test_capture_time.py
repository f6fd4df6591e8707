"""The time of a photo, as cameras write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from platewatch.imports.capture_time import capture_time

BERLIN = ZoneInfo("Europe/Berlin")
TAKEN, OFFSET, FRACTION, CHANGED = 0x9003, 0x9011, 0x9291, 0x0132


def photo(tags: dict[int, str], image_format: str = "JPEG") -> bytes:
    image, exif = Image.new("RGB", (8, 8)), Image.Exif()
    for tag, value in tags.items():
        if tag == CHANGED:
            exif[tag] = value
        else:
            exif.get_ifd(0x8769)[tag] = value
    buffer = BytesIO()
    image.save(buffer, image_format, exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({TAKEN: "2026:03:01 12:30:15"}, datetime(2026, 3, 1, 12, 30, 15, tzinfo=BERLIN), id="local"),
        pytest.param({TAKEN: "2026:07:01 12:30:15"}, datetime(2026, 7, 1, 10, 30, 15, tzinfo=UTC), id="in summer"),
        pytest.param(
            {TAKEN: "2026:03:01 12:30:15", OFFSET: "-05:00"},
            datetime(2026, 3, 1, 12, 30, 15, tzinfo=timezone(timedelta(hours=-5))),
            id="with an offset",
        ),
        pytest.param(
            {TAKEN: "2026:03:01 12:30:15", FRACTION: "25"},
            datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=BERLIN),
            id="with a fraction",
        ),
        pytest.param({CHANGED: "2026:03:01 12:30:15"}, datetime(2026, 3, 1, 12, 30, 15, tzinfo=BERLIN), id="changed"),
        pytest.param(
            {TAKEN: "0000:00:00 00:00:00", CHANGED: "2026:03:01 12:30:15"},
            datetime(2026, 3, 1, 12, 30, 15, tzinfo=BERLIN),
            id="a clock that was never set",
        ),
        pytest.param({TAKEN: "yesterday"}, None, id="no time"),
        pytest.param({TAKEN: "2026:02:30 12:00:00"}, None, id="no such day"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "+99:00"}, None, id="no such offset"),
    ],
)
def test_the_time_of_a_photo_is_read(tags: dict[int, str], expected: datetime | None) -> None:
    assert capture_time(photo(tags), BERLIN) == expected


@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_other_formats_have_it_too(image_format: str) -> None:
    data = photo({TAKEN: "2026:03:01 12:30:15"}, image_format)
    assert capture_time(data, UTC) == datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)


def test_damaged_tags_are_none() -> None:
    data = photo({TAKEN: "2026:03:01 12:30:15"})
    for cut in range(2, 120, 3):
        damaged = data[:cut] + b"\xff" * 6 + data[cut + 6 :]
        assert capture_time(damaged, UTC) in (None, datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC))


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8"], ids=["empty", "text", "cut short"])
def test_what_is_no_image_has_none(data: bytes) -> None:
    assert capture_time(data, UTC) is None
