"""Plates and regions as fields of request bodies and queries."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from platewatch.errors import PlateTextError, RegionCodeError
from platewatch.plates.matching import search_key
from platewatch.plates.region_codes import meant_region, region_code, region_names
from platewatch.plates.text import MAX_WRITTEN

_CODE = re.compile(r"[a-z0-9-]{1,16}")
_STATE = re.compile(r"[a-z]{2}-[a-z0-9]{1,3}")
_MAX_REGION = 64
"""Longer than any code, so that a name is answered with the code that was meant."""


def _searchable(text: str) -> str:
    try:
        search_key(text)
    except PlateTextError as error:
        raise ValueError(str(error)) from error
    return text


def _known_region(text: str) -> str:
    try:
        return region_code(text)
    except RegionCodeError as error:
        raise ValueError(str(error)) from error


def _searchable_region(text: str) -> str:
    code = text.strip().lower()
    is_state = _STATE.fullmatch(code) and code[:2] in region_names()
    # Of a code that nobody uses nothing is found; a name would be a mistake.
    if is_state or (_CODE.fullmatch(code) and meant_region(code) is None):
        return code
    return _known_region(text)


SearchedPlate = Annotated[str, StringConstraints(max_length=MAX_WRITTEN), AfterValidator(_searchable)]
"""A plate, a pattern or a pseudonym to search for, as written: `search_key` gives what it is compared by."""

SearchedRegion = Annotated[str, StringConstraints(max_length=_MAX_REGION), AfterValidator(_searchable_region)]
"""A region to search for: any code, for models have regions of their own, but no name that stands for a code."""

RegionCode = Annotated[
    str,
    StringConstraints(max_length=_MAX_REGION),
    AfterValidator(_known_region),
    Field(description="a code of `GET /api/v1/regions`", examples=["gb"]),
]

WrittenPlate = Annotated[
    str | None,
    Field(description="as somebody typed it; None where it was read, or typed before this was kept"),
]
"""A plate as written, beside its key."""
