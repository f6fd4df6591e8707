"""Why the key of a plate may lack a letter: earlier versions dropped letters with marks and those of other scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_FEW_SIGNS: Final = 4
_UMLAUT_DISTRICTS: Final = (
    *("AÖ", "BÖ", "BÜD", "BÜS", "FÜ", "FÜS", "GÖ", "GÜ", "HÖS", "JÜL", "KÖN", "KÖT", "KÜN", "LÖ", "LÖB", "LÜD", "LÜN"),
    *("MÜ", "MÜB", "MÜL", "MÜN", "MÜR", "NÖ", "NÖR", "ÖHR", "PRÜ", "RÜD", "RÜG", "SÄK", "SLÜ", "SÖM", "SÜW", "TÖL"),
    *("TÜ", "ÜB", "WÜ", "WÜM"),
)
"""German districts with a letter that was dropped."""
_GERMAN_REST: Final = r"([A-Z]{1,2}[1-9][0-9]{0,3}[EH]?)"


def doubts_about(key: str) -> list[str]:
    """Reasons why a letter may have been dropped from the key of a plate or pattern; none where nothing speaks for it.

    That nothing speaks for it is no proof: Å, Č and others may have been dropped from a plate of any country.
    """
    doubts = []
    if not any(sign.isalpha() for sign in key):
        doubts.append("it has no letter")
    if len(key) < _FEW_SIGNS:
        doubts.append(f"it has fewer than {_FEW_SIGNS} characters")
    if may_be := ", ".join(_with_umlaut(key)):
        doubts.append(f"it may have been {may_be}")
    return doubts


def less_one_letter(key: str) -> set[str]:
    """The key without one letter, for each of its letters."""
    return {key[:index] + key[index + 1 :] for index, sign in enumerate(key) if sign.isalpha()}


def _with_umlaut(key: str) -> Iterator[str]:
    for district in _UMLAUT_DISTRICTS:
        kept = "".join(sign for sign in district if sign.isascii())
        if found := re.fullmatch(kept + _GERMAN_REST, key):
            yield district + found[1]
