from __future__ import annotations

import re
from itertools import product

import pytest

from platewatch_training.synthesis.expressions import any_sign, any_word, repeated


@pytest.mark.parametrize(
    ("signs", "expression"),
    [
        pytest.param("A", "A", id="one"),
        pytest.param("BA", "[AB]", id="in their order"),
        pytest.param("ABC", "[ABC]", id="too few for a range"),
        pytest.param("ABCD", "[A-D]", id="a range"),
        pytest.param("ABCDEFGHJKLMNP", "[A-HJ-NP]", id="ranges with gaps"),
        pytest.param("0123456789ABCDE", "[0-9A-E]", id="digits and letters are no common range"),
        pytest.param("京A", "[A京]", id="a province character"),
        pytest.param("AAB", "[AB]", id="one that stands twice"),
    ],
)
def test_a_class_is_written_short(signs: str, expression: str) -> None:
    assert any_sign(signs) == expression
    assert all(re.fullmatch(expression, sign) for sign in signs)
    assert not re.fullmatch(expression, "X")


@pytest.mark.parametrize(
    ("words", "expression"),
    [
        pytest.param({"B"}, "B", id="one"),
        pytest.param({"B", "M"}, "[BM]", id="single signs"),
        pytest.param({"HH", "HB"}, "H[BH]", id="a common beginning"),
        pytest.param({"H", "HH"}, "HH?", id="a word that begins another"),
        pytest.param({"H", "HA", "HB", "HEI"}, "H(?:[AB]|EI)?", id="several endings or none"),
        pytest.param({"AB", "CB", "D"}, "(?:[AC]B|D)", id="a common ending"),
        pytest.param({"京", "沪"}, "[京沪]", id="province characters"),
    ],
)
def test_words_are_written_short(words: set[str], expression: str) -> None:
    assert any_word(words) == expression


@pytest.mark.parametrize(
    "words",
    [
        pytest.param({"A", "AB", "ABC", "B", "BC", "CAB"}, id="nested"),
        pytest.param({"AA", "AB", "BA", "BB"}, id="a square"),
        pytest.param({"ABC", "ABA", "AB", "CBA", "CB"}, id="beginnings that are words"),
    ],
)
def test_an_expression_of_words_matches_these_and_no_others(words: set[str]) -> None:
    expression = re.compile(any_word(words))
    every = {"".join(signs) for length in range(5) for signs in product("ABC", repeat=length)}

    assert {word for word in every if expression.fullmatch(word)} == words


@pytest.mark.parametrize(
    ("expression", "least", "most", "expected"),
    [
        pytest.param("", 0, 3, "", id="nothing"),
        pytest.param("A", 0, 0, "", id="never"),
        pytest.param("AB", 1, 1, "AB", id="once"),
        pytest.param("A", 0, 1, "A?", id="perhaps a sign"),
        pytest.param("[AB]", 2, 2, "[AB]{2}", id="a class twice"),
        pytest.param("[AB]", 1, 3, "[AB]{1,3}", id="a class up to three times"),
        pytest.param("AB", 2, 2, "(?:AB){2}", id="two signs are grouped"),
        pytest.param("[AB][CD]", 0, 1, "(?:[AB][CD])?", id="two classes are grouped"),
        pytest.param("A|B", 0, 1, "(?:A|B)?", id="alternatives are grouped"),
    ],
)
def test_repetitions_are_written_short(expression: str, least: int, most: int, expected: str) -> None:
    assert repeated(expression, least, most) == expected
