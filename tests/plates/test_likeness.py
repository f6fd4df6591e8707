from __future__ import annotations

import pytest

from platewatch.plates.likeness import (
    lettering_weight,
    plate_likeness,
    settle_lookalikes,
)
from platewatch.plates.text import MAX_LENGTH, reading_key
from platewatch.vision.judging import normalize_characters
from platewatch.vision.types import Character


def test_characters_keep_their_confidence_when_separators_go() -> None:
    read = (Character("b", 0.9), Character("-", 0.2), Character("8", 0.7))
    assert normalize_characters(read) == (Character("B", 0.9), Character("8", 0.7))


def test_characters_with_marks_are_folded_with_their_confidence() -> None:
    read = (Character("ö", 0.9), Character("Æ", 0.8), Character("가", 0.7))
    assert normalize_characters(read) == (Character("O", 0.9), Character("A", 0.8), Character("E", 0.8))


@pytest.mark.parametrize(
    "text",
    ["WM64 UMA", "B 87 GLA", "0695 DVH", "6PIV728", "TN99F2378", "KA 01 AB 1234", "ABC1D23", "京A·12345", "AB-123-CD"],
)
def test_plates_of_known_countries_are_as_plate_like_as_can_be(text: str) -> None:
    assert plate_likeness(text) >= 0.85


COUNTRIES = {
    "Argentina": ["AB 123 CD", "ABC 123"],
    "Brazil": ["ABC-1234", "ABC1D23"],
    "Britain": ["WM64 UMA", "A123 BCD"],
    "China": ["京A·12345", "粤BD12345"],
    "Denmark": ["AB 12 345"],
    "Finland": ["ABC-123"],
    "France": ["AB-123-CD"],
    "India": ["KA 01 AB 1234", "TN 99 F 2378", "DL 1C AB 1234", "22 BH 1234 AA"],
    "Indonesia": ["B 1234 ABC", "AB 1234 CD"],
    "Italy": ["AB 123 CD"],
    "Lithuania": ["ABC 123"],
    "Netherlands": ["AB-12-CD", "12-AB-34"],
    "Portugal": ["12-AB-34"],
    "Romania": ["B 87 GLA", "TL 03 GOG", "B 123 ABC"],
    "Russia": ["A 123 BC 77", "A 123 BC 177"],
    "Spain": ["0695 DVH"],
    "Sweden": ["ABC 123"],
    "Switzerland": ["ZH 12345", "BE 1234"],
    "Tunisia": ["123 TUN 4567"],
    "Ukraine": ["AB 1234 CD"],
    "California": ["6PIV728"],
    "Texas": ["ABC-1234"],
}


@pytest.mark.parametrize("text", [text for texts in COUNTRIES.values() for text in texts])
def test_usual_plates_of_many_countries_beat_any_mixture(text: str) -> None:
    assert plate_likeness(text) > plate_likeness("A1B2C3")
    assert settle_lookalikes(reading_key(text)) == reading_key(text)


@pytest.mark.parametrize(
    ("plate", "other"),
    [
        pytest.param("7ABC123", "California", id="state name"),
        pytest.param("ABC1234", "TEXAS", id="short state name"),
        pytest.param("K6HEW", "dmv.ca.gov", id="web address in a frame"),
        pytest.param("B87GLA", "MEGANE", id="model name"),
        pytest.param("B87GLA", "VOLKSWAGEN", id="brand"),
        pytest.param("AB1234", "12:34:56", id="time"),
        pytest.param("AB1234", "2024-05-17", id="date"),
        pytest.param("AB1234", "+49 89 123456", id="phone"),
        pytest.param("AB1234", "info@example.org", id="mail"),
        pytest.param("AB1234", "50 km/h", id="speed"),
        pytest.param("AB1234", "$9.99", id="price"),
        pytest.param("8PLATE", "SUNSHINE STATE", id="slogan"),
        pytest.param("ABC1234", "TEXASABC1234X", id="too long"),
        pytest.param("ABC1234", "1234567", id="digits alone"),
        pytest.param("ABC1234", "EMOTION", id="vanity"),
        pytest.param("ABC123", "ABC", id="part of it"),
    ],
)
def test_other_writing_is_less_like_a_plate(plate: str, other: str) -> None:
    assert plate_likeness(other) < 0.7 * plate_likeness(plate)


@pytest.mark.parametrize("text", ["", "A", "-", "A" * (MAX_LENGTH + 1), "中文"])
def test_what_can_not_be_a_plate_has_no_likeness(text: str) -> None:
    assert plate_likeness(text) == 0.0


@pytest.mark.parametrize("text", ["NISSAN", "N155AN", "T0Y0TA", "TOYOTA4X4", "TEXAS", "1VECO"])
def test_a_badge_is_one_also_where_letters_were_read_as_digits(text: str) -> None:
    assert lettering_weight(text) < 0.1
    assert plate_likeness(text) < 0.1


@pytest.mark.parametrize("text", ["N155ABC", "GOLF1234", "KIA2021", "SEATTLE", "AB12CDE", ""])
def test_a_number_that_only_begins_like_a_badge_is_none(text: str) -> None:
    assert lettering_weight(text) == 1


def test_a_vanity_plate_stays_possible() -> None:
    assert 0 < plate_likeness("EMOTION") < plate_likeness("V8PTRL")


def test_likeness_stays_between_0_and_1() -> None:
    texts = ["A1", "-- -- A1", "A-1-B-2-C", "!!!!A1B2C3!!!!", "www.a1.com", "A1B2C3D4E5F6"]
    assert all(0 <= plate_likeness(text) <= 1 for text in texts)


@pytest.mark.parametrize(
    ("read", "settled"),
    [
        pytest.param("VI2LAF", "V12LAF", id="1 read as I"),
        pytest.param("HKIONYY", "HK10NYY", id="both read as letters"),
        pytest.param("HK1ONYY", "HK10NYY", id="0 read as O"),
        pytest.param("0B12CDE", "OB12CDE", id="O read as 0"),
        pytest.param("B87GLA", "B87GLA", id="fine already"),
        pytest.param("430187", "430187", id="digits alone are left"),
        pytest.param("X0X0X0X", "X0X0X0X", id="no choice is known"),
        pytest.param("EMOTION", "EMOTION", id="a word"),
        pytest.param("XYZ", "XYZ", id="nothing to settle"),
        pytest.param("", "", id="empty"),
        pytest.param("IO" * 50, "IO" * 50, id="far too long"),
    ],
)
def test_lookalikes_are_settled_by_known_formats(read: str, settled: str) -> None:
    assert settle_lookalikes(read) == settled
