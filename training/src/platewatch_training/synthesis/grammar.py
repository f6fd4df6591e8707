"""Numbers drawn from a pattern: the part of regular expressions that number plates need.

A pattern is made of signs, classes (`[A-Z]`, `[0-9]`, `[ABD-H]`), groups (`(B|M|HH)`), word lists (`{district}`) and
the quantifiers `?`, `{m}` and `{m,n}`. A space is a gap, `_` a narrow one, and `-`, `·`, `:`, `.`, `/` are separators:
they are drawn and are no part of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from string import ascii_uppercase, digits
from typing import Final, TypeAlias

from numpy.random import Generator

from platewatch.errors import PlatewatchError
from platewatch.plates.text import PROVINCES, reading_key
from platewatch_training.synthesis.expressions import any_sign, any_word, repeated
from platewatch_training.synthesis.typefaces import NARROW_GAP

GAP: Final = " "
SEPARATORS: Final = "-·:./"
_TEXT_SIGNS: Final = frozenset(ascii_uppercase) | frozenset(digits) | PROVINCES
_ACCENTED: Final = "ÄÖÜĆČŠŽ"
"""Letters that are drawn with their accent and read without it."""
_DRAWN_SIGNS: Final = _TEXT_SIGNS | frozenset(_ACCENTED) | frozenset(SEPARATORS) | {GAP, NARROW_GAP}
_QUANTIFIER: Final = re.compile(r"\{(\d{1,2})(?:,(\d{1,2}))?\}")
_WORD_LIST: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_WORD: Final = re.compile(r"([^*]+)(?:\*(\d+(?:\.\d+)?))?")


class PatternError(PlatewatchError, ValueError):
    """A pattern that can't be used, with the place where it can't."""

    def __init__(self, pattern: str, position: int, problem: str) -> None:
        super().__init__(f"In the pattern {pattern!r} at position {position}: {problem}.")
        self.pattern = pattern
        self.position = position


@dataclass(frozen=True, slots=True)
class _Signs:
    """One of the signs; a sign that stands twice comes twice as often."""

    signs: str


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of the options, as often as the steps of the rising `limits` (the last is the sum of the weights) say."""

    options: tuple[_Node, ...]
    limits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Node
    least: int
    most: int


_Node: TypeAlias = _Signs | _Sequence | _Choice | _Repeat


@dataclass(frozen=True, slots=True)
class Option:
    """One pattern of a grammar: its usual texts as a regular expression, and how often it is used (weight).

    Letters that come up less than half as often as others are left out. `has_number` is False where no sign has to be
    a digit or a province character: owners choose such texts, and they tell nothing about what stands where.
    """

    expression: str
    weight: float
    has_number: bool


class Grammar:
    """The grammar of the numbers of one row, parsed once.

    Args:
        pattern: One pattern, or several with how often each is used.
        letters: What `[A-Z]` stands for where a country leaves letters out; a letter that stands twice is twice as
            frequent. All 26 by default.
        words: Word lists by name, each `"B*30 M*18 HH K"`: words with their weights, 1 where none is given.

    Raises:
        PatternError: For a pattern, letter or word that can't be used.
    """

    def __init__(
        self,
        pattern: str | Mapping[str, float],
        *,
        letters: str = ascii_uppercase,
        words: Mapping[str, str] | None = None,
    ) -> None:
        weights = {pattern: 1.0} if isinstance(pattern, str) else dict(pattern)
        lists = {name: _parse_words(entries) for name, entries in (words or {}).items()}
        options = tuple(_Parser(each, letters, lists).parse() for each in weights)
        if not options:
            raise PatternError("", 0, "there is no pattern")
        self._root = _Choice(options, tuple(accumulate(weights.values())))
        self.options: Final = tuple(
            Option(_expression(option, usual_only=True), weight, _has_number(option))
            for option, weight in zip(options, weights.values(), strict=True)
        )
        self.expression: Final = _expression(self._root)
        self._compiled = re.compile(self.expression)

    @property
    def longest_text(self) -> int:
        """The most characters that a text of this grammar has."""
        return _most(self._root, lambda sign: text_of(sign) != "")

    @property
    def most_gaps(self) -> int:
        """The most gaps that a drawn number has."""
        return _most(self._root, GAP.__eq__)

    def sample(self, rng: Generator) -> str:
        """A number as it is drawn, with gaps and separators."""
        return _sample(self._root, rng)

    def matches(self, text: str) -> bool:
        """Whether the text (without gaps and separators) can be a number of this grammar."""
        return self._compiled.fullmatch(text) is not None


