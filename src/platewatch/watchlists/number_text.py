"""Plates that a spreadsheet or another program took for numbers, days or nothing, and spoiled."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"\d+[.,]0+|\d[.,]?\d*E\+\d+|\d[.,]\d+E-?\d+", re.ASCII | re.IGNORECASE)
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12]\d|3[01])"
_DATE: Final = re.compile(rf"(?:19|20)\d\d([-.]){_MONTH}\1{_DAY}|{_DAY}([-.]){_MONTH}\2(?:19|20)\d\d", re.ASCII)
"""Eight digits in groups of 4-2-2 or 2-2-4 that are a day; no country writes its plates so."""
_FILLERS: Final = frozenset({"null", "(null)", "none", "nan", "n.a.", "true", "false", "undefined"})


def refuse_number_text(text: str) -> None:
    """Do nothing if the plate was not written as a number or a day.

    Raises:
        ValueError: it was, so that nobody knows what it was before.
    """
    shown = text.strip()
    kind = "a number" if _NUMBER.fullmatch(shown) else "a day" if _DATE.fullmatch(shown) else None
    if kind is not None:
        raise ValueError(
            f"{text[:40]!r} is {kind} that a spreadsheet wrote in place of a plate. Format the column as text there, "
            "and type the plate again"
        )


def is_filler(cell: str) -> bool:
    """Whether programs write this in a cell that has no text."""
    return cell.strip().casefold() in _FILLERS
