import re
from collections import Counter

import numpy as np
import pytest

from platewatch_training.synthesis.grammar import Grammar, PatternError, text_of


def _samples(grammar: Grammar, count: int = 400) -> list[str]:
    rng = np.random.default_rng(7)
    return [grammar.sample(rng) for _ in range(count)]


@pytest.mark.parametrize(
    ("pattern", "drawn"),
    [
        pytest.param("AB12", r"AB12", id="signs"),
        pytest.param("[A-C][0-9]", r"[ABC][0-9]", id="classes"),
        pytest.param("[ABX-Z][02-4]", r"[ABXYZ][0234]", id="classes of signs and ranges"),
        pytest.param("[A-]", r"[A-]", id="a hyphen at a class's end"),
        pytest.param("(B|M|HH)", r"B|M|HH", id="a group"),
        pytest.param("(A(B|C)|D)1", r"(A(B|C)|D)1", id="a group in a group"),
        pytest.param("AB|CD", r"AB|CD", id="alternatives without a group"),
        pytest.param("A?B", r"A?B", id="perhaps"),
        pytest.param("[0-9]{3}", r"[0-9]{3}", id="three times"),
        pytest.param("[1-9][0-9]{0,3}", r"[1-9][0-9]{0,3}", id="up to three times"),
        pytest.param("(AB){2}", r"ABAB", id="a repeated group"),
        pytest.param("A B-1·2", r"A B-1·2", id="gaps and separators"),
        pytest.param("京A·[0-9]{5}", r"京A·[0-9]{5}", id="a province character"),
    ],
)
def test_every_sample_is_built_as_the_pattern_says(pattern: str, drawn: str) -> None:
    samples = _samples(Grammar(pattern))

    assert all(re.fullmatch(drawn, sample) for sample in samples)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("A[BC]?", {"A", "AB", "AC"}, id="perhaps"),
        pytest.param("[1-3]{1,2}", {*"123", *(a + b for a in "123" for b in "123")}, id="once or twice"),
        pytest.param("(X|Y Z)", {"X", "Y Z"}, id="a group"),
    ],
)
def test_everything_that_a_pattern_allows_comes_up(pattern: str, expected: set[str]) -> None:
    assert set(_samples(Grammar(pattern))) == expected


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        pytest.param("[A-Z]{2} [0-9]{3}", "AB123", True, id="a gap is no part of the text"),
        pytest.param("[A-Z]{2} [0-9]{3}", "AB 123", False, id="a text has no gaps"),
        pytest.param("[A-Z]{2}[- ][0-9]{3}", "AB123", True, id="a class of separators"),
        pytest.param("A[-B]1", "A1", True, id="a separator or a letter, as the separator"),
        pytest.param("A[-B]1", "AB1", True, id="a separator or a letter, as the letter"),
        pytest.param("[A-Z]{2}[0-9]{3}", "", False, id="empty"),
        pytest.param("[A-Z]{2}[0-9]{3}", "AB1234", False, id="too long"),
        pytest.param("[A-Z]{2}[0-9]{3}", "ab123", False, id="lower case"),
        pytest.param("(B|HH)[1-9]", "HH7", True, id="a group's second option"),
        pytest.param("(B|HH)[1-9]", "H7", False, id="half of an option"),
        pytest.param("[京沪][A-Z][0-9]{2}", "沪A01", True, id="a province"),
    ],
)
def test_a_text_matches_or_not(pattern: str, text: str, *, fits: bool) -> None:
    assert Grammar(pattern).matches(text) is fits


@pytest.mark.parametrize(
    "pattern",
    ["[A-Z]{3}-[0-9]{3}", "([A-Z]{2}|[0-9]) ?[A-Z0-9]{2,7}", "{town}·[A-Z]{1,2} [1-9][0-9]{0,3}(E|H)?"],
)
def test_the_text_of_every_sample_matches(pattern: str) -> None:
    grammar = Grammar(pattern, words={"town": "B*9 M HH"})

    assert all(grammar.matches(text_of(sample)) for sample in _samples(grammar))


