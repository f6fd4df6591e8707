"""Crops into the recognizer's network and its answers into text: the same code in training and in serving.

The network reads a crop as a fixed number of slots, one for each character from left to right and from the upper row
to the lower one; slots behind the last character say "nothing".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.vision.recognizer.regions import likely_region
from platewatch.vision.types import Character, ImageBgr, Transcript

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" + PROVINCES + "学警港澳挂领使"
"""The characters of the project's own recognizer. Class 0 of the network is "nothing", class n is ALPHABET[n - 1]."""
NOTHING: Final = 0
SLOTS: Final = 12
INPUT_WIDTH: Final = 160
INPUT_HEIGHT: Final = 64

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SlotCodec:
    """Texts to classes of slots, and probabilities of slots to transcripts."""

    alphabet: str
    regions: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        return len(self.alphabet) + 1

    def encode(self, text: str, slots: int = SLOTS) -> NDArray[np.int64]:
        """int64 (slots,): the class of each slot.

        Raises:
            ValueError: the text has more characters than there are slots, or one outside the alphabet.
        """
        if len(text) > slots:
            raise ValueError(f"{text!r} has more than {slots} characters.")
        known = _classes(self.alphabet)
        if unknown := set(text).difference(known):
            raise ValueError(f"{text!r} has characters that are not in the alphabet: {''.join(sorted(unknown))}.")
        return np.asarray([known[character] for character in text] + [NOTHING] * (slots - len(text)), np.int64)

    def decode(self, slot_logits: Logits, region_logits: Logits | None = None) -> Transcript:
        """The most probable text of one crop.

        Args:
            slot_logits: float32 (slots, classes), before softmax.
            region_logits: float32 (regions,), before softmax; None where the network gives no region.
        """
        probabilities = softmax(slot_logits)
        best = probabilities.argmax(axis=1)
        characters = tuple(
            Character(self.alphabet[index - 1], float(probabilities[slot, index]))
            for slot, index in enumerate(best.tolist())
            if index != NOTHING
        )
        if region_logits is None or not characters:
            return Transcript(characters)
        likely = likely_region(softmax(region_logits), self.regions)
        return Transcript(
            characters, likely.code if likely else None, region_confidence=likely.confidence if likely else None
        )


@lru_cache(maxsize=8)
def _classes(alphabet: str) -> dict[str, int]:
    return {character: place + 1 for place, character in enumerate(alphabet)}


def softmax(logits: Logits) -> NDArray[np.float32]:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def to_input(crop_bgr: ImageBgr, width: int = INPUT_WIDTH, height: int = INPUT_HEIGHT) -> NDArray[np.uint8]:
    """The crop stretched to the network's size: uint8 (height, width, 3), BGR."""
    shrinks = crop_bgr.shape[1] > width or crop_bgr.shape[0] > height
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop_bgr, (width, height), interpolation=way), np.uint8)
