"""A tiny YOLO export for the recognizer `char-yolo`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from tests.vision.networks import constant_network, with_metadata

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMES = str(dict(enumerate(SIGNS)))
SIDE = 64
CELLS = 84

CharacterBox: TypeAlias = tuple[str, tuple[float, float, float, float], float]
"""A sign, its box and its score."""


def write_character_model(path: Path, found: Sequence[CharacterBox], names: str | None = NAMES) -> Path:
    """An export (v8) that finds, in every picture, each sign at its box in pixels of the 64 x 64 input."""
    columns = np.zeros((1, 4 + len(SIGNS), CELLS), np.float32)
    for place, (sign, (left, top, right, bottom), score) in enumerate(found):
        columns[0, :4, place] = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
        columns[0, 4 + SIGNS.index(sign), place] = score
    network = constant_network(columns)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(network if names is None else with_metadata(network, names=names))
    return path


def row(text: str, top: float = 24, height: float = 12, left: float = 4) -> list[CharacterBox]:
    """Characters 6 wide, 8 apart, from left to right."""
    return [(sign, (left + 8 * place, top, left + 8 * place + 6, top + height), 0.9) for place, sign in enumerate(text)]