@pytest.mark.parametrize(
    ("pattern", "position", "problem"),
    [
        pytest.param("[A-Z]*", 5, "not known", id="any number"),
        pytest.param("[A-Z]+", 5, "not known", id="one or more"),
        pytest.param("A.*", 2, "not known", id="any number of dots"),
        pytest.param("^A$", 0, "not known", id="anchors"),
        pytest.param(r"\d{3}", 0, "not known", id="a short class"),
        pytest.param("ab", 0, "not known", id="lower case"),
        pytest.param("(?:A|B)", 1, "not known", id="a group that is not kept"),
        pytest.param("[^A]", 1, "can't stand", id="a negated class"),
        pytest.param("A{2,}", 1, "neither a word list", id="without an upper limit"),
        pytest.param("A{3,2}", 1, "at least 3 and at most 2", id="limits the wrong way round"),
        pytest.param("A{2}?", 4, "two quantifiers", id="a lazy quantifier"),
        pytest.param("A{2}{3}", 4, "two quantifiers", id="a quantifier on a quantifier"),
        pytest.param("?A", 0, "not known", id="a quantifier on nothing"),
        pytest.param("(AB", 3, "without '\\)'", id="an open group"),
        pytest.param("AB)", 2, "without '\\('", id="a group that was never opened"),
        pytest.param("[AB", 3, "no '\\]'", id="an open class"),
        pytest.param("[]", 1, "empty", id="an empty class"),
        pytest.param("[Z-A]", 1, "no range", id="a range that falls"),
        pytest.param("[A-9]", 1, "no range", id="a range from a letter to a digit"),
        pytest.param("{town}A", 0, "no word list 'town'", id="an unknown word list"),
    ],
)
def test_what_is_not_known_is_refused_with_its_place(pattern: str, position: int, problem: str) -> None:
    with pytest.raises(PatternError, match=problem) as caught:
        Grammar(pattern)

    assert caught.value.position == position
    assert repr(pattern) in str(caught.value)


def test_a_country_that_leaves_letters_out_says_so_once() -> None:
    grammar = Grammar("[A-Z]{3}[A-C]", letters="BCD")

    assert set("".join(sample[:3] for sample in _samples(grammar))) == set("BCD")
    assert set("".join(sample[3:] for sample in _samples(grammar))) == set("ABC")
    assert not grammar.matches("ABCA")


def test_letters_that_stand_twice_are_twice_as_frequent() -> None:
    counts = Counter("".join(_samples(Grammar("[A-Z]{10}", letters="AAB"))))

    assert counts["A"] / counts["B"] == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("letters", ["", "ABÖ", "ab", "A1"])
def test_letters_have_to_be_letters(letters: str) -> None:
    with pytest.raises(PatternError, match="not all of A to Z"):
        Grammar("[A-Z]", letters=letters)


def test_words_come_as_often_as_their_weights_say() -> None:
    counts = Counter(_samples(Grammar("{town}", words={"town": "B*6 HH*3 K"}), 2000))

    assert set(counts) == {"B", "HH", "K"}
    assert counts["B"] / 2000 == pytest.approx(0.6, abs=0.05)
    assert counts["K"] / 2000 == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("entries", ["", "B*", "B*x", "*3", "b", "B C*-1"])
def test_word_lists_that_can_not_be_used_are_refused(entries: str) -> None:
    with pytest.raises(PatternError):
        Grammar("A", words={"town": entries})


def test_accents_are_drawn_and_not_read() -> None:
    grammar = Grammar("{town}[ÖO][0-9]", words={"town": "GÖ ČK"})

    samples = _samples(grammar)
    assert {sample[:3] for sample in samples} == {"GÖÖ", "GÖO", "ČKÖ", "ČKO"}
    assert {text_of(sample)[:3] for sample in samples} == {"GOO", "CKO"}
    assert grammar.matches("GOO7")
    assert not grammar.matches("GÖÖ7")
    assert grammar.longest_text == 4


