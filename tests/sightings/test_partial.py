"""Keys of plates known in part: no plate that should be found is missed."""

from __future__ import annotations

import random

import pytest

from platewatch.plates.matching import fold, matches
from platewatch.sightings.partial import (
    MAX_GAPS,
    keys_near,
    keys_of,
    keys_of_gaps,
    keys_of_piece,
)

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def edited(rng: random.Random, text: str) -> str:
    """The text after one insertion, deletion or replacement."""
    place = rng.randrange(len(text) + 1)
    match rng.randrange(3):
        case 0:
            return text[:place] + rng.choice(SIGNS) + text[place:]
        case 1:
            return text[:place] + text[place + 1 :]
        case _:
            return text[:place] + rng.choice(SIGNS) + text[place + 1 :]


@pytest.mark.parametrize("edits", [0, 1, 2])
def test_a_plate_within_so_many_edits_shares_a_key(edits: int) -> None:
    rng = random.Random(edits)
    for _ in range(700):
        text = other = "".join(rng.choices(SIGNS, k=rng.randint(2, 12)))
        for _ in range(edits):
            other = edited(rng, other)
        assert keys_near(text, edits) & keys_of(other), (text, other)


@pytest.mark.parametrize(
    ("text", "edits", "other"),
    [
        pytest.param("AB12CDE", 0, "A8I2CDE", id="look-alikes alone"),
        pytest.param("AB12CDE", 1, "AB12CD", id="one less"),
        pytest.param("AB12CDE", 1, "AB123CDE", id="one more"),
        pytest.param("AB12CDE", 2, "XB12CDF", id="two others"),
        pytest.param("AB12CDE", 2, "B12CDEX", id="shifted by one"),
        pytest.param("京A12345", 1, "津A12345", id="another province"),
    ],
)
def test_what_readers_take_for_each_other_shares_a_key(text: str, edits: int, other: str) -> None:
    assert keys_near(text, edits) & keys_of(other)


@pytest.mark.parametrize(
    ("text", "edits", "other"),
    [
        pytest.param("AB12CDE", 0, "AB12CDF", id="another one, no edit allowed"),
        pytest.param("AB12CDE", 1, "XY98ZTW", id="nothing in common"),
    ],
)
def test_what_is_far_away_shares_none(text: str, edits: int, other: str) -> None:
    assert not keys_near(text, edits) & keys_of(other)


def test_more_edits_than_the_table_is_made_for_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 2"):
        keys_near("AB12CDE", 3)


def test_a_plate_has_few_keys_and_a_question_not_many() -> None:
    assert len(keys_of("AB12CDE")) <= 13
    assert len(keys_near("AB12CDE", 2)) < 2000
    assert len(keys_near("MH12AB12345X", 2)) < 5000


@pytest.mark.parametrize("gaps", range(MAX_GAPS + 1))
def test_a_plate_with_gaps_shares_a_key_with_its_pattern(gaps: int) -> None:
    rng = random.Random(gaps)
    for _ in range(60):
        text = "".join(rng.choices(SIGNS, k=rng.randint(max(2, gaps), 9)))
        places = rng.sample(range(len(text)), gaps)
        pattern = "".join("?" if index in places else sign for index, sign in enumerate(text))
        keys = keys_of_gaps(pattern)
        assert keys is not None
        assert matches(pattern, text)
        assert keys & keys_of(text), (pattern, text)


@pytest.mark.parametrize("pattern", ["AB*", "*", "????12", "?A?B?C?"], ids=["star", "star alone", "four", "apart"])
def test_too_open_a_pattern_has_no_such_keys(pattern: str) -> None:
    assert keys_of_gaps(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("*12CD*", "AB12CDE", id="in the middle"),
        pytest.param("*CDE", "AB12CDE", id="at the end"),
        pytest.param("A?12CD*", "AB12CDE", id="the longest stretch"),
    ],
)
def test_all_keys_of_the_known_piece_are_the_plates_own(pattern: str, text: str) -> None:
    assert keys_of_piece(pattern)
    assert keys_of_piece(pattern) <= keys_of(text)


@pytest.mark.parametrize("pattern", ["*12*", "?", "*", "A*9"])
def test_a_short_piece_has_none(pattern: str) -> None:
    assert keys_of_piece(pattern) == set()


def test_a_piece_is_not_folded_but_a_misreading_is() -> None:
    assert keys_of_piece("*0O0*").isdisjoint(keys_of_piece("*000*"))
    assert fold("0O0") == "000"
