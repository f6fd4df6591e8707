from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from platewatch.plates.grammars import grammar_of
from platewatch.vision.recognizer.beam import (
    MAX_GAIN,
    Probabilities,
    gain,
    most_likely_texts,
    probable_grammars,
    settle,
)
from platewatch.vision.recognizer.slot_codec import ALPHABET, NOTHING, SLOTS, SlotCodec

REGIONS = ("cn", "de", "es", "fr", "gb", "in-ka", "in-mh", "nl", "us-ca", "us-tx", "xx")
CODEC = SlotCodec(ALPHABET, REGIONS)
SURE = 0.999

Slot = Mapping[str, float]


def _slots(*slots: str | Slot) -> Probabilities:
    """Probabilities of slots: strings are sure characters, mappings unsure ones (`_`: nothing); nothing follows."""
    rows: list[Slot] = []
    for slot in slots:
        rows += [{sign: SURE} for sign in slot] if isinstance(slot, str) else [slot]
    rows += [{"_": SURE}] * (SLOTS - len(rows))
    probabilities = np.zeros((SLOTS, CODEC.classes), np.float32)
    for place, row in enumerate(rows):
        probabilities[place] = (1 - sum(row.values())) / (CODEC.classes - len(row))
        for sign, share in row.items():
            probabilities[place, _class(sign)] = share
    return probabilities


def _class(sign: str) -> int:
    return NOTHING if sign == "_" else ALPHABET.index(sign) + 1


def _regions(**shares: float) -> Probabilities:
    known = {name.replace("_", "-"): share for name, share in shares.items()}
    left = (1 - sum(known.values())) / (len(REGIONS) - len(known))
    return np.array([known.get(region, left) for region in REGIONS], np.float32)


def _raw(probabilities: Probabilities) -> str:
    return "".join(ALPHABET[index - 1] for index in probabilities.argmax(axis=1).tolist() if index != NOTHING)


O_OR_0 = {"O": 0.6, "0": 0.39}
ZERO_OR_O = {"0": 0.6, "O": 0.39}


@pytest.mark.parametrize(
    ("slots", "region", "text"),
    [
        pytest.param(("AB", ZERO_OR_O, "23CD"), "fr", "AB023CD", id="France, 0 was right"),
        pytest.param(("AB", {"I": 0.6, "1": 0.39}, "23CD"), "fr", "AB123CD", id="France, I is 1"),
        pytest.param(("AB123C", {"0": 0.6, "D": 0.39}), "fr", "AB123CD", id="France, 0 is D"),
        pytest.param(("123", O_OR_0, "BCD"), "es", "1230BCD", id="Spain, O is 0"),
        pytest.param(("1234B", {"8": 0.6, "B": 0.39}, "D"), "es", "1234BBD", id="Spain, 8 is B"),
        pytest.param(
            ("LB", {"O": 0.6, "0": 0.39}, "7SE", {"0": 0.6, "O": 0.39}), "gb", "LB07SEO", id="both ways at once"
        ),
        pytest.param(("7AB", {"8": 0.7, "B": 0.29}, "123"), "us_ca", "7ABB123", id="California, 8 is B"),
        pytest.param(("7ABC12", {"S": 0.7, "5": 0.29}), "us_ca", "7ABC125", id="California, S is 5"),
        pytest.param(("BCD12", {"Z": 0.7, "2": 0.29}, "4"), "us_tx", "BCD1224", id="Texas, Z is 2"),
        pytest.param(("BC", {"6": 0.7, "G": 0.29}, "1234"), "us_tx", "BCG1234", id="Texas, 6 is G"),
        pytest.param(("B", {"4": 0.7, "A": 0.29}, "C123"), "de", "BAC123", id="Germany, 4 is A"),
        pytest.param(("L", {"E": 0.51, "F": 0.48}, "07ABC"), "gb", "LF07ABC", id="Britain has LF and no LE"),
        pytest.param(("MH12A", {"8": 0.6, "B": 0.39}, "1234"), "in_mh", "MH12AB1234", id="India, by a state's name"),
        pytest.param(("KA", O_OR_0, "1AB1234"), "in_ka", "KA01AB1234", id="two rows, joined"),
        pytest.param(("京A", {"I": 0.6, "1": 0.39}, "2345"), "cn", "京A12345", id="China, I is 1"),
        pytest.param(("京A1234", {"挂": 0.9, "港": 0.09}), "cn", "京A1234挂", id="China, a trailer"),
        pytest.param(("AB123C", {"_": 0.6, "D": 0.39}), "fr", "AB123CD", id="a character that is missing"),
        pytest.param(("AB123CD", {"I": 0.6, "_": 0.39}), "fr", "AB123CD", id="a rim taken for a character"),
        pytest.param(("123", {"X": 0.6, "4": 0.39}, "BCD"), "es", "1234BCD", id="characters that look different"),
    ],
)
def test_lookalikes_are_settled_by_the_region(slots: tuple[str | Slot, ...], region: str, text: str) -> None:
    probabilities = _slots(*slots)

    settled = settle(probabilities, _regions(**{region: 0.9}), CODEC)

    assert settled.text == text
    if text != _raw(probabilities):
        assert settled.alternatives[0][0] == _raw(probabilities)