def text_of(drawn: str) -> str:
    """The text that a drawn number is read as: A-Z, 0-9 and Chinese province characters."""
    return reading_key(drawn)


class _Parser:
    """Recursive descent over one pattern."""

    def __init__(self, pattern: str, letters: str, lists: Mapping[str, _Node]) -> None:
        self._pattern = pattern
        self._letters = letters
        self._lists = lists
        self._at = 0
        if not letters or not set(letters) <= set(ascii_uppercase):
            raise PatternError(pattern, 0, f"the letters {letters!r} are not all of A to Z")

    def parse(self) -> _Node:
        node = self._choice()
        if self._at < len(self._pattern):
            raise self._error("')' without '('")
        return node

    def _error(self, problem: str) -> PatternError:
        return PatternError(self._pattern, self._at, problem)

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _choice(self) -> _Node:
        options = [self._sequence()]
        while self._next() == "|":
            self._at += 1
            options.append(self._sequence())
        if len(options) == 1:
            return options[0]
        return _Choice(tuple(options), tuple(accumulate(1.0 for _ in options)))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._next() not in {"", "|", ")"}:
            parts.append(self._parse_quantifier(self._atom()))
        return _Sequence(tuple(parts))

    def _atom(self) -> _Node:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._class()
        if sign == "{":
            return self._word_list()
        if sign not in _DRAWN_SIGNS:
            raise self._error(
                f"{sign!r} is not known here; a plate has A-Z, 0-9, province characters, gaps and {SEPARATORS!r}, "
                "a pattern also [..], (..|..), {list}, ?, {m} and {m,n}"
            )
        self._at += 1
        return _Signs(sign)

    def _group(self) -> _Node:
        self._at += 1
        node = self._choice()
        if self._next() != ")":
            raise self._error("a group without ')'")
        self._at += 1
        return node

    def _word_list(self) -> _Node:
        found = _WORD_LIST.match(self._pattern, self._at)
        if found is None:
            raise self._error("neither a word list such as {district} nor a quantifier behind something")
        if found[1] not in self._lists:
            raise self._error(f"there is no word list {found[1]!r}")
        self._at = found.end()
        return self._lists[found[1]]

    def _class(self) -> _Node:
        self._at += 1
        signs = ""
        while self._next() not in {"]", ""}:
            signs += self._range()
        if not signs or not self._next():
            raise self._error("a class that is empty or has no ']'")
        self._at += 1
        return _Signs(signs)

    def _range(self) -> str:
        first, dash, last = self._next(), self._pattern[self._at + 1 : self._at + 2], self._pattern[self._at + 2 :][:1]
        if first not in _DRAWN_SIGNS:
            raise self._error(f"{first!r} can't stand in a class")
        if dash != "-" or last in {"]", ""}:
            self._at += 1
            return first
        alphabet = next((signs for signs in (ascii_uppercase, digits) if first in signs and last in signs), None)
        if alphabet is None or first > last:
            raise self._error(f"{first}-{last} is no range of letters or digits")
        self._at += 3
        if first + last == "AZ":
            return self._letters
        return alphabet[alphabet.index(first) : alphabet.index(last) + 1]

    def _parse_quantifier(self, node: _Node) -> _Node:
        if self._next() == "?":
            self._at += 1
            quantified = _Repeat(node, 0, 1)
        elif found := _QUANTIFIER.match(self._pattern, self._at):
            least, most = int(found[1]), int(found[2] or found[1])
            if least > most:
                raise self._error(f"at least {least} and at most {most} can't be")
            self._at = found.end()
            quantified = _Repeat(node, least, most)
        else:
            return node
        if self._next() == "?" or _QUANTIFIER.match(self._pattern, self._at):
            raise self._error("two quantifiers in a row")
        return quantified


