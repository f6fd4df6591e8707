from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.recognizer.second_look import agreed, is_settled, other_cuts
from platewatch.vision.types import Character, ImageBgr, Transcript


def said(text: str, confidence: float, *others: tuple[str, float], region: str = "de") -> Transcript:
    return Transcript(tuple(Character(sign, confidence) for sign in text), region, others, confidence)


def test_the_text_that_the_cuts_are_surest_of_together_wins() -> None:
    read = agreed([said("AB12", 0.5), said("A812", 0.4), said("A812", 0.3)])
    assert read.text == "A812"
    assert read.confidence == pytest.approx(0.7 / 3)
    assert dict(read.alternatives) == pytest.approx({"AB12": 0.5 / 3})


def test_alternatives_are_votes_too() -> None:
    read = agreed([said("AB12", 0.5, ("A812", 0.4)), said("A812", 0.3)])
    assert read.text == "A812"
    assert read.confidence == pytest.approx(0.35)


def test_a_text_that_no_cut_prefers_cannot_win() -> None:
    read = agreed([said("AB12", 0.4, ("A812", 0.35)), said("AB13", 0.4, ("A812", 0.35))])
    assert read.text in {"AB12", "AB13"}
    assert dict(read.alternatives)["A812"] == pytest.approx(0.35)


def test_characters_and_region_are_those_of_the_most_confident_reading_of_the_text() -> None:
    read = agreed([said("AB12", 0.3, region="fr"), said("AB12", 0.6, region="it"), said("XY99", 0.5, region="es")])
    assert (read.text, read.region, read.characters[0].confidence) == ("AB12", "it", 0.6)


def test_cuts_that_show_nothing_take_confidence() -> None:
    nothing = Transcript((), confidence=0.0)
    assert agreed([nothing, said("AB12", 0.6), nothing]).confidence == pytest.approx(0.2)
    assert agreed([nothing, nothing]) == nothing


def test_improbable_texts_are_not_told_and_few_of_the_others() -> None:
    read = agreed([said("AB12", 0.5, ("A812", 0.2), ("AB1Z", 0.001), ("A1", 0.1), ("A2", 0.1), ("A3", 0.1))])
    assert [text for text, _ in read.alternatives] == ["A812", "A1", "A2", "A3"]
    assert agreed([said("AB12", 0.5, ("AB1Z", 0.001))]).alternatives == ()


@pytest.mark.parametrize(
    ("others", "settled"),
    [
        pytest.param([said("AB12", 0.6)], True, id="they agree"),
        pytest.param([said("A812", 0.6)], False, id="they don't"),
        pytest.param([said("AB12", 0.3, ("A812", 0.3))], False, id="a close one"),
        pytest.param([Transcript((), confidence=0.0)], False, id="one shows nothing"),
    ],
)
def test_readings_that_agree_surely_need_no_more_cuts(others: list[Transcript], settled: bool) -> None:
    assert is_settled([said("AB12", 0.5), *others]) is settled


def test_cuts_have_the_crops_size_and_show_it_closer_moved_and_from_further_off() -> None:
    crop: ImageBgr = np.zeros((64, 208, 3), np.uint8)
    crop[24:40, 92:116] = 255
    places = []
    for cut in (crop, *other_cuts(crop)):
        assert cut.shape == crop.shape
        assert cut.dtype == np.uint8
        rows, columns = np.nonzero(cut[..., 0] > 127)
        places.append((columns.mean(), rows.mean(), len(rows)))
    (x, y, size), larger, moved, smaller = places
    assert larger[2] > size > smaller[2]
    assert larger[:2] == pytest.approx((x, y), abs=1)
    assert smaller[:2] == pytest.approx((x, y), abs=1)
    assert (moved[0] > x + 2, moved[1] > y + 1) == (True, True)


def test_what_lies_outside_of_the_crop_repeats_its_edge() -> None:
    crop: ImageBgr = np.full((8, 20, 3), 77, np.uint8)
    assert all((cut == 77).all() for cut in other_cuts(crop))
