"""Plates that a spreadsheet took for numbers and spoiled."""

from __future__ import annotations

import re
from typing import Final

_SPOILED: Final = re.compile(r"\d+[.,]0+|\d[.,]?\d*E\+\d+|\d[.,]\d+E-?\d+", re.ASCII | re.IGNORECASE)


def refuse_number_text(text: str) -> None:
    """Do nothing if the plate was not written as a number.

    Raises:
        ValueError: it was, with decimals or as a power of ten, so that nobody knows what it was before.
    """
    if _SPOILED.fullmatch(text.strip()):
        raise ValueError(
            f"{text[:40]!r} is a number that a spreadsheet wrote in place of a plate. Format the column as text there, "
            "and type the plate again"
        )
