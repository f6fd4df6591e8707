"""A crop that may hold two rows, for recognizers of single lines: cut it, read all, keep the likelier plate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from platewatch.plates.likeness import plate_likeness
from platewatch.vision.image import to_gray
from platewatch.vision.judging import normalize_characters
from platewatch.vision.types import Character, ImageBgr, Transcript

# Below this width : height a crop may hold two rows; one-row plates are 3 to 5 wide, US ones cut to their line too.
_TWO_ROW_ASPECT: Final = 2.2
_VALLEY_BAND: Final = (0.3, 0.7)


def split_rows(crop_bgr: ImageBgr) -> list[ImageBgr]:
    """The crop, and its upper and lower row if it may have two."""
    height, width = crop_bgr.shape[:2]
    if width >= _TWO_ROW_ASPECT * height or height < 2 * len(_VALLEY_BAND):
        return [crop_bgr]
    cut = _valley(crop_bgr)
    return [crop_bgr, crop_bgr[:cut], crop_bgr[cut:]]


def _valley(crop_bgr: ImageBgr) -> int:
    """The line between two rows: where brightness changes least from left to right."""
    gray = to_gray(crop_bgr).astype(np.float32)
    change = np.abs(np.diff(gray, axis=1)).mean(axis=1) if gray.shape[1] > 1 else np.zeros(len(gray))
    smooth = np.convolve(change, np.ones(3) / 3, mode="same")
    start, stop = (round(share * len(smooth)) for share in _VALLEY_BAND)
    return start + int(np.argmin(smooth[start : max(stop, start + 1)]))


def best_transcript(read: Sequence[tuple[Character, ...]]) -> Transcript:
    """The likelier transcript of what `split_rows` gave, each line read: the whole crop, or its rows together."""
    whole, *halves = read
    stacked = tuple(character for half in halves for character in half)
    return Transcript(max((whole, stacked), key=_score))


def _score(characters: tuple[Character, ...]) -> float:
    kept = normalize_characters(characters)
    if not kept:
        return 0.0
    mean = sum(character.confidence for character in kept) / len(kept)
    return mean * plate_likeness("".join(character.text for character in characters))
