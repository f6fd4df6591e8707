"""Texts of plates of `train/` whose labels have none: read by a recognizer, then each looked at and corrected by eye.

Left out is what two people would not read alike. Hearts, stars and seals between characters count for nothing.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Final

_FILE: Final = "transcripts.jsonl"


def transcript_of(source: str, plate: int) -> str | None:
    """The text of the plate of that number in the photo `folder/image`; None where nobody has read it."""
    return _transcripts().get((source, plate))


@cache
def _transcripts() -> dict[tuple[str, int], str]:
    lines = (files(__package__) / _FILE).read_text(encoding="utf-8").splitlines()
    return {(row["source"], row["plate"]): row["text"] for row in map(json.loads, lines)}
