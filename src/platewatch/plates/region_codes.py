"""The region codes that a person may choose, with their names, and which code was meant by another text."""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from platewatch.errors import RegionCodeError

NAMES_FILE: Final = Path(__file__).with_name("region_names.yaml")
MAX_CODE: Final = 16

_OWN_CODES: Final = re.compile(r"x[a-wyz](?:-[a-z0-9]{1,3})?")
"""Codes that ISO 3166 leaves to users, for a model with regions of its own; `xx` rather means that nobody knows."""
_CLOSEST_SHARE: Final = 0.75
"""Below this likeness two names are rather two countries than one name with a typing error."""


def region_names() -> dict[str, str]:
    """The English name of each known code, by code."""
    return _table()[0]


def region_code(text: str) -> str:
    """The known code that the text is, in lower case.

    Raises:
        RegionCodeError: It is no known code; the message names the code that was meant where one is likely.
    """
    code = text.strip().lower()
    if code in region_names() or _OWN_CODES.fullmatch(code):
        return code
    raise RegionCodeError(text, meant_region(text))


def meant_region(text: str) -> str | None:
    """The known code that somebody probably meant by a name, a distinguishing sign or a three-letter code."""
    known = _table()[1]
    name = text.strip().casefold()
    code = name.replace("_", "-").replace(" ", "-")
    if code in region_names():
        return code
    if name in known:
        return known[name]
    closest = difflib.get_close_matches(name, known, n=1, cutoff=_CLOSEST_SHARE)
    if closest and len(name) > len("xx"):
        return known[closest[0]]
    country = code.partition("-")[0]
    return country if "-" in code and country in region_names() else None


@cache
def _table() -> tuple[dict[str, str], dict[str, str]]:
    """Names by code, and codes by any name."""
    content: dict[str, Any] = yaml.safe_load(NAMES_FILE.read_text("utf-8"))
    names: dict[str, str] = content["names"]
    known: dict[str, str] = {}
    # Countries first: `georgia` is one before it is a state.
    for code in sorted(names, key=lambda code: ("-" in code, code)):
        for name in (names[code], *content["other_names"].get(code, ())):
            known.setdefault(name.casefold(), code)
    return names, known
