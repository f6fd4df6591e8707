from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from platewatch.vision.types import Character, Detection, Direction, Frame, Reading, Sighting, Transcript

TILTED = Detection(((2, 0), (12, 3), (11, 7), (1, 4)), 0.8)


def reading(text: str = "AB12CDE", brightness: int = 0) -> Reading:
    characters = tuple(Character(sign, 0.9) for sign in text)
    crop_bgr = np.full((4, 10, 3), brightness, dtype=np.uint8)
    return Reading(text, 0.9, characters, None, (), TILTED, crop_bgr)


def test_the_box_of_a_detection_is_the_upright_one_round_its_corners() -> None:
    assert TILTED.box_xyxy == (1, 0, 12, 7)


def test_the_text_of_a_transcript_is_that_of_its_characters() -> None:
    assert Transcript(()).text == ""
    assert Transcript((Character("A", 0.9), Character("1", 0.2))).text == "A1"


def test_a_reading_is_where_its_detection_is() -> None:
    assert reading().corners == TILTED.corners
    assert reading().box_xyxy == TILTED.box_xyxy


def test_readings_are_equal_by_what_they_say_and_not_by_their_pixels() -> None:
    assert reading(brightness=1) == reading(brightness=200)
    assert reading("AB12CDE") != reading("AB12CDF")
    assert "crop_bgr" not in repr(reading())


def test_a_sighting_of_one_photo_starts_and_ends_at_once() -> None:
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    sighting = Sighting("AB12CDE", 0.9, reading(), at, at)
    assert sighting.direction is Direction.UNKNOWN
    assert sighting.first_seen_at == sighting.last_seen_at


@pytest.mark.parametrize(
    "value",
    [
        TILTED,
        reading(),
        Character("A", 0.5),
        Transcript(()),
        Frame(np.zeros((1, 1, 3), dtype=np.uint8), "gate", 0, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_can_not_be_changed(value: Detection) -> None:
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)
