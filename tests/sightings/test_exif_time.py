"""The time of a photo, as cameras write it."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from platewatch.sightings.exif_time import UnreadTime, read_exif_time
from platewatch.zones import zone_of
from tests.sightings.exif import (
    CHANGED,
    CHANGED_OFFSET,
    DIGITIZED,
    DIGITIZED_OFFSET,
    FRACTION,
    GPS_DATE,
    GPS_TIME,
    OFFSET,
    TAKEN,
    photo,
)


def moment(data: bytes, place: str | None = "Europe/Berlin", default: str = "Asia/Tokyo") -> datetime | None:
    """The time of the photo in UTC."""
    written = read_exif_time(data)
    if written is None or isinstance(written, UnreadTime):
        return None
    return written.moment(zone_of(place) if place else None, zone_of(default)).astimezone(UTC)


def at(hour: int, minute: int = 0, second: int = 0, microsecond: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, 1, hour, minute, second, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({TAKEN: "2026:03:01 12:30:15"}, at(11, 30, 15), id="local"),
        pytest.param({TAKEN: "2026:07:01 12:30:15"}, at(10, 30, 15, month=7), id="in summer"),
        pytest.param({TAKEN: "2026:03:01 10:00:00-05:00"}, at(15), id="offset in the text"),
        pytest.param({TAKEN: "2026:03:01 10:00:00 -0500"}, at(15), id="offset in the text without a colon"),
        pytest.param({TAKEN: "2026:03:01 10:00:00-05"}, at(15), id="hours of an offset in the text"),
        pytest.param({TAKEN: "2026:03:01 10:00:00Z"}, at(10), id="Z in the text"),
        pytest.param({TAKEN: "2026:03:01 10:00"}, at(9), id="without seconds"),
        pytest.param({TAKEN: "2026:03:01 10:00-05:00"}, at(15), id="without seconds with an offset"),
        pytest.param({TAKEN: "2026-03-01T10:00:00.25+01:00"}, at(9, 0, 0, 250_000), id="ISO 8601"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "-05:00"}, at(17, 30, 15), id="offset with a colon"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "-0500"}, at(17, 30, 15), id="offset without a colon"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "-05"}, at(17, 30, 15), id="offset in hours"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "+5:45"}, at(6, 45, 15), id="offset with one digit"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "Z"}, at(12, 30, 15), id="offset Z"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "GMT+02:00"}, at(10, 30, 15), id="offset from GMT"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "   :  "}, at(11, 30, 15), id="empty offset"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", OFFSET: "+99:00"}, at(11, 30, 15), id="no such offset"),
        pytest.param(
            {TAKEN: "2026:03:01 10:00:00-05:00", OFFSET: "+09:00"}, at(15), id="offset in the text before the tag"
        ),
        pytest.param({TAKEN: "2026:03:01 12:30:15", FRACTION: "25"}, at(11, 30, 15, 250_000), id="fraction"),
        pytest.param({TAKEN: "2026:03:01 12:30:15", FRACTION: "007   "}, at(11, 30, 15, 7_000), id="padded fraction"),
        pytest.param(
            {TAKEN: "2026:03:01 12:30:15", FRACTION: "1234567890"}, at(11, 30, 15, 123_456), id="long fraction"
        ),
        pytest.param({DIGITIZED: "2026:03:01 12:30:15"}, at(11, 30, 15), id="digitized only"),
        pytest.param(
            {DIGITIZED: "2026:03:01 12:30:15", DIGITIZED_OFFSET: "-05:00"},
            at(17, 30, 15),
            id="digitized with an offset",
        ),
        pytest.param(
            {TAKEN: "2026:03:01 12:30:15", DIGITIZED: "2026:03:01 12:30:15", DIGITIZED_OFFSET: "-05:00"},
            at(17, 30, 15),
            id="offset of the same time",
        ),
        pytest.param(
            {TAKEN: "2026:03:01 12:30:15", CHANGED: "2026:03:02 09:00:00", CHANGED_OFFSET: "-05:00"},
            at(11, 30, 15),
            id="offset of another time",
        ),
        pytest.param({CHANGED: "2026:03:01 12:30:15"}, at(11, 30, 15), id="changed"),
        pytest.param({CHANGED: "2026:03:01 12:30:15", CHANGED_OFFSET: "+00:00"}, at(12, 30, 15), id="changed in UTC"),
        pytest.param(
            {TAKEN: "0000:00:00 00:00:00", CHANGED: "2026:03:01 12:30:15"}, at(11, 30, 15), id="clock never set"
        ),
        pytest.param({TAKEN: "    :  :     :  :  "}, None, id="empty time"),
        pytest.param({TAKEN: "yesterday"}, None, id="no time"),
        pytest.param({TAKEN: "2026:02:30 12:00:00"}, None, id="no such day"),
        pytest.param({TAKEN: "2026:03:01 12:30:15 PM"}, None, id="something behind the time"),
    ],
)
def test_time_of_photo_is_read(tags: dict[int, str], expected: datetime | None) -> None:
    assert moment(photo(tags)) == expected


GPS_NOON = {GPS_DATE: "2026:03:01", GPS_TIME: (12.0, 0.0, 5.0)}


@pytest.mark.parametrize(
    ("tags", "gps", "place", "expected"),
    [
        pytest.param({}, GPS_NOON, None, at(12, 0, 5), id="time of GPS alone"),
        pytest.param({TAKEN: "2026:03:01 17:45:10"}, GPS_NOON, None, at(12, 0, 10), id="zone from GPS: Kathmandu"),
        pytest.param({TAKEN: "2026:03:01 07:02:00"}, GPS_NOON, None, at(12, 2), id="position two minutes old"),
        pytest.param(
            {TAKEN: "2026:03:01 07:08:00"},
            GPS_NOON,
            None,
            datetime(2026, 2, 28, 22, 8, tzinfo=UTC),
            id="old position: the server's zone",
        ),
        pytest.param(
            {TAKEN: "2026:03:04 07:00:00"},
            GPS_NOON,
            None,
            datetime(2026, 3, 3, 22, tzinfo=UTC),
            id="position of another day: the server's zone",
        ),
        pytest.param({TAKEN: "2026:03:01 07:00:05"}, GPS_NOON, "Europe/Berlin", at(6, 0, 5), id="zone of the place"),
        pytest.param({TAKEN: "2026:03:01 07:00:05-03:00"}, GPS_NOON, None, at(10, 0, 5), id="own offset"),
        pytest.param({}, {GPS_DATE: "2026:03:01"}, None, None, id="day of GPS alone"),
        pytest.param({}, {GPS_DATE: "2026:02:30", GPS_TIME: (12.0, 0.0, 5.0)}, None, None, id="no such day"),
        pytest.param({}, {GPS_DATE: "2026:03:01", GPS_TIME: (99.0, 0.0, 0.0)}, None, None, id="no such hour"),
        pytest.param(
            {TAKEN: "2026:03:01 07:00:00"}, {}, None, datetime(2026, 2, 28, 22, tzinfo=UTC), id="the server's zone"
        ),
    ],
)
def test_zone_of_photo_is_found(
    tags: dict[int, str], gps: dict[int, Any], place: str | None, expected: datetime | None
) -> None:
    assert moment(photo(tags, gps), place) == expected


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_other_formats_have_time_too(image_format: str) -> None:
    data = photo({TAKEN: "2026:03:01 12:30:15"}, image_format=image_format)
    assert moment(data, "UTC") == at(12, 30, 15)


def test_png_tags_behind_pixels_are_read_without_decoding() -> None:
    data = photo({TAKEN: "2026:03:01 12:30:15"}, image_format="PNG")
    at_tags, at_pixels = data.index(b"eXIf") - 4, data.index(b"IDAT") - 4
    assert at_tags < at_pixels
    tags, pixels, end = data[at_tags:at_pixels], data[at_pixels:-12], data[-12:]
    assert moment(data[:at_tags] + pixels + tags + end, "UTC") == at(12, 30, 15)
    spoiled = pixels.replace(pixels[8:20], b"\0" * 12)
    assert moment(data[:at_tags] + spoiled + tags + end, "UTC") == at(12, 30, 15)


def test_damaged_tags_are_none() -> None:
    data = photo({TAKEN: "2026:03:01 12:30:15"})
    for cut in range(2, 120, 3):
        damaged = data[:cut] + b"\xff" * 6 + data[cut + 6 :]
        assert moment(damaged, "UTC") in (None, at(12, 30, 15))


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8"], ids=["empty", "text", "cut short"])
def test_data_that_is_no_image_has_no_time(data: bytes) -> None:
    assert read_exif_time(data) is None


def test_image_without_tags_has_no_time() -> None:
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "BMP")
    assert read_exif_time(buffer.getvalue()) is None


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        pytest.param({TAKEN: "2026:03:01 10:00:00 EST"}, "2026:03:01 10:00:00 EST", id="zone by letters"),
        pytest.param({TAKEN: "2026:03:01 10:00:00 PM"}, "2026:03:01 10:00:00 PM", id="twelve hours"),
        pytest.param({TAKEN: "2026:02:30 10:00:00"}, "2026:02:30 10:00:00", id="no such day"),
        pytest.param({DIGITIZED: "1772359200"}, "1772359200", id="number"),
        pytest.param({TAKEN: "1 March\x1b 2026"}, "1 March 2026", id="control character"),
    ],
)
def test_time_in_unknown_form_is_kept_for_people(tags: dict[int, Any], text: str) -> None:
    assert read_exif_time(photo(tags)) == UnreadTime(text)


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "    :  :     :  :  ", "", "unknown"])
def test_clock_that_was_never_set_is_no_time_in_unknown_form(text: str) -> None:
    assert read_exif_time(photo({TAKEN: text})) is None
