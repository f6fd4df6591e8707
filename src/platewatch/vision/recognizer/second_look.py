"""A crop whose reading is unsure is cut a little differently a few times, and the readings vote.

Where one cut makes a 3 look like an 8, another doesn't: mistakes change with the cut, what is right stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from platewatch.vision.types import ImageBgr, Transcript

# A bound of 0.7 read fewer plates right, 0.95 the same: docs/tuning-log.md.
UNSURE: Final = 0.85
# These three read more crops right than one look, and than eight cuts: docs/tuning-log.md.
_CUTS: Final = (
    # magnified across and down, and moved to the right and down as shares of the crop
    (1.08, 1.12, 0.0, 0.0),
    (1.0, 1.0, -0.02, -0.03),
    (0.9, 0.8, 0.0, 0.0),
)
# As many crops are read right with a quarter fewer cuts: docs/tuning-log.md.
_SETTLED_LEAD: Final = 0.3
_ALTERNATIVES: Final = 4
_MIN_ALTERNATIVE: Final = 0.01


def other_cuts(crop_bgr: ImageBgr) -> list[ImageBgr]:
    """The crop closer, moved, and from further off: uint8 (H, W, 3) like itself.

    What lies outside of it repeats its edge.
    """
    height, width = crop_bgr.shape[:2]
    cuts = []
    for across, down, right, below in _CUTS:
        from_x, from_y = width * (0.5 + right), height * (0.5 + below)
        way = np.asarray([[across, 0, width / 2 - across * from_x], [0, down, height / 2 - down * from_y]], np.float32)
        cut = cv2.warpAffine(crop_bgr, way, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cuts.append(np.asarray(cut, np.uint8))
    return cuts


def is_settled(transcripts: Sequence[Transcript]) -> bool:
    """Whether what the readings say together is so far ahead of anything else that no more cuts are needed."""
    together = agreed(transcripts)
    closest = max((confidence for _, confidence in together.alternatives), default=0.0)
    return (together.confidence or 0.0) - closest >= _SETTLED_LEAD


def agreed(transcripts: Sequence[Transcript]) -> Transcript:
    """The transcript that the readings of all cuts of one crop vote for.

    Each gives its text and its alternatives as much as it is sure of them; the confidence is the mean of what the
    text got. Characters and region are those of the most confident reading with that text.
    """
    votes: dict[str, float] = defaultdict(float)
    for one in transcripts:
        if one.characters:
            votes[one.text] += one.confidence or 0.0
        for text, confidence in one.alternatives:
            votes[text] += confidence
    most_confident: dict[str, Transcript] = {}
    for one in sorted(transcripts, key=lambda one: one.confidence or 0.0):
        if one.characters:
            most_confident[one.text] = one
    if not most_confident:
        return transcripts[0]
    chosen = max(most_confident, key=lambda text: votes[text])
    count = len(transcripts)
    others = sorted((text for text in votes if text != chosen), key=lambda text: -votes[text])
    alternatives = [(text, votes[text] / count) for text in others[:_ALTERNATIVES]]
    return replace(
        most_confident[chosen],
        confidence=min(1.0, votes[chosen] / count),
        alternatives=tuple(pair for pair in alternatives if pair[1] >= _MIN_ALTERNATIVE),
    )
