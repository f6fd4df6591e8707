"""Small photos and labels for the tests of the data tools."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from platewatch.datasets.types import ImageLabels, PlateLabel


def write_photo(path: Path, seed: int = 0, size: tuple[int, int] = (80, 60), noise: int = 0, share: float = 1) -> Path:
    """A photo of large spots by chance; one with the same seed and some noise is its near-duplicate.

    `share` of its light is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    spots = np.random.default_rng(seed).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC), np.int16)
    changed = image + np.random.default_rng(seed + 1000).integers(-noise, noise + 1, image.shape)
    Image.fromarray(np.clip(changed * share, 0, 255).astype(np.uint8)).save(path)
    return path


def labels_of(
    path: Path, *plates: PlateLabel, split: str | None = None, size: tuple[int, int] = (80, 60), seed: int = 0
) -> ImageLabels:
    """The photo, written, with its labels."""
    write_photo(path, seed, size)
    return ImageLabels(path.name, path, *size, plates=plates, split=split)


BOX = PlateLabel(box_xyxy=(10.0, 20.0, 42.0, 28.0), text="AB12", region="de")
QUAD = PlateLabel(corners=((10.0, 20.0), (42.5, 21.0), (42.0, 29.0), (9.0, 28.0)), text="京A12345")
BOTH = PlateLabel((8.0, 20.0, 42.0, 29.0), QUAD.corners, "XY 9", "us-ca")
TEXT = PlateLabel(text="ZZ99")