def test_the_same_look_is_settled_by_where_the_plate_is_from() -> None:
    unsure: Slot = {"O": 0.5, "0": 0.49}
    slots = _slots("123", unsure, "BCD")

    assert settle(slots, _regions(es=0.95), CODEC).text == "1230BCD"
    assert settle(_slots("7AB", {"0": 0.5, "D": 0.49}, "123"), _regions(us_ca=0.95), CODEC).text == "7ABD123"
    assert settle(slots, _regions(xx=0.95), CODEC).text == "123OBCD"


@pytest.mark.parametrize(
    ("slots", "regions"),
    [
        pytest.param(("AB1230D",), _regions(fr=1.0), id="sure characters"),
        pytest.param(("AB123C", {"0": 0.98, "D": 0.015}), _regions(fr=1.0), id="a character surer than the most gain"),
        pytest.param(("QQ", O_OR_0, "QQ"), _regions(fr=1.0), id="a layout that nobody described"),
        pytest.param(("123", O_OR_0, "BCD"), None, id="a network that tells no region"),
        pytest.param(("123", O_OR_0, "BCD"), _regions(xx=1.0), id="a region without a grammar"),
        pytest.param(("123", O_OR_0, "BCD"), _regions(es=0.02, xx=0.97), id="a region that is improbable"),
        pytest.param(("G", {"O": 0.6, "0": 0.39}, "LF"), _regions(us_ca=1.0), id="a text that its owner chose"),
    ],
)
def test_what_no_grammar_may_change_is_left_as_read(
    slots: tuple[str | Slot, ...], regions: Probabilities | None
) -> None:
    probabilities = _slots(*slots)

    assert settle(probabilities, regions, CODEC).text == _raw(probabilities)


@pytest.mark.parametrize("regions", [None, _regions(fr=1.0)], ids=["no region", "France"])
@pytest.mark.parametrize(
    "probabilities",
    [
        pytest.param(_slots(), id="sure"),
        pytest.param(_slots({"_": 0.5, "A": 0.49}, {"_": 0.5, "B": 0.49}), id="unsure"),
        pytest.param(np.full((SLOTS, CODEC.classes), 1 / CODEC.classes, np.float32), id="every class alike"),
    ],
)
def test_empty_stays_empty(probabilities: Probabilities, regions: Probabilities | None) -> None:
    settled = settle(probabilities, regions, CODEC)

    assert settled.characters == ()
    assert settled.confidence == 0
    assert settled.alternatives == ()


def test_a_network_that_knows_nothing_but_that_there_is_text_does_no_harm() -> None:
    probabilities = np.full((SLOTS, CODEC.classes), 1 / (CODEC.classes - 1), np.float32)
    probabilities[:, NOTHING] = 0

    settled = settle(probabilities, _regions(), CODEC)

    assert len(settled.text) == SLOTS
    assert settled.confidence == pytest.approx(0, abs=1e-9)


def test_characters_have_the_networks_own_confidence() -> None:
    settled = settle(_slots("123", O_OR_0, "BCD"), _regions(es=1.0), CODEC)

    assert [one.text for one in settled.characters] == list("1230BCD")
    assert [one.confidence for one in settled.characters] == pytest.approx([SURE] * 3 + [0.39] + [SURE] * 3)


