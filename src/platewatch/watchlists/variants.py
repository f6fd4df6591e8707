"""Keys under which plates that differ by a few edits meet.

Two texts that are at most n edits apart have a text in common that both become by deleting at most n characters
(the symmetric deletion method of W. Garbe's SymSpell). Look-alikes are folded first, so they need no deletion.
"""

from __future__ import annotations

import hashlib
from itertools import combinations
from typing import Final

from platewatch.plates.matching import fold

MAX_TOLERANCE: Final = 2
PATTERN_KEY: Final = 0
"""The key of patterns, which have no other; so they can all be found."""
SPARE_CHARACTERS: Final = 3
"""A plate has at least so many characters more than its tolerance, or it would be like any other."""
_KEY_BYTES: Final = 8


def variant_keys(plate: str, tolerance: int) -> frozenset[int]:
    """Signed 64-bit keys; two plates with a distance of at most the smaller tolerance share one.

    Plates that share one may still be further apart: it is for the caller to measure.
    """
    folded = fold(plate)
    texts = {
        "".join(kept)
        for deleted in range(tolerance + 1)
        for kept in combinations(folded, max(0, len(folded) - deleted))
    }
    return frozenset(_key(text) for text in texts)


def _key(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=_KEY_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)
