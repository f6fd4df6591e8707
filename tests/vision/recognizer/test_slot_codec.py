from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.recognizer.slot_codec import (
    ALPHABET,
    INPUT_HEIGHT,
    INPUT_WIDTH,
    NOTHING,
    SLOTS,
    SlotCodec,
    softmax,
    to_input,
)

CODEC = SlotCodec(ALPHABET, ("de", "us-ca"))


def logits_of(text: str, confidence: float = 9.0) -> np.ndarray:
    logits = np.zeros((SLOTS, CODEC.classes), np.float32)
    for slot, index in enumerate(CODEC.encode(text)):
        logits[slot, index] = confidence
    return logits


def test_no_character_of_the_alphabet_stands_twice() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET)


@pytest.mark.parametrize("text", ["", "A", "WM64UMA", "粤B12345", "ABCDEFGH1234"])
def test_what_is_encoded_is_decoded(text: str) -> None:
    transcript = CODEC.decode(logits_of(text))
    assert transcript.text == text
    assert all(character.confidence > 0.98 for character in transcript.characters)


@pytest.mark.parametrize("text", ["ABCDEFGHIJKLM", "ab", "A-B", "é"])
def test_a_text_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"more than|not in the alphabet"):
        CODEC.encode(text)


def test_an_empty_slot_between_characters_is_skipped() -> None:
    logits = logits_of("AB")
    logits[2], logits[1] = logits[1].copy(), logits[2].copy()
    assert CODEC.decode(logits).text == "AB"
    assert CODEC.encode("AB")[2:].tolist() == [NOTHING] * (SLOTS - 2)


def test_the_region_is_reported_for_plates_only() -> None:
    region = np.asarray([0.1, 3.0], np.float32)
    told = CODEC.decode(logits_of("AB12"), region)
    assert told.region == "us-ca"
    assert told.region_confidence == pytest.approx(1 / (1 + np.exp(-2.9)))
    for untold in (CODEC.decode(logits_of(""), region), CODEC.decode(logits_of("AB12"))):
        assert (untold.region, untold.region_confidence) == (None, None)


def test_probabilities_add_up_to_one_even_for_huge_logits() -> None:
    assert np.allclose(softmax(np.asarray([[1e4, 0, -1e4]], np.float32)).sum(), 1)


@pytest.mark.parametrize("shape", [(1, 1), (9, 1000), (600, 20), (64, 160)], ids=str)
def test_a_crop_of_any_size_fits_the_network(shape: tuple[int, int]) -> None:
    crop_bgr = np.full((*shape, 3), (0, 127, 255), np.uint8)
    shown = to_input(crop_bgr)
    assert shown.shape == (INPUT_HEIGHT, INPUT_WIDTH, 3)
    assert shown.dtype == np.uint8
    assert (shown == (0, 127, 255)).all()
