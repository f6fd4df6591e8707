"""Calibration of a network's logits to probabilities, the same in training and in serving.

A temperature evens out the slots (Guo et al., "On Calibration of Modern Neural Networks", 2017); a line through the
logits of the text's probability (Platt scaling) then makes up for slots that go wrong together.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.vision.inference.model_card import Joint
from platewatch.vision.recognizer.slot_codec import Logits, softmax

# Keeps logarithms finite; far beyond what any calibration set can tell apart.
_MAX_PROBABILITY: Final = 1 - 1e-9
_MIN_PROBABILITY: Final = 1e-9


def slot_probabilities(slot_logits: Logits, temperature: float) -> NDArray[np.float32]:
    """Probabilities along the last axis; a temperature above 1 makes them less sure."""
    return softmax(np.asarray(slot_logits / temperature, np.float32))


def plate_confidence(probability: float, slope: float, offset: float) -> float:
    """The calibrated probability that every character is right: the text's probability, moved along its logit."""
    return probability_of(slope * logit_of(probability) + offset)


def joint_confidence(found: float, read: float, joint: Joint) -> float:
    """The probability that this is a plate and every character is right, from both networks' scores."""
    return probability_of(joint.found * logit_of(found) + joint.read * logit_of(read) + joint.offset)


def logit_of(probability: float) -> float:
    """Finite also for 0 and 1."""
    bounded = min(max(probability, _MIN_PROBABILITY), _MAX_PROBABILITY)
    return math.log(bounded / (1 - bounded))


def probability_of(logit: float) -> float:
    """Of any finite logit, without overflow."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
