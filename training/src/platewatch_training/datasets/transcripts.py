"""Texts of plates of `train/` whose labels have none: read by a recognizer, then each looked at and corrected by eye.

Left out is what two people would not read alike. Hearts, stars and seals between characters count for nothing. The
country is noted where the plate shows it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_FILE: Final = "transcripts.jsonl"


@dataclass(frozen=True, slots=True)
class PlateText:
    """A plate's text and its country, None where the plate does not show it."""

    text: str
    region: str | None = None


def transcript_of(source: str, plate: int) -> PlateText | None:
    """The transcript of the plate of that number in the photo `folder/image`; None where nobody has read it."""
    return _transcripts().get((source, plate))


@cache
def _transcripts() -> dict[tuple[str, int], PlateText]:
    lines = (files(__package__) / _FILE).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {(row["source"], row["plate"]): PlateText(row["text"], row.get("region")) for row in rows}
