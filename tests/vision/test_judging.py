"""What becomes of one transcript."""

from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.geometry import corners_from_box
from platewatch.vision.inference.model_card import Joint
from platewatch.vision.judging import judge
from platewatch.vision.types import Character, Crop, Detection, Transcript


def judged(text: str, confidence: float = 1.0) -> tuple[str, float, tuple[tuple[str, float], ...]]:
    crop = Crop(np.zeros((10, 40, 3), dtype=np.uint8), Detection(corners_from_box((0, 0, 40, 10)), 1.0))
    reading = judge(crop, Transcript(tuple(Character(sign_, confidence) for sign_ in text)))
    return reading.text, reading.confidence, reading.alternatives


def test_the_text_is_normalized_and_as_sure_as_its_characters() -> None:
    text, confidence, alternatives = judged("wm-64 uma", 0.8)
    assert (text, alternatives) == ("WM64UMA", ())
    assert confidence == pytest.approx(0.8)


def test_settled_lookalikes_keep_the_text_as_it_was_read() -> None:
    text, confidence, alternatives = judged("VI2LAF")
    assert text == "V12LAF"
    ((as_read, its_confidence),) = alternatives
    assert as_read == "VI2LAF"
    assert its_confidence == pytest.approx(0.8)
    assert 0.8 < confidence < 1


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        pytest.param("MEGANE", 0.7, id="letters alone"),
        pytest.param("0BCD1", 0.7, id="built like no known plate"),
        pytest.param("7", 0.0, id="too short for a plate"),
        pytest.param("", 0.0, id="nothing"),
    ],
)
def test_a_recognizer_that_knows_plates_is_taken_at_its_word(text: str, confidence: float) -> None:
    characters = tuple(Character(sign_, 0.9) for sign_ in text)
    told = Transcript(characters, "de", (("OTHER1", 0.1),), confidence=0.7, region_confidence=0.6)
    crop = Crop(np.zeros((2, 2, 3), np.uint8), Detection(corners_from_box((0, 0, 2, 2)), 1.0))
    reading = judge(crop, told)
    assert (reading.text, reading.confidence, reading.region) == (text, confidence, "de")
    assert reading.region_confidence == 0.6
    assert reading.alternatives == (("OTHER1", 0.1),)


@pytest.mark.parametrize("confidence", [None, 0.7], ids=["any text", "plates alone"])
@pytest.mark.parametrize(
    ("region_confidence", "told"), [(None, True), (1.0, True), (0.4, True), (0.399, False), (0.0, False)], ids=str
)
def test_a_region_that_is_too_unsure_is_not_told(
    confidence: float | None, region_confidence: float | None, told: bool
) -> None:
    characters = tuple(Character(sign_, 0.9) for sign_ in "AB12CDE")
    transcript = Transcript(characters, "de", confidence=confidence, region_confidence=region_confidence)
    crop = Crop(np.zeros((2, 2, 3), np.uint8), Detection(corners_from_box((0, 0, 2, 2)), 1.0))
    reading = judge(crop, transcript)
    assert (reading.region, reading.region_confidence) == (("de", region_confidence) if told else (None, None))


def test_a_detectors_score_counts_where_it_is_known_what_it_says() -> None:
    joint = Joint(found=0.5, read=1.0, offset=-0.2)
    told = Transcript(tuple(Character(sign_, 0.9) for sign_ in "AB12CDE"), confidence=0.7)
    confidences = []
    for score in (0.1, 0.5, 0.9):
        crop = Crop(np.zeros((2, 2, 3), np.uint8), Detection(corners_from_box((0, 0, 2, 2)), score))
        confidences.append(judge(crop, told, joint).confidence)
    assert confidences == sorted(confidences)
    assert confidences[1] == pytest.approx(1 / (1 + np.exp(-(np.log(0.7 / 0.3) - 0.2))))


def test_a_makers_name_is_no_plate_beside_a_detector_that_proposes_generously() -> None:
    crop = Crop(np.zeros((10, 40, 3), np.uint8), Detection(corners_from_box((0, 0, 40, 10)), 0.9))
    badge, plate = (
        Transcript(tuple(Character(one, 0.9) for one in text), confidence=0.9) for text in ("N155AN", "NH55AN")
    )
    joint = Joint(found=0.5, read=0.5, offset=0.0)
    assert judge(crop, badge, joint).confidence < 0.1
    assert judge(crop, plate, joint).confidence > 0.8
    assert judge(crop, badge).confidence == 0.9


@pytest.mark.parametrize("text", ["", "---"])
def test_no_text_is_no_plate(text: str) -> None:
    assert judged(text) == ("", 0.0, ())


def test_a_character_in_doubt_costs_confidence_but_more_of_a_plate_beats_less() -> None:
    assert judged("WM64UMA", 0.5)[1] < judged("WM64UMA", 0.9)[1]
    assert judged("WM64UMA", 0.9)[1] > judged("WM64", 0.9)[1]
