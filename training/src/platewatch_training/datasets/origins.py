"""Regions of plates of `train/` that show their state or country, found by eye where the labels have none."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Final

_FILE: Final = "origins.jsonl"


def origin_of(source: str, plate: int) -> str | None:
    """The region of the plate of that number in the photo `folder/image`; None where nobody has looked."""
    return _origins().get((source, plate))


@cache
def _origins() -> dict[tuple[str, int], str]:
    lines = (files(__package__) / _FILE).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {(row["source"], row["plate"]): row["region"] for row in rows}