def _parse_words(entries: str) -> _Node:
    words: list[_Node] = []
    weights: list[float] = []
    for entry in entries.split():
        found = _WORD.fullmatch(entry)
        if found is None or not set(found[1]) <= _DRAWN_SIGNS:
            raise PatternError(entries, entries.index(entry), f"{entry!r} is not a word such as HH or HH*17")
        words.append(_Sequence(tuple(_Signs(sign) for sign in found[1])))
        weights.append(float(found[2] or 1))
    if not words:
        raise PatternError(entries, 0, "the word list is empty")
    return _Choice(tuple(words), tuple(accumulate(weights)))


def _sample(node: _Node, rng: Generator) -> str:
    match node:
        case _Signs(signs):
            return signs if len(signs) == 1 else signs[int(rng.integers(len(signs)))]
        case _Sequence(parts):
            return "".join(_sample(part, rng) for part in parts)
        case _Choice(options, limits):
            return _sample(options[bisect_right(limits[:-1], rng.random() * limits[-1])], rng)
        case _Repeat(part, least, most):
            return "".join(_sample(part, rng) for _ in range(int(rng.integers(least, most + 1))))


def _expression(node: _Node, *, usual_only: bool = False) -> str:
    """The regular expression of the texts: what is drawn only is left out, on demand also rare letters."""
    match node:
        case _Signs(signs):
            counts = Counter(text_of(signs))
            least = max(counts.values(), default=0) / 2 if usual_only else 0
            kept = any_sign(sign for sign, count in counts.items() if count >= least) if counts else ""
            return repeated(kept, int(counts.total() == len(signs)), 1)
        case _Sequence(parts):
            return "".join(_expression(part, usual_only=usual_only) for part in parts)
        case _Choice(options, _):
            words = [_word(option) for option in options]
            known = [word for word in words if word is not None]
            if len(known) == len(words):
                return any_word(known)
            return f"(?:{'|'.join(_expression(option, usual_only=usual_only) for option in options)})"
        case _Repeat(part, least, most):
            return repeated(_expression(part, usual_only=usual_only), least, most)


def _word(node: _Node) -> str | None:
    """The only text that the node has; None where it has several."""
    if not isinstance(node, _Sequence):
        return None
    if any(not isinstance(part, _Signs) or len(part.signs) > 1 for part in node.parts):
        return None
    return text_of("".join(part.signs for part in node.parts if isinstance(part, _Signs)))


def _has_number(node: _Node) -> bool:
    """Whether every text of the node has a sign that has to be a digit or a province character."""
    match node:
        case _Signs(signs):
            return set(signs) <= _TEXT_SIGNS - set(ascii_uppercase)
        case _Sequence(parts):
            return any(_has_number(part) for part in parts)
        case _Choice(options, _):
            return all(_has_number(option) for option in options)
        case _Repeat(part, least, _):
            return least > 0 and _has_number(part)


def _most(node: _Node, counts: Callable[[str], bool]) -> int:
    """The most signs that count in anything drawn from the node."""
    match node:
        case _Signs(signs):
            return int(any(counts(sign) for sign in signs))
        case _Sequence(parts):
            return sum(_most(part, counts) for part in parts)
        case _Choice(options, _):
            return max(_most(option, counts) for option in options)
        case _Repeat(part, _, most):
            return most * _most(part, counts)
