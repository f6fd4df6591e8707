"""Makes a reading of a crop and its transcript: text, confidence and region."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from platewatch.plates.likeness import lettering_weight, plate_likeness, settle_lookalikes
from platewatch.plates.text import MAX_LENGTH, MIN_LENGTH, reading_key
from platewatch.vision.inference.model_card import Joint
from platewatch.vision.recognizer.calibration import joint_confidence
from platewatch.vision.recognizer.regions import MIN_REPORTED
from platewatch.vision.types import Character, Crop, Reading, Transcript

# A row of a two-row plate is often built like a plate of its own; a tenth ahead is enough for the whole to win.
_LENGTH_BONUS: Final = 0.02
# A text with settled look-alikes is a little less sure than one that was read so.
_SETTLED: Final = 0.95


def judge(crop: Crop, transcript: Transcript, joint: Joint | None = None) -> Reading:
    """The reading of one crop; its confidence is the joint one of its characters and of its likeness to a plate.

    Where I and 1 or O and 0 were settled by a known format, the text as it was read is the first alternative.
    A region that the recognizer is too unsure of is left out.
    A recognizer that gives a confidence knows plates itself: its text is taken as it is, and its confidence too,
    unless a detector's score is known to say more (`joint`).
    """
    if transcript.confidence is not None:
        return _judge_by_itself(crop, transcript, transcript.confidence, joint)
    as_read = normalize_characters(transcript.characters)
    read_text = "".join(character.text for character in as_read)
    text = settle_lookalikes(read_text)
    characters = tuple(replace(character, text=sign) for character, sign in zip(as_read, text, strict=True))
    likeness = plate_likeness(transcript.text)
    confidence = _joint_confidence(characters, likeness)
    alternatives = transcript.alternatives
    if text != read_text:
        alternatives = ((read_text, confidence), *alternatives)
        confidence = max(confidence, _SETTLED * _joint_confidence(characters, max(likeness, plate_likeness(text))))
    region, region_confidence = reported_region(transcript)
    return Reading(
        text=text,
        confidence=confidence,
        characters=characters,
        region=region,
        alternatives=alternatives,
        detection=crop.detection,
        crop_bgr=crop.image_bgr,
        region_confidence=region_confidence,
    )


def _judge_by_itself(crop: Crop, transcript: Transcript, confidence: float, joint: Joint | None) -> Reading:
    characters = normalize_characters(transcript.characters)
    text = "".join(character.text for character in characters)
    if joint is not None:
        confidence = joint_confidence(crop.detection.confidence, confidence, joint) * lettering_weight(text)
    region, region_confidence = reported_region(transcript)
    return Reading(
        text=text,
        confidence=confidence if MIN_LENGTH <= len(characters) <= MAX_LENGTH else 0.0,
        characters=characters,
        region=region,
        alternatives=transcript.alternatives,
        detection=crop.detection,
        crop_bgr=crop.image_bgr,
        region_confidence=region_confidence,
    )


def reported_region(transcript: Transcript) -> tuple[str | None, float | None]:
    """The region and how sure it is; none where that is too unsure."""
    is_sure = transcript.region_confidence is None or transcript.region_confidence >= MIN_REPORTED
    return (transcript.region, transcript.region_confidence) if is_sure else (None, None)


def joint_score(reading: Reading, transcript: Transcript) -> float:
    """The key for comparing overlapping readings: of two about as confident, the longer holds more of the plate."""
    confidence = reading.confidence
    if transcript.confidence is not None:
        # The chance that every character is right falls with their number, and half a plate has fewer.
        confidence **= 1 / len(reading.text)
    return confidence * (1 + _LENGTH_BONUS * len(reading.text))


def _joint_confidence(characters: Sequence[Character], likeness: float) -> float:
    """Likeness x the geometric mean of the characters' confidences.

    The mean, not the product: that would prefer the half of a plate to the whole.
    """
    if not characters or likeness <= 0:
        return 0.0
    logs = [math.log(max(character.confidence, 1e-6)) for character in characters]
    return likeness * math.exp(sum(logs) / len(logs))


def normalize_characters(characters: tuple[Character, ...]) -> tuple[Character, ...]:
    """The characters of the reading's key, each with its confidence."""
    return tuple(
        Character(sign, character.confidence) for character in characters for sign in reading_key(character.text)
    )
