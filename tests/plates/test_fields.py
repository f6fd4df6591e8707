from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from platewatch.plates.fields import RegionCode, SearchedPlate, SearchedRegion

PLATE: TypeAdapter[str] = TypeAdapter(SearchedPlate)
REGION: TypeAdapter[str] = TypeAdapter(RegionCode)
SEARCHED_REGION: TypeAdapter[str] = TypeAdapter(SearchedRegion)


@pytest.mark.parametrize("text", ["", "gö ab", "MÜ*", "~ABC2", "京A?"])
def test_a_searched_plate_stays_as_written(text: str) -> None:
    assert PLATE.validate_python(text) == text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (PLATE, "12가", "HANGUL SYLLABLE GA"),
        (PLATE, "AB|12", "VERTICAL LINE"),
        (PLATE, "~ABC*", "TILDE"),
        (PLATE, "A" * 65, "at most 64"),
        (REGION, "france", "Did you mean 'fr'?"),
        (REGION, "xx", "is no region code. Give"),
        (REGION, "c", "is no region code"),
        (REGION, "fr-idf", "Did you mean 'fr'?"),
        (SEARCHED_REGION, "france", "Did you mean 'fr'?"),
        (SEARCHED_REGION, "uk", "Did you mean 'gb'?"),
        (SEARCHED_REGION, "us_ca", "Did you mean 'us-ca'?"),
        (SEARCHED_REGION, "", "is no region code"),
    ],
)
def test_other_values_are_refused_with_a_hint(field: TypeAdapter[Any], value: str, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        field.validate_python(value)
    assert message in str(raised.value)


def test_a_region_to_search_may_be_one_of_a_model_of_the_user() -> None:
    assert [SEARCHED_REGION.validate_python(code) for code in ("gb", "US-CA", "mx-jal", "us-c", "c", "xa")] == [
        "gb", "us-ca", "mx-jal", "us-c", "c", "xa"
    ]  # fmt: skip
