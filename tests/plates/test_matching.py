from __future__ import annotations

import math
import random
import re
import sqlite3
import time
from itertools import product

import pytest

from platewatch.errors import PlateTextError
from platewatch.plates.matching import (
    LIKE_ESCAPE,
    edit_distance,
    fold,
    is_pattern,
    literal_prefix,
    matches,
    pattern_key,
    search_key,
    wildcard_to_like,
)


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        pytest.param("", "", 0, id="nothing"),
        pytest.param("", "AB", 2, id="all inserted"),
        pytest.param("AB12", "AB12", 0, id="equal"),
        pytest.param("AB12", "AB13", 1, id="one replaced"),
        pytest.param("AB12", "AB1", 1, id="one missing"),
        pytest.param("AB12", "XAB12", 1, id="one too many"),
        pytest.param("AB12", "BA12", 2, id="two swapped"),
        pytest.param("AB12", "CD34", 4, id="all replaced"),
        pytest.param("0", "O", 0.5, id="O and 0"),
        pytest.param("1", "I", 0.5, id="I and 1"),
        pytest.param("8", "B", 0.5, id="B and 8"),
        pytest.param("5", "S", 0.5, id="S and 5"),
        pytest.param("2", "Z", 0.5, id="Z and 2"),
        pytest.param("0", "D", 0.5, id="D and 0"),
        pytest.param("BOSS1", "80551", 2, id="four look-alikes"),
        pytest.param("OB12", "B1Z", 1.5, id="one missing and a look-alike"),
        pytest.param("京A12345", "京AI2345", 0.5, id="with a province"),
        pytest.param("京A12345", "沪A12345", 1, id="another province"),
    ],
)
def test_the_distance_counts_edits_and_look_alikes_half(a: str, b: str, distance: float) -> None:
    assert edit_distance(a, b) == distance
    assert edit_distance(b, a) == distance
    assert edit_distance(a, b, limit=distance) == distance
    if distance:
        assert edit_distance(a, b, limit=distance - 0.5) == math.inf


def test_the_distance_is_never_less_than_that_of_the_folded_texts() -> None:
    """What an index by folded texts relies on: its candidates miss nothing."""
    chance = random.Random(7)
    for _ in range(500):
        a, b = ("".join(chance.choices("ABIOSZD0125", k=chance.randint(0, 6))) for _ in range(2))
        assert edit_distance(fold(a), fold(b)) <= edit_distance(a, b)


@pytest.mark.parametrize(
    ("text", "folded"), [("", ""), ("QODO", "0000"), ("ILB5GZ", "118562"), ("AX-7", "AX-7"), ("京A1", "京A1")]
)
def test_folding_takes_look_alikes_for_one(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("written", "pattern", "prefix", "like"),
    [
        pytest.param("", "", "", "", id="nothing"),
        pytest.param("ab-12 c", "AB12C", "AB12C", "AB12C", id="a plain plate"),
        pytest.param("ab-?? c*", "AB??C*", "AB", "AB__C%", id="both wildcards"),
        pytest.param("***1**", "*1*", "", "%1%", id="stars in a row"),
        pytest.param("a*?b", "A*?B", "A", "A%_B", id="the star first"),
        pytest.param("mü*", "MU*", "MU", "MU%", id="marks go off"),
        pytest.param("КА？＊", "KA?*", "KA", "KA_%", id="Cyrillic letters and full-width wildcards"),
    ],
)
def test_pattern_key_keeps_wildcards_and_is_made_for_sql(written: str, pattern: str, prefix: str, like: str) -> None:
    assert pattern_key(written) == pattern
    assert literal_prefix(pattern) == prefix
    assert wildcard_to_like(pattern) == like
    assert is_pattern(pattern) is is_pattern(written) is any(sign in written for sign in "?*？＊")


@pytest.mark.parametrize("written", ["a%_!;--", "AB/12", "Ж*", "~ABC*"])
def test_pattern_key_refuses_signs_without_a_key(written: str) -> None:
    with pytest.raises(PlateTextError):
        pattern_key(written)


def test_search_key_keeps_a_pseudonym_as_it_is() -> None:
    assert search_key("~ABC2") == "~ABC2"
    assert search_key("b-ö*") == "BO*"


def test_signs_with_a_meaning_in_sql_are_escaped() -> None:
    assert wildcard_to_like("a%b_c!?") == "a!%b!_c!!_"


def test_matching_agrees_with_a_regular_expression_and_with_sql() -> None:
    connection = sqlite3.connect(":memory:")
    texts = ["".join(signs) for length in range(4) for signs in product("AB", repeat=length)]
    patterns = ["".join(signs) for length in range(4) for signs in product("A?*", repeat=length)]
    for pattern in patterns:
        expression = re.compile(pattern.replace("?", ".").replace("*", ".*"))
        for text in texts:
            expected = expression.fullmatch(text) is not None
            assert matches(pattern, text) is expected, (pattern, text)
            question = (text, wildcard_to_like(pattern), LIKE_ESCAPE)
            assert connection.execute("SELECT ? LIKE ? ESCAPE ?", question).fetchone() == (int(expected),)
    connection.close()


def test_a_pattern_of_many_stars_takes_no_longer() -> None:
    start = time.perf_counter()
    assert not matches("*A" * 30 + "C", "A" * 2000)
    assert time.perf_counter() - start < 1
