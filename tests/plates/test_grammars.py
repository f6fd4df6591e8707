from __future__ import annotations

import pytest

from platewatch.plates.grammars import country_of, grammar_of, known_regions
from platewatch.vision.recognizer.slot_codec import ALPHABET


@pytest.mark.parametrize(
    ("region", "text", "fits"),
    [
        pytest.param("fr", "", False, id="empty"),
        pytest.param("fr", "AB123CD", True, id="France"),
        pytest.param("fr", "AB1230D", False, id="France, a digit for a letter"),
        pytest.param("fr", "AB-123-CD", False, id="separators are no part of a text"),
        pytest.param("fr", "AB123CDE", False, id="France, too long"),
        pytest.param("de", "BAB123", True, id="Germany, Berlin"),
        pytest.param("de", "HHXY99", True, id="Germany, Hamburg"),
        pytest.param("de", "QQAB123", False, id="Germany has no district QQ"),
        pytest.param("de", "BAB0123", False, id="Germany, no number begins with 0"),
        pytest.param("nl", "12BDF3", True, id="Netherlands"),
        pytest.param("nl", "12BAF3", False, id="the Netherlands leave out vowels"),
        pytest.param("us-ca", "7ABC123", True, id="California"),
        pytest.param("us-ca", "7ABO123", False, id="California leaves out O"),
        pytest.param("us-ca", "ILOVE", False, id="what owners choose is left out"),
        pytest.param("in", "KA01AB1234", True, id="India, two rows or one"),
        pytest.param("in", "KA00AB1234", False, id="India, no such office"),
        pytest.param("cn", "京A12345", True, id="China"),
        pytest.param("cn", "京A1234挂", True, id="China, trailers"),
        pytest.param("cn", "京AI2345", False, id="China leaves out I"),
        pytest.param("br", "ABC1D23", True, id="Brazil, Mercosur"),
        pytest.param("br", "ABC1234", True, id="Brazil, before"),
        pytest.param("gb", "LB07SEO", True, id="Britain"),
    ],
)
def test_a_text_is_built_like_a_regions_plates_or_not(region: str, text: str, *, fits: bool) -> None:
    grammar = grammar_of(region)

    assert grammar is not None
    assert (grammar.share(text) > 0) is fits


def test_the_usual_layout_has_the_larger_share() -> None:
    california = grammar_of("us-ca")

    assert california is not None
    assert california.share("7ABC123") > 0.5 > california.share("12345A6") > 0


def test_a_state_without_a_grammar_has_that_of_its_country() -> None:
    assert "in-mh" not in known_regions()
    assert grammar_of("in-mh") == grammar_of("in") != grammar_of("fr")


@pytest.mark.parametrize("region", ["", "xx", "us-zz", "-"])
def test_a_region_that_nobody_described_has_none(region: str) -> None:
    assert grammar_of(region) is None


@pytest.mark.parametrize(("region", "country"), [("fr", "fr"), ("in-mh", "in"), ("", "")])
def test_the_country_is_what_stands_before_the_hyphen(region: str, country: str) -> None:
    assert country_of(region) == country


@pytest.mark.parametrize("region", sorted(known_regions()))
def test_the_shares_of_a_region_make_a_whole(region: str) -> None:
    grammar = grammar_of(region)

    assert grammar is not None
    shares = [share for _, share in grammar.expressions]
    assert all(share > 0 for share in shares)
    assert sum(shares) == pytest.approx(1, abs=0.002)


def test_expressions_have_only_what_the_reader_reads() -> None:
    signs = {
        sign
        for region in known_regions()
        for expression, _ in getattr(grammar_of(region), "expressions", ())
        for sign in expression
    }

    assert signs <= set(ALPHABET) | set("[]{}(?:|),-")
    assert {"Z", "9", "京", "挂"} <= signs
