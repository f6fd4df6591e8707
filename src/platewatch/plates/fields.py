"""Plates and regions as fields of request bodies and queries."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from platewatch.errors import PlateTextError, RegionCodeError
from platewatch.plates.matching import search_key
from platewatch.plates.region_codes import region_code
from platewatch.plates.text import MAX_WRITTEN

_CODE = re.compile(r"[a-z]{2}-[a-z0-9]{1,3}")
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


def _region_of_known_country(text: str) -> str:
    code = text.strip().lower()
    if _CODE.fullmatch(code):
        _known_region(code.partition("-")[0])
        return code
    return _known_region(text)


SearchedPlate = Annotated[str, StringConstraints(max_length=MAX_WRITTEN), AfterValidator(_searchable)]
"""A plate, a pattern or a pseudonym to search for, as written: `search_key` gives what it is compared by."""

SearchedRegion = Annotated[str, StringConstraints(max_length=_MAX_REGION), AfterValidator(_region_of_known_country)]
"""A region to search for: a known code, or one that a model of the user tells within a known country."""

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