def test_the_confidence_is_that_of_both_texts_weighed_by_their_grammars() -> None:
    spain = grammar_of("es")
    assert spain is not None
    weight = 1 + (MAX_GAIN - 1) * spain.share("1230BCD")
    sure = SURE ** (SLOTS - 1)
    unlisted = 1 - sure * 0.99

    settled = settle(_slots("123", O_OR_0, "BCD"), _regions(es=1.0), CODEC)

    total = sure * (weight * 0.39 + 0.6) + unlisted
    assert settled.confidence == pytest.approx(weight * sure * 0.39 / total, rel=1e-3)
    assert dict(settled.alternatives) == pytest.approx({"123OBCD": sure * 0.6 / total}, rel=1e-3)


def _steps(*places: str | Slot) -> Probabilities:
    """Probabilities of steps that say these characters, each followed by nothing."""
    rows = [row for slot in _slots(*places)[: _count(places)] for row in (slot, _slots()[0])]
    return np.stack([_slots()[0], *rows])


def _count(places: Sequence[str | Slot]) -> int:
    return sum(len(place) if isinstance(place, str) else 1 for place in places)


@pytest.mark.parametrize(
    ("slots", "steps", "text"),
    [
        pytest.param(("AB12",), ("AB12",), "AB12", id="they agree"),
        pytest.param(("AB", {"1": 0.6, "7": 0.39}, "2"), ("AB72",), "AB72", id="the surer one wins"),
        pytest.param(("AB1", {"2": 0.7, "Z": 0.29}), ("AB1", {"Z": 0.5, "2": 0.45}), "AB12", id="both are unsure"),
        pytest.param(("AB", {"1": 0.5, "_": 0.49}), ("AB",), "AB", id="one saw a character too many"),
        pytest.param(("", {"_": 0.6, "A": 0.39}), ("A",), "A", id="one saw nothing"),
        pytest.param(({"A": 0.6, "_": 0.39},), (), "", id="the surer one saw nothing"),
    ],
)
def test_two_heads_are_heard_together(slots: tuple[str | Slot, ...], steps: tuple[str | Slot, ...], text: str) -> None:
    assert settle(_slots(*slots), None, CODEC, _steps(*steps)).text == text


def test_heads_that_disagree_are_unsure_and_heads_that_agree_are_as_sure_as_both() -> None:
    agreed = settle(_slots("AB12"), None, CODEC, _steps("AB12"))
    apart = settle(_slots("AB12"), None, CODEC, _steps("AB1Z"))
    unsure = settle(_slots("AB1", {"2": 0.64, "Z": 0.35}), None, CODEC, _steps("AB12"))
    assert agreed.confidence == pytest.approx(1, abs=0.02)
    assert (apart.confidence or 1) < 0.1
    assert unsure.confidence == pytest.approx(0.8, abs=0.02)
    assert unsure.characters[3].confidence == pytest.approx((0.64 + SURE) / 2, abs=0.001)


def test_two_heads_and_a_grammar_settle_look_alikes() -> None:
    settled = settle(_slots("123", O_OR_0, "BCD"), _regions(es=0.9), CODEC, _steps("123", O_OR_0, "BCD"))
    assert settled.text == "1230BCD"
    assert settled.alternatives[0][0] == "123OBCD"


def test_without_grammars_the_confidence_is_the_joint_probability() -> None:
    settled = settle(_slots("1234", {"B": 0.7, "8": 0.2}, "CD"), None, CODEC)

    assert settled.confidence == pytest.approx(0.7 * SURE ** (SLOTS - 1), rel=1e-4)
    assert dict(settled.alternatives) == pytest.approx({"12348CD": 0.2 * SURE ** (SLOTS - 1)}, rel=1e-4)