def test_a_narrow_gap_is_drawn_and_neither_read_nor_counted() -> None:
    grammar = Grammar("[A-Z]_[0-9]")

    assert all(sample[1] == "_" for sample in _samples(grammar))
    assert grammar.matches("A1")
    assert (grammar.longest_text, grammar.most_gaps) == (2, 0)


def test_several_patterns_come_as_often_as_their_weights_say() -> None:
    grammar = Grammar({"[0-9]{3}": 9, "[A-Z]{3}": 1})

    digits = sum(sample.isdigit() for sample in _samples(grammar, 2000))
    assert digits / 2000 == pytest.approx(0.9, abs=0.03)
    assert grammar.matches("123")
    assert grammar.matches("ABC")
    assert not grammar.matches("AB1")


def test_no_pattern_at_all_is_refused() -> None:
    with pytest.raises(PatternError, match="no pattern"):
        Grammar({})


@pytest.mark.parametrize(
    ("pattern", "characters", "gaps"),
    [
        pytest.param("", 0, 0, id="empty"),
        pytest.param("AB-12", 4, 0, id="a separator"),
        pytest.param("[A-Z]{1,3} [0-9]{2,4}", 7, 1, id="quantifiers"),
        pytest.param("(A B C|ABCDE)", 5, 2, id="the most of every option"),
        pytest.param("[ -]A ?", 1, 2, id="gaps that may be"),
    ],
)
def test_the_longest_text_and_the_most_gaps_are_known(pattern: str, characters: int, gaps: int) -> None:
    grammar = Grammar(pattern)

    assert grammar.longest_text == characters
    assert grammar.most_gaps == gaps


def test_the_same_seed_draws_the_same_numbers() -> None:
    grammar = Grammar("[A-Z]{2} [0-9]{4}")

    assert _samples(grammar) == _samples(grammar)


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("HH AB-1234", "HHAB1234", id="gaps and hyphens"),
        pytest.param("京A·12345", "京A12345", id="a province character and a dot"),
        pytest.param("12:34.5/6", "123456", id="other separators"),
    ],
)
def test_the_text_is_what_is_read(drawn: str, text: str) -> None:
    assert text_of(drawn) == text


@pytest.mark.parametrize(
    ("pattern", "has_number"),
    [
        pytest.param("[A-Z]{2}[0-9]{3}", True, id="digits"),
        pytest.param("[A-Z]{2}京", True, id="a province character"),
        pytest.param("[A-Z]{2,7}", False, id="letters alone"),
        pytest.param("[A-MN-Z0-9]{2,7}", False, id="letters or digits"),
        pytest.param("AB[0-9]?", False, id="perhaps a digit"),
        pytest.param("A[0-9]{0,3}", False, id="up to three digits"),
        pytest.param("(A1|B2)C", True, id="a digit in each alternative"),
        pytest.param("(A1|BB)C", False, id="a digit in one alternative"),
        pytest.param("A[0-9-]", False, id="a digit or a separator"),
        pytest.param("{office}[A-Z]", True, id="a word list of digits"),
    ],
)
def test_an_option_says_whether_its_texts_have_a_number(pattern: str, *, has_number: bool) -> None:
    (option,) = Grammar(pattern, words={"office": "01*9 02"}).options

    assert option.has_number is has_number


def test_options_have_their_weights_and_only_usual_letters() -> None:
    grammar = Grammar({"[A-Z][0-9]": 3, "X[A-C]": 1}, letters="ABABABC")

    assert [(option.expression, option.weight) for option in grammar.options] == [("[AB][0-9]", 3), ("X[ABC]", 1)]
    assert grammar.matches("C1")
