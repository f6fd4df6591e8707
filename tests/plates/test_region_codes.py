from __future__ import annotations

import re

import pytest

from platewatch.errors import RegionCodeError
from platewatch.plates.grammars import known_regions
from platewatch.plates.region_codes import MAX_CODE, meant_region, region_code, region_names
from platewatch.vision.inference.model_card import BUILT_IN_MODELS, load_card


def test_every_region_that_the_recognizer_tells_can_be_chosen() -> None:
    told = set(load_card(BUILT_IN_MODELS / "platewatch-recognizer").card.regions) | known_regions()
    assert told - set(region_names()) == set()


def test_codes_are_short_and_every_state_has_its_country() -> None:
    for code, name in region_names().items():
        assert re.fullmatch(r"[a-z]{2}(-[a-z]{2,3})?", code)
        assert len(code) <= MAX_CODE
        assert name
        assert code[:2] in region_names()


@pytest.mark.parametrize(
    ("text", "code"),
    [("fr", "fr"), (" FR ", "fr"), ("US-CA", "us-ca"), ("xk", "xk"), ("xa", "xa"), ("xa-b12", "xa-b12"), ("eg", "eg")],
)
def test_a_known_code_is_taken_in_any_case(text: str, code: str) -> None:
    assert region_code(text) == code


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("france", "fr"),
        ("Frankreich", "fr"),
        ("frnace", "fr"),
        ("F", "fr"),
        ("FRA", "fr"),
        ("Deutschland", "de"),
        ("uk", "gb"),
        ("England", "gb"),
        ("USA", "us"),
        ("california", "us-ca"),
        ("Georgia", "ge"),
        ("us_ca", "us-ca"),
        ("us-zz", "us"),
        ("de-by", "de"),
        ("xx", None),
        ("paris", None),
        ("zz", None),
        ("", None),
        ("\0", None),
        ("123", None),
    ],
)
def test_another_text_is_refused_with_the_code_that_was_meant(text: str, meant: str | None) -> None:
    assert meant_region(text) == meant
    with pytest.raises(RegionCodeError) as raised:
        region_code(text)
    assert raised.value.field == "region"
    assert (f"Did you mean {meant!r}?" in str(raised.value)) is (meant is not None)
    assert "GET /api/v1/regions" in str(raised.value)
