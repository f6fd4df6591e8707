"""Contact sheets: what is rendered, to be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from platewatch.errors import FieldError
from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.plates import draw_plate
from platewatch_training.synthesis.samples import Sample, SampleSource

_TILE: Final = (220, 110)
_LINE_PX: Final = 18
_COLUMNS: Final = 8
_PAPER: Final = 40


def sheet(path: Path, *, count: int, seed: int, region: str | None, folder: Path | None, clean: bool) -> None:
    """Write a picture of samples with their texts.

    Raises:
        FieldError: no layout has the region, or the picture can't be written.
    """
    layouts = [layout for layout in load_layouts(folder) if region is None or layout.region.startswith(region)]
    if not layouts:
        raise FieldError("region", f"No layout has the region {region!r}.")
    if clean:
        rng = np.random.default_rng(seed)
        plates = [draw_plate(layouts[index % len(layouts)], rng, 1.0) for index in range(count)]
        samples = [
            Sample(np.clip(plate.picture, 0, 255).astype(np.uint8), plate.text, plate.region, plate.layout)
            for plate in plates
        ]
    else:
        source = SampleSource(layouts, seed=seed)
        samples = [source.next() for _ in range(count)]
    tiles = [_tile(sample) for sample in samples]
    tiles += [np.full_like(tiles[0], _PAPER)] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[index : index + _COLUMNS]) for index in range(0, len(tiles), _COLUMNS)]
    if not cv2.imwrite(str(path), np.vstack(rows)):
        raise FieldError("output", f"The sheet can't be written to {str(path)!r}. Name a .png or .jpg file.")


def _tile(sample: Sample) -> ImageBgr:
    width, height = _TILE
    crop = sample.crop_bgr
    scale = min(width / crop.shape[1], (height - _LINE_PX) / crop.shape[0])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    shown = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=way)
    tile = np.full((height, width, 3), _PAPER, np.uint8)
    tile[: shown.shape[0], : shown.shape[1]] = shown
    ascii_text = sample.text.encode("ascii", "replace").decode()
    label = f"{ascii_text or '(nothing)'} {sample.layout} {crop.shape[1]}"
    cv2.putText(tile, label, (2, height - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 255, 255), 1)
    return tile
