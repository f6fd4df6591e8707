"""Several recognizers that vote on each character.

Texts are laid side by side by their edits, as in ROVER (Fiscus, 1997), around the one that is most like the others. In
each column a recognizer votes with its confidence in its character, or for "nothing here".
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from platewatch.errors import ModelFileError
from platewatch.plates.matching import edit_distance
from platewatch.vision.inference.registry import BackendKind, BackendOptions, choices, make_recognizer, require_ready
from platewatch.vision.inference.traits import RecognizerTraits, recognizer_traits
from platewatch.vision.judging import judge
from platewatch.vision.types import Character, Crop, Reading, Transcript

NAME: Final = "ensemble"
_FEWEST: Final = 2
_MAX_RECOGNIZERS: Final = 5
_NOTHING: Final = ""


@dataclass(frozen=True, slots=True)
class _Vote:
    """One recognizer's vote for one column: a character or nothing, with its weight."""

    sign: str
    weight: float


class EnsembleRecognizer:
    """Reads each crop with all its members and keeps what most of the confidence is for.

    Raises:
        ModelFileError: Fewer than two or more than five members, or the ensemble itself among them.
        ModelError: A member can't be used.
    """

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if every member is ready.

        Raises:
            ModelError: PLATEWATCH_ENSEMBLE can't be used, or a member.
        """
        names = options.ensemble
        if not _FEWEST <= len(set(names)) == len(names) <= _MAX_RECOGNIZERS or NAME in names:
            raise ModelFileError(
                f"The recognizer 'ensemble' takes {_FEWEST} to {_MAX_RECOGNIZERS} different recognizers other than "
                f"itself, not {', '.join(names) or 'none'}. Set PLATEWATCH_ENSEMBLE, for example to "
                "`platewatch,rapidocr`.",
            )
        known = choices(BackendKind.RECOGNIZER, options.models)
        for name in names:
            if name not in known:
                raise ModelFileError(f"PLATEWATCH_ENSEMBLE names {name!r}, which is no recognizer. Choose another one.")
            require_ready(BackendKind.RECOGNIZER, name, options)

    def __init__(self, options: BackendOptions) -> None:
        self.require_ready(options)
        self._members = [make_recognizer(name, options) for name in options.ensemble]
        traits = [recognizer_traits(member) for member in self._members]
        self.traits = RecognizerTraits(max(one.padding_px for one in traits), max(one.margin for one in traits))

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order; its confidence is what all members together have in it."""
        by_member = [member.recognize(crops) for member in self._members]
        return [
            vote([judge(crop, transcript) for transcript in transcripts])
            for crop, *transcripts in zip(crops, *by_member, strict=True)
        ]

    def warm_up(self) -> None:
        """Warm up all members."""
        for member in self._members:
            member.warm_up()


def vote(readings: Sequence[Reading]) -> Transcript:
    """The reading that the recognizers' readings of one crop agree on.

    A reading's confidence is how sure it is of the whole; its vote in a column is that, shared out by how sure it is of
    each character. One that read nothing votes for nothing everywhere, with the mean weight of the others.
    """
    answers = [reading for reading in readings if reading.text and reading.confidence > 0]
    if not answers:
        return Transcript((), confidence=0.0)
    pivot = _most_like_the_others(answers)
    columns = _columns(pivot, answers)
    silence = (len(readings) - len(answers)) * sum(one.confidence for one in answers) / len(answers)
    won = [_winner(column, silence, len(readings)) for column in columns]
    characters = tuple(character for character in won if character.text != _NOTHING)
    text = "".join(character.text for character in characters)
    region, region_confidence = _region(answers) if characters else (None, None)
    others = {one.text: one.confidence for one in sorted(answers, key=_confidence_of) if one.text != text}
    return Transcript(
        characters,
        region=region,
        alternatives=tuple(sorted(others.items(), key=lambda other: -other[1])),
        confidence=_geometric_mean([character.confidence for character in characters]),
        region_confidence=region_confidence,
    )


