from __future__ import annotations

import sys
import unicodedata

import pytest

from platewatch.errors import FieldError, PlateTextError
from platewatch.plates.text import (
    PROVINCES,
    as_written,
    is_pseudonym,
    plate_key,
    reading_key,
    spelling,
)

KEY_SIGNS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") | PROVINCES


@pytest.mark.parametrize(
    ("written", "key"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("ab 12-cd", "AB12CD", id="plain"),
        pytest.param("B·87•GLA.1_2", "B87GLA12", id="dots and bullets"),
        pytest.param("A\u00a0B\u2009C\u2013D\u20101\t2\n3", "ABCD123", id="unusual spaces and dashes"),
        pytest.param("A\u200bB\ufeff\u00ad12", "AB12", id="invisible signs"),
        pytest.param("GÖ-AB 123", "GOAB123", id="umlaut"),
        pytest.param("go\u0308 ab", "GOAB", id="umlaut of two code points"),
        pytest.param("ÅSA 11", "ASA11", id="ring"),
        pytest.param("ČĆŠŽ ŐŰ ÇŞĞ ÑÃ", "CCSZOUCSGNA", id="marks of many countries"),
        pytest.param("ØDÐÞŁĦŦ", "ODDPLHT", id="letters that Unicode does not decompose"),
        pytest.param("æøå", "AEOA", id="Danish letters"),
        pytest.param("œ", "OE", id="ligature"),
        pytest.param("34 İı 12", "34II12", id="Turkish I"),
        pytest.param("А123ВС 77", "A123BC77", id="Russian"),
        pytest.param("ка 1234 аа", "KA1234AA", id="Ukrainian, lower case"),
        pytest.param("АВЕКМНОРСТУХІЇЁЈЅ", "ABEKMHOPCTYXIIEJS", id="all Cyrillic letters that look Latin"),
        pytest.param("ΙΒΜ-1234", "IBM1234", id="Greek"),
        pytest.param("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧά", "ABEZHIKMNOPTYXA", id="all Greek letters that look Latin"),
        pytest.param("ＡＢ－１２３", "AB123", id="full-width"),
        pytest.param("粵B·12345", "粤B12345", id="traditional sign"),
        pytest.param("京A·12345", "京A12345", id="simplified sign"),
    ],
)
def test_plate_key_folds_what_the_recognizer_reads_alike(written: str, key: str) -> None:
    assert plate_key(written) == key
    assert reading_key(written) == key
    assert plate_key(key) == key


@pytest.mark.parametrize(
    ("written", "named"),
    [
        pytest.param("12가3456", "'가' (HANGUL SYLLABLE GA)", id="Korean"),
        pytest.param("品川 500 あ 12-34", "'品' (CJK UNIFIED IDEOGRAPH-54C1)", id="Japanese"),
        pytest.param("กข 1234", "'ก' (THAI CHARACTER KO KAI)", id="Thai"),
        pytest.param("ب 1234", "'ب' (ARABIC LETTER BEH)", id="Arabic"),
        pytest.param("Ж 123", "'Ж' (CYRILLIC CAPITAL LETTER ZHE)", id="Cyrillic without a Latin look"),
        pytest.param("й 123", "'й' (CYRILLIC SMALL LETTER SHORT I)", id="Cyrillic with a mark"),
        pytest.param("ΣΔ 1", "'Σ' (GREEK CAPITAL LETTER SIGMA)", id="Greek without a Latin look"),
        pytest.param("straße 1", "'ß' (LATIN SMALL LETTER SHARP S)", id="sharp s"),
        pytest.param("中A12345", "'中' (CJK UNIFIED IDEOGRAPH-4E2D)", id="Chinese sign of no plate"),
        pytest.param(
            "AB ٣",
            "(ARABIC-INDIC DIGIT THREE) in 'AB ٣' is no digit that plates are compared by. Write 3.",
            id="Arabic digit",
        ),
        pytest.param("AB²", "(SUPERSCRIPT TWO)", id="superscript"),
        pytest.param("AB①", "(CIRCLED DIGIT ONE)", id="circled digit"),
        pytest.param("Ⅳ", "(ROMAN NUMERAL FOUR)", id="Roman numeral"),
        pytest.param("№ 12", "(NUMERO SIGN)", id="numero sign"),
        pytest.param("AB\x0012", "(U+0000)", id="control character"),
        pytest.param("🚗 AB 12", "(AUTOMOBILE)", id="picture"),
    ],
)
def test_plate_key_refuses_a_letter_without_a_key_by_name(written: str, named: str) -> None:
    with pytest.raises(PlateTextError) as raised:
        plate_key(written)
    assert named in str(raised.value)
    assert isinstance(raised.value, FieldError)
    assert raised.value.field == "plate"


@pytest.mark.parametrize("sign", "+|[]%#/=,:;'\"()&@!?*~<>{}\\^`$")
def test_plate_key_refuses_signs_that_no_plate_has(sign: str) -> None:
    with pytest.raises(PlateTextError, match=r"is no part of a plate\. Write one plate"):
        plate_key(f"AB{sign}12")
    assert reading_key(f"AB{sign}12") == "AB12"


def test_reading_key_drops_what_has_no_key() -> None:
    assert reading_key("12가3456") == "123456"
    assert reading_key("123 تونس 4567") == "1234567"
    assert reading_key("[AB|12]") == "AB12"


def test_no_letter_and_no_digit_of_unicode_is_dropped() -> None:
    """Each has a key of its own or is refused: a letter that vanishes makes another plate."""
    dropped = []
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        if unicodedata.category(sign)[0] not in "LN":
            continue
        try:
            key = plate_key(sign)
        except PlateTextError:
            continue
        assert set(key) <= KEY_SIGNS, sign
        if not key:
            dropped.append(sign)
    assert dropped == ["ー"]  # the long vowel mark, which Japanese keyboards give for a hyphen


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("BÖ AB 12", "bö-ab12", True, id="separators and case"),
        pytest.param("BÖ AB 12", "BO AB 12", False, id="marks"),
        pytest.param("ØST 1", "OST 1", False, id="a letter that Unicode does not decompose"),
        pytest.param("КА 1234 АА", "KA1234AA", True, id="another script"),
        pytest.param("Ёлка", "елка", True, id="a mark that no Cyrillic plate has"),
        pytest.param("ＡＢ１２", "AB12", True, id="full-width"),
        pytest.param("İST", "IST", True, id="Turkish I"),
    ],
)
def test_spelling_tells_the_marks_of_latin_letters_only(one: str, other: str, same: bool) -> None:
    assert (spelling(one) == spelling(other)) is same


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("  gö-AB \t 123\n", "gö-AB 123"),
        ("go\u0308", "gö"),
        ("A\u200bB\u00a0C", "AB C"),
        ("", ""),
    ],
)
def test_as_written_keeps_the_text_but_for_what_nobody_sees(text: str, written: str) -> None:
    assert as_written(text) == written


def test_a_pseudonym_is_recognized_by_its_first_sign() -> None:
    assert is_pseudonym("~ABC")
    assert not is_pseudonym("ABC")
