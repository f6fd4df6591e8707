"""Keys by which a plate is found that is known in part only: misread, or with characters that nobody remembers.

A plate has as keys its folded text, that text less any one character, and any three characters that stand side by side.
Two texts that are one edit apart share one of the first two kinds (the symmetric deletion of SymSpell, W. Garbe 2012);
for two edits the question, not the table, spells out all texts that lie between: eight times fewer rows for each plate
than keys less two characters would need. A hit is a candidate only, to be compared in full.
"""

from __future__ import annotations

import hashlib
from typing import Final

from platewatch.plates.matching import fold
from platewatch.plates.text import ANY_SIGN, ANY_SIGNS

MAX_EDITS: Final = 2
MAX_GAPS: Final = 3
"""The number of `?` in a pattern without `*` up to which it is looked up by keys; one more would be 30,000 keys."""

_GRAM: Final = 3
_FOLDED_ALPHABET: Final = tuple(sorted({fold(sign) for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"}))


def keys_of(text: str) -> set[int]:
    """All keys of the plate, each a signed number of 64 bits."""
    folded = fold(text)
    return {_key("-", part) for part in {folded, *_less_one(folded)}} | {_key("+", gram) for gram in _grams(text)}


def keys_near(text: str, edits: int) -> set[int]:
    """Keys of which every plate has at least one whose folded text is at most `edits` edits away.

    Raises:
        ValueError: more edits than the table is made for.
    """
    if not 0 <= edits <= MAX_EDITS:
        raise ValueError(f"The keys find plates at most {MAX_EDITS} edits away, not {edits}.")
    folded = fold(text)
    parts = {folded}
    if edits:
        parts |= _less_one(folded)
    if edits == MAX_EDITS:
        parts |= _two_away(folded)
    return {_key("-", part) for part in parts}


def keys_of_gaps(pattern: str) -> set[int] | None:
    """Keys of which every plate that fits the pattern has at least one; None if it has a `*` or too many `?`."""
    gaps = [index for index, sign in enumerate(pattern) if sign == ANY_SIGN]
    if ANY_SIGNS in pattern or len(gaps) > MAX_GAPS:
        return None
    if not gaps:
        return {_key("-", fold(pattern))}
    # The plate less the character of the first gap is a key of its own; the other gaps are spelled out.
    parts = {fold(pattern[: gaps[0]] + pattern[gaps[0] + 1 :])}
    for _ in gaps[1:]:
        parts = {part.replace(ANY_SIGN, sign, 1) for part in parts for sign in _FOLDED_ALPHABET}
    return {_key("-", part) for part in parts}


def keys_of_piece(pattern: str) -> set[int]:
    """Keys that all plates have that fit the pattern: of its longest stretch without a gap. Empty if that is short."""
    stretches = pattern.replace(ANY_SIGNS, ANY_SIGN).split(ANY_SIGN)
    return {_key("+", gram) for gram in _grams(max(stretches, key=len))}


def _less_one(text: str) -> set[str]:
    return {text[:index] + text[index + 1 :] for index in range(len(text))}


def _two_away(text: str) -> set[str]:
    """Of each text two edits away, itself or itself less one character: the one that leaves fewer to spell out."""
    shorter = _less_one(text)
    parts = {part for once in shorter for part in _less_one(once)}  # one or two characters of the question are extra
    parts |= _replacements(text) | _insertions(text)  # one is missing in it, besides another edit
    return parts | {part for once in shorter for part in _replacements(once)}  # two are others


def _replacements(text: str) -> set[str]:
    return {text[:index] + sign + text[index + 1 :] for index in range(len(text)) for sign in _FOLDED_ALPHABET}


def _insertions(text: str) -> set[str]:
    return {text[:index] + sign + text[index:] for index in range(len(text) + 1) for sign in _FOLDED_ALPHABET}


def _grams(text: str) -> set[str]:
    return {text[index : index + _GRAM] for index in range(len(text) - _GRAM + 1)}


def _key(kind: str, part: str) -> int:
    return int.from_bytes(hashlib.blake2b((kind + part).encode(), digest_size=8).digest(), "big", signed=True)