def _most_like_the_others(answers: Sequence[Reading]) -> Reading:
    """The reading with the least edits to the others, weighed by their confidence; of equals the most confident."""

    def price(one: Reading) -> tuple[float, float]:
        edits = sum(other.confidence * edit_distance(one.text, other.text) for other in answers)
        return edits, -one.confidence

    return min(answers, key=price)


def _columns(pivot: Reading, answers: Sequence[Reading]) -> list[list[_Vote]]:
    """A column for each character of the pivot, and one before each and after the last for what others have there."""
    columns: list[list[_Vote]] = [[] for _ in range(2 * len(pivot.text) + 1)]
    for reading in answers:
        for column, cast in zip(columns, _ballot(pivot.text, reading), strict=True):
            column.append(cast)
    return columns


def _ballot(pivot: str, reading: Reading) -> list[_Vote]:
    """One vote a column; of several characters between two of the pivot's only the last one counts."""
    votes = [_Vote(_NOTHING, reading.confidence)] * (2 * len(pivot) + 1)
    weights = _weights(reading)
    for column, place in _align(pivot, reading.text):
        votes[column] = _Vote(reading.text[place], weights[place])
    return votes


def _weights(reading: Reading) -> list[float]:
    """The reading's confidence for each character, higher for the characters that it is more confident of."""
    mean = _geometric_mean([character.confidence for character in reading.characters])
    if mean <= 0:
        return [reading.confidence] * len(reading.text)
    return [min(1.0, reading.confidence * character.confidence / mean) for character in reading.characters]


def _align(pivot: str, text: str) -> list[tuple[int, int]]:
    """Pairs of a column and the place in `text` of the character that belongs there (Wagner and Fischer's method)."""
    costs = [[float(row + column) for column in range(len(text) + 1)] for row in range(len(pivot) + 1)]
    for row, sign in enumerate(pivot, 1):
        for column, other in enumerate(text, 1):
            replaced = costs[row - 1][column - 1] + edit_distance(sign, other)
            costs[row][column] = min(replaced, costs[row - 1][column] + 1, costs[row][column - 1] + 1)
    pairs = []
    row, column = len(pivot), len(text)
    while column:
        cost = costs[row][column]
        if row and cost == costs[row - 1][column - 1] + edit_distance(pivot[row - 1], text[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((2 * row + 1, column))
        elif row and cost == costs[row - 1][column] + 1:
            row -= 1
        else:
            column -= 1
            pairs.append((2 * row, column))
    return pairs


def _winner(column: Sequence[_Vote], silence: float, voters: int) -> Character:
    """The character (or nothing) with most weight, and its share of what all voters together could give."""
    weights: dict[str, float] = defaultdict(float)
    weights[_NOTHING] = silence
    for cast in column:
        weights[cast.sign] += cast.weight
    # Of equal weights the first one, so that the result doesn't hang on the order of a set.
    sign = max(weights, key=lambda one: (weights[one], one != _NOTHING))
    return Character(sign, min(1.0, weights[sign] / voters))


def _region(answers: Sequence[Reading]) -> tuple[str | None, float | None]:
    """The region with most weight, and its share of the weight of all regions; None without confidences.

    A member's vote is its reading's confidence, times its region's confidence where it gives one.
    """
    with_region = [reading for reading in answers if reading.region is not None]
    weights: dict[str | None, float] = defaultdict(float)
    for reading in with_region:
        weights[reading.region] += reading.confidence * _sure_of_region(reading)
    region = max(weights, key=lambda one: weights[one], default=None)
    if all(reading.region_confidence is None for reading in with_region if reading.region == region):
        return region, None
    return region, min(1.0, weights[region] / sum(reading.confidence for reading in with_region))


def _sure_of_region(reading: Reading) -> float:
    return 1.0 if reading.region_confidence is None else reading.region_confidence


def _confidence_of(reading: Reading) -> float:
    return reading.confidence


def _geometric_mean(confidences: Sequence[float]) -> float:
    if not confidences:
        return 0.0
    return math.exp(sum(math.log(max(confidence, 1e-6)) for confidence in confidences) / len(confidences))
