"""Short regular expressions for classes of signs and lists of words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import groupby
from typing import Final

# A-C is no shorter than ABC.
_SHORTEST_RANGE: Final = 4


def any_sign(signs: Iterable[str]) -> str:
    """Matches one of the signs (at least one; letters, digits, province characters): `A`, `[ABX]`, `[A-HJ-N]`."""
    ordered = sorted(set(signs))
    if len(ordered) == 1:
        return ordered[0]
    parts = []
    for _, run in groupby(enumerate(ordered), key=lambda place: ord(place[1]) - place[0]):
        following = "".join(sign for _, sign in run)
        parts.append(following if len(following) < _SHORTEST_RANGE else f"{following[0]}-{following[-1]}")
    return f"[{''.join(parts)}]"


def any_word(words: Collection[str]) -> str:
    """Matches one of the words (at least one), with common beginnings written once: `H(?:[AB]|EI)?` for H HA HB HEI."""
    endings: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        if word:
            endings[word[0]].add(word[1:])
    beginnings: defaultdict[str, list[str]] = defaultdict(list)
    for sign in sorted(endings):
        beginnings[any_word(endings[sign])].append(sign)
    parts = [any_sign(signs) + ending for ending, signs in beginnings.items()]
    whole = "|".join(parts)
    if "" in words:
        return repeated(whole, 0, 1)
    return whole if len(parts) == 1 else f"(?:{whole})"


def repeated(expression: str, least: int, most: int) -> str:
    """Matches what the expression matches, that often."""
    if not expression or most == 0:
        return ""
    if (least, most) == (1, 1):
        return expression
    times = "?" if (least, most) == (0, 1) else f"{{{least}}}" if least == most else f"{{{least},{most}}}"
    is_one_sign = len(expression) == 1 or (expression[0] == "[" and expression.index("]") == len(expression) - 1)
    return f"{expression}{times}" if is_one_sign else f"(?:{expression}){times}"
