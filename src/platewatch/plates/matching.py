"""Comparing plates: how far two texts are apart, which ones look alike, and patterns with `?` and `*`.

Texts are keys (`text.plate_key`), patterns those of `pattern_key`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from platewatch.plates.text import ANY_SIGN, ANY_SIGNS, WILDCARDS, is_pseudonym, plate_key, spelling

LIKE_ESCAPE: Final = "!"
"""The escape character of the SQL patterns that `wildcard_to_like` gives."""
LOOKALIKE_COST: Final = 0.5
"""The cost of a look-alike character; any other edit costs 1."""

_WRITTEN_WILDCARDS: Final = WILDCARDS + "？＊"
# Disjoint, so that looking alike is transitive and one folded text stands for all that a reader may have confused.
_LOOKALIKE_GROUPS: Final = ("0ODQ", "1IL", "2Z", "5S", "6G", "8B")
_FOLDED: Final = str.maketrans({sign: group[0] for group in _LOOKALIKE_GROUPS for sign in group[1:]})


def fold(text: str) -> str:
    """The text with each character replaced by the digit that it looks like; texts that look alike become equal."""
    return text.translate(_FOLDED)


@lru_cache(maxsize=4096)
def look_alike(a: str, b: str) -> bool:
    """Whether two characters are easily taken for each other."""
    return fold(a) == fold(b)


def edit_distance(a: str, b: str, limit: float = math.inf) -> float:
    """The least cost of the edits that make `b` of `a`; infinity as soon as it is more than `limit`.

    Inserting, deleting and replacing a character cost 1, but replacing it by a look-alike costs `LOOKALIKE_COST`
    (Levenshtein's distance with weights, by Wagner and Fischer's method).
    """
    if abs(len(a) - len(b)) > limit:
        return math.inf
    above = [float(index) for index in range(len(b) + 1)]
    for row, sign in enumerate(a, 1):
        costs = [float(row)]
        for column, other in enumerate(b, 1):
            replaced = above[column - 1] + _replacement_cost(sign, other)
            costs.append(min(replaced, above[column] + 1.0, costs[-1] + 1.0))
        if min(costs) > limit:
            return math.inf
        above = costs
    return above[-1] if above[-1] <= limit else math.inf


def pattern_key(text: str) -> str:
    """The key of a plate or pattern: `?` stands for one character, `*` for any number of them.

    Raises:
        PlateTextError: A letter or sign has no key.
    """
    return _with_single_stars(plate_key(text, kept=WILDCARDS))


def pattern_spelling(text: str) -> str:
    """The key with the marks of its letters, wildcards included."""
    return _with_single_stars(spelling(text, kept=WILDCARDS))


def search_key(text: str) -> str:
    """The key by which a plate, a pattern or a pseudonym is searched; raises PlateTextError."""
    return text if is_pseudonym(text) and not is_pattern(text) else pattern_key(text)


def is_pattern(text: str) -> bool:
    """Whether it has a wildcard, also a full-width one."""
    return any(sign in text for sign in _WRITTEN_WILDCARDS)


def literal_prefix(pattern: str) -> str:
    """The prefix of every text that matches: all before the first wildcard."""
    ends = [index for index in (pattern.find(ANY_SIGN), pattern.find(ANY_SIGNS)) if index >= 0]
    return pattern[: min(ends)] if ends else pattern


def wildcard_to_like(pattern: str) -> str:
    """The pattern for SQL's LIKE with `LIKE_ESCAPE` as its escape character."""
    for special in (LIKE_ESCAPE, "%", "_"):
        pattern = pattern.replace(special, LIKE_ESCAPE + special)
    return pattern.replace(ANY_SIGN, "_").replace(ANY_SIGNS, "%")


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern; the time is bounded by the product of their lengths."""
    at = place = 0
    # Where to go on if the last `*` has to swallow one more character.
    star, swallowed = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == ANY_SIGNS:
            star, swallowed = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in (ANY_SIGN, text[at]):
            at += 1
            place += 1
        elif star >= 0:
            swallowed += 1
            at, place = swallowed, star + 1
        else:
            return False
    return not pattern[place:].strip(ANY_SIGNS)


def _with_single_stars(pattern: str) -> str:
    while ANY_SIGNS * 2 in pattern:
        pattern = pattern.replace(ANY_SIGNS * 2, ANY_SIGNS)
    return pattern


def _replacement_cost(a: str, b: str) -> float:
    if a == b:
        return 0.0
    return LOOKALIKE_COST if look_alike(a, b) else 1.0
