"""Photos that show nearly the same, found by where brightness rises between the cells of a grid (difference hash)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.vision.image import to_gray
from platewatch.vision.types import ImageBgr

SIDE: Final = 16
# Of 256 bits; at 48 some pairs show different plates: docs/tuning-log.md.
MAX_DIFFERENT: Final = 40

Hash = NDArray[np.uint64]
"""uint64 (4,), 256 bits."""


def difference_hash(image_bgr: ImageBgr) -> Hash:
    """The photo's 256 bits."""
    small = cv2.resize(to_gray(image_bgr), (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1]).view(np.uint64)


def similar_pairs(hashes: Sequence[Hash], most_different: int = MAX_DIFFERENT) -> Iterator[tuple[int, int]]:
    """Pairs of indices whose hashes differ in at most so many bits, each pair once.

    Each is compared with all after it: 3 s for 10,000 photos.
    """
    packed = np.stack(hashes) if hashes else np.empty((0, 4), np.uint64)
    for index in range(len(packed) - 1):
        differing = np.bitwise_count(packed[index + 1 :] ^ packed[index]).sum(axis=1)
        for offset in np.flatnonzero(differing <= most_different):
            yield index, index + 1 + int(offset)