def test_alternatives_are_few_and_fall_in_confidence() -> None:
    unsure: Slot = {"B": 0.4, "8": 0.3, "3": 0.2}

    settled = settle(_slots(unsure, unsure, unsure), None, CODEC)

    texts = [text for text, _ in settled.alternatives]
    shares = [share for _, share in settled.alternatives]
    assert len(texts) == len(set(texts)) == 4
    assert shares == sorted(shares, reverse=True)
    assert "BBB" not in texts


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        pytest.param(("AB",), {"AB": 1.0}, id="sure"),
        pytest.param(("A", {"B": 0.6, "8": 0.39}), {"AB": 0.6, "A8": 0.39}, id="one character unsure"),
        pytest.param(
            ({"A": 0.6, "4": 0.39}, {"B": 0.7, "8": 0.29}),
            {"AB": 0.42, "4B": 0.273, "A8": 0.174, "48": 0.1131},
            id="two characters unsure",
        ),
        pytest.param(
            ({"A": 0.5, "4": 0.3, "H": 0.19}, "1"), {"A1": 0.5, "41": 0.3, "H1": 0.19}, id="three choices for one slot"
        ),
        pytest.param(("A", {"B": 0.6, "_": 0.39}, "C"), {"ABC": 0.6, "AC": 0.39}, id="perhaps nothing"),
        pytest.param(
            ({"A": 0.6, "_": 0.39}, {"A": 0.6, "_": 0.39}), {"AA": 0.36, "A": 0.468}, id="two ways to one text"
        ),
        pytest.param(({"A": 0.6, "_": 0.39},), {"A": 0.6}, id="never empty"),
        pytest.param(({"_": 0.6, "A": 0.39},), {}, id="likeliest empty"),
    ],
)
def test_the_most_likely_texts_come_with_their_probabilities(
    slots: tuple[str | Slot, ...], expected: dict[str, float]
) -> None:
    found = most_likely_texts(_slots(*slots), ALPHABET)

    assert {text: one.probability for text, one in found.items()} == pytest.approx(expected, rel=0.02)
    assert next(iter(found), None) == next(iter(expected), None)


def test_ways_to_read_come_by_falling_probability_and_none_is_left_out() -> None:
    rng = np.random.default_rng(3)
    rows = [dict(zip("B8E3", row.tolist(), strict=True)) for row in rng.dirichlet([3, 2, 1, 1], 2) * 0.999]
    every = {first + second: rows[0][first] * rows[1][second] for first in "B8E3" for second in "B8E3"}

    found = most_likely_texts(_slots(*rows), ALPHABET)

    best = sorted(every, key=lambda text: -every[text])
    assert list(found) == [text for text in best if every[text] >= 0.01 * every[best[0]]]
    assert len(found) > 8


def test_states_that_share_a_grammar_count_together() -> None:
    weighted = probable_grammars(_regions(in_ka=0.3, in_mh=0.4, fr=0.3), REGIONS)

    assert sorted((round(weight, 3), grammar) for weight, grammar in weighted if weight > 0.35) == [
        (0.7, grammar_of("in"))
    ]
    assert len(weighted) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", 1.0, id="empty"),
        pytest.param("QQ0QQ", 1.0, id="no grammar"),
        pytest.param("1234BCD", MAX_GAIN, id="the whole of a sure region's plates"),
    ],
)
def test_the_gain_is_between_one_and_the_most(text: str, expected: float) -> None:
    spain = grammar_of("es")
    assert spain is not None

    assert gain(text, ((spain.share("1234BCD") ** -1, spain),)) == pytest.approx(expected)
    assert gain(text, ()) == 1
    assert gain(text, ((5.0, spain),)) <= MAX_GAIN


@pytest.mark.parametrize("seed", range(40))
def test_the_chosen_text_is_a_likely_one_and_never_weighs_less_than_the_text_as_read(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plates = ["AB123CD", "1234BCD", "LB07SEO", "7ABC123", "京A12345", "BAB123", "KA01AB1234", "XQ", "12BDFG"]
    probabilities = rng.dirichlet(np.full(CODEC.classes, 0.05), SLOTS).astype(np.float32) * 0.4
    for place, index in enumerate(CODEC.encode(plates[seed % len(plates)]).tolist()):
        probabilities[place, index] += 0.6
    regions = rng.dirichlet(np.full(len(REGIONS), 0.3)).astype(np.float32)
    texts = most_likely_texts(probabilities, ALPHABET)
    weighted = probable_grammars(regions, REGIONS)
    raw = _raw(probabilities)

    settled = settle(probabilities, regions, CODEC)

    assert settled.text in texts
    chosen = texts[settled.text].probability * gain(settled.text, weighted)
    assert chosen >= texts[raw].probability * gain(raw, weighted) * (1 - 1e-9)
    assert texts[settled.text].probability * MAX_GAIN >= texts[raw].probability
    assert settled.text == raw or settled.alternatives[0][0] == raw
    assert 0 <= (settled.confidence or math.nan) <= 1
    assert (settled.confidence or 0) + sum(share for _, share in settled.alternatives) <= 1 + 1e-6
