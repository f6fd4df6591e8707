"""Scores over time steps to characters (connectionist temporal classification)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from platewatch.vision.types import Character

BLANK = 0
"""The class that means "no new character here"."""


def decode_greedy(probabilities: NDArray[np.float32], alphabet: Sequence[str]) -> tuple[Character, ...]:
    """The most likely characters; a character's confidence is its highest probability among its steps.

    Args:
        probabilities: (steps, classes), rows sum to 1; class 0 is the blank.
        alphabet: The character of class i + 1.
    """
    best = probabilities.argmax(axis=1)
    characters: list[Character] = []
    previous = BLANK
    for step, label in enumerate(best):
        probability = float(probabilities[step, label])
        if label == BLANK:
            previous = BLANK
            continue
        if label == previous:
            last = characters[-1]
            characters[-1] = Character(last.text, max(last.confidence, probability))
        else:
            characters.append(Character(alphabet[label - 1], probability))
        previous = int(label)
    return tuple(characters)
