"""What becomes of single rows of CarWatch's."""

from __future__ import annotations

from datetime import UTC, datetime

import bcrypt
import pytest

from platewatch.imports.carwatch.rules import (
    LeftError,
    direction_of,
    past_pass,
    usable_filename,
    usable_hash,
    usable_name,
    usable_time,
)
from platewatch.imports.carwatch.source import SourceDate, SourceRecord, SourceUser
from platewatch.vision.types import Direction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATE = SourceDate("2025-06-15T10:30:00", datetime(2025, 6, 15, 10, 30, tzinfo=UTC))
HASH = bcrypt.hashpw(b"old password", bcrypt.gensalt(4)).decode()


def user(name: str = "guard", password_hash: str = HASH) -> SourceUser:
    return SourceUser(1, name, password_hash, DATE)


def record(plate: str = "AB12CDE", subject: str = "", description: str = "") -> SourceRecord:
    return SourceRecord(1, plate, subject, description, DATE, None)


@pytest.mark.parametrize("kind", ["2a", "2b", "2y"])
def test_bcrypt_hashes_of_each_kind_are_kept_as_they_are(kind: str) -> None:
    theirs = HASH.replace("$2b$", f"${kind}$")
    assert usable_hash(user(password_hash=theirs)) == theirs


@pytest.mark.parametrize(
    "password_hash",
    [
        pytest.param("", id="empty"),
        pytest.param("hunter2", id="plain text"),
        pytest.param("pbkdf2:sha256:260000$salt$" + "0" * 64, id="another algorithm"),
        pytest.param(HASH.replace("$2b$", "$2x$"), id="the broken bcrypt of old PHP"),
        pytest.param(HASH[:-1], id="one sign short"),
        pytest.param(HASH + " ", id="one sign long"),
        pytest.param(HASH.replace("$04$", "$31$"), id="a cost that takes days"),
        pytest.param(HASH.replace("$04$", "$03$"), id="a cost that bcrypt doesn't know"),
    ],
)
def test_a_user_without_a_usable_hash_is_left(password_hash: str) -> None:
    with pytest.raises(LeftError, match="bcrypt"):
        usable_hash(user(password_hash=password_hash))


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a\x00b", "a\nb", "\u200b", "x" * 151],
    ids=["empty", "spaces", "NUL", "line", "invisible", "long"],
)
def test_a_user_whose_name_nobody_can_type_is_left(name: str) -> None:
    with pytest.raises(LeftError, match="user name"):
        usable_name(user(name))


def test_spaces_around_a_user_name_do_not_count() -> None:
    assert usable_name(user(" Guard ")) == "Guard"


@pytest.mark.parametrize(
    "plate",
    [
        "",
        "Unknown",
        " none ",
        "NULL",
        "N/A",
        "No plate detected",
        "-",
        "---",
        "x" * 200,
        "A" + "-" * 70 + "B1",
        "Жук 12",
    ],
    ids=["empty", "unknown", "none", "null", "n/a", "sentence", "dash", "dashes", "long", "long as written", "no key"],
)
def test_a_record_without_a_plate_is_left(plate: str) -> None:
    with pytest.raises(LeftError, match=r"no plate"):
        past_pass(record(plate), NOW)


@pytest.mark.parametrize(
    ("subject", "description", "expected"),
    [
        ("Vehicle Entry", "car is available", Direction.ENTERING),
        ("Vehicle Exit", "car has left", Direction.LEAVING),
        ("Vehicle Detection", "car was seen", Direction.UNKNOWN),
        ("", "car is available", Direction.ENTERING),
        ("Vehicle", "status: leaving", Direction.LEAVING),
        ("Manual Entry", "Manually recorded plate", Direction.UNKNOWN),
        ("manual entry", "car has left", Direction.LEAVING),
        ("Entry/Exit", "", Direction.UNKNOWN),
        ("Re-entry gate", "", Direction.ENTERING),
        ("Country house", "sentry box", Direction.UNKNOWN),
        ("", "", Direction.UNKNOWN),
    ],
)
def test_the_direction_follows_from_the_words(subject: str, description: str, expected: Direction) -> None:
    assert direction_of(subject, description) is expected


def test_long_texts_are_shortened_and_marked() -> None:
    found = past_pass(record(subject="s" * 255, description="d" * 2000), NOW)
    assert (len(found.subject or ""), len(found.note or ""), found.is_shortened) == (150, 500, True)


def test_control_characters_become_spaces_and_empty_texts_none() -> None:
    found = past_pass(record(subject="a\x00b\tc", description="\x07"), NOW)
    assert (found.subject, found.note, found.is_shortened) == ("a b c", None, False)


@pytest.mark.parametrize(
    "at",
    [None, datetime(1969, 12, 31, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)],
    ids=["none", "before 1970", "in the future"],
)
def test_a_row_whose_date_can_not_be_is_left(at: datetime | None) -> None:
    with pytest.raises(LeftError, match="date"):
        usable_time(SourceDate("", at), NOW)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("image_20250615123456.jpg", "image_20250615123456.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a\x00b.jpg", "a_b.jpg"),
        ("", "image.jpg"),
    ],
)
def test_file_names_lose_folders_and_control_characters(name: str, expected: str) -> None:
    assert usable_filename(name) == expected


def test_a_plate_is_kept_as_it_is_written() -> None:
    assert past_pass(record("  gö-ab   123 "), NOW).plate == "gö-ab 123"
