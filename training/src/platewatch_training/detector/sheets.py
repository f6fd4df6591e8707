"""Contact sheets of the detector: what it learns from, what it missed, and what it took for plates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from platewatch.errors import FieldError
from platewatch.vision.types import BoxXyxy, ImageBgr
from platewatch_training.datasets.photos import LabelledPhoto
from platewatch_training.detector.evaluate import Findings
from platewatch_training.synthesis.scenes import Scene

_TILE: Final = (200, 130)
_LINE_PX: Final = 16
_COLUMNS: Final = 8
_PAPER: Final = 40
_CONTEXT: Final = 1.6
"""The margin on each side of the box, as a share of its longer side."""
_SCENES_A_ROW: Final = 4
_FACE: Final = cv2.FONT_HERSHEY_SIMPLEX
_RED, _GREEN, _BLUE, _YELLOW = (0, 0, 255), (0, 255, 0), (255, 0, 0), (0, 255, 255)


def errors_sheet(
    path: Path, findings: Sequence[tuple[Findings, Sequence[LabelledPhoto]]], threshold: float, most: int = 96
) -> int:
    """Write the plates that were missed, then the most confident false ones, and return the number of tiles.

    Raises:
        FieldError: the picture can't be written.
    """
    missed, false = [], []
    for found, photos in findings:
        for plate in found.plates:
            if plate.score_50 < threshold:
                label = f"missed {plate.score_50:.2f} {plate.width:.0f}px {found.name}"
                missed.append(tile(photos[plate.photo].image_bgr, plate.box_xyxy, label))
        for wrong in found.false:
            if wrong.score >= threshold:
                image = photos[wrong.photo].image_bgr
                false.append((wrong.score, tile(image, wrong.box_xyxy, f"false {wrong.score:.2f} {found.name}")))
    false.sort(key=lambda pair: -pair[0])
    half = most // 2
    shown = missed[:: max(1, -(-len(missed) // half))] + [picture for _, picture in false[:half]]
    write_sheet(path, shown)
    return len(shown)


def scenes_sheet(path: Path, scenes: Sequence[Scene]) -> None:
    """Write scenes with boxes in red, corners in green, and what is ignored in blue; raises FieldError."""
    pictures = []
    for scene in scenes:
        picture = scene.picture_bgr.copy()
        for box in scene.ignored:
            _outline(picture, box, _BLUE)
        for plate in scene.plates:
            _outline(picture, plate.box_xyxy, _RED)
            if plate.corners is not None:
                cv2.polylines(picture, [np.round(plate.corners).astype(np.int32)], isClosed=True, color=_GREEN)
        pictures.append(picture)
    _write(path, pictures, _SCENES_A_ROW)


def write_sheet(path: Path, tiles: Sequence[ImageBgr]) -> None:
    """Write tiles of one size in rows; raises FieldError."""
    _write(path, tiles, _COLUMNS)


def tile(image_bgr: ImageBgr, box_xyxy: BoxXyxy, label: str) -> ImageBgr:
    """The box with what is round it, and a line of text below."""
    left, top, right, bottom = box_xyxy
    reach = _CONTEXT * max(right - left, bottom - top)
    height, width = image_bgr.shape[:2]
    x0, y0 = max(0, int(left - reach)), max(0, int(top - reach / 2))
    x1, y1 = min(width, int(right + reach) + 1), min(height, int(bottom + reach / 2) + 1)
    shown = image_bgr[y0:y1, x0:x1]
    scale = min(_TILE[0] / shown.shape[1], (_TILE[1] - _LINE_PX) / shown.shape[0])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    size = (max(1, int(shown.shape[1] * scale)), max(1, int(shown.shape[0] * scale)))
    shown = np.asarray(cv2.resize(shown, size, interpolation=way), np.uint8)
    _outline(shown, (np.asarray(box_xyxy) - (x0, y0, x0, y0)) * scale, _RED)
    picture: ImageBgr = np.full((_TILE[1], _TILE[0], 3), _PAPER, np.uint8)
    picture[: shown.shape[0], : shown.shape[1]] = shown
    cv2.putText(picture, label, (2, _TILE[1] - 4), _FACE, 0.36, _YELLOW, 1)
    return picture


def _outline(picture_bgr: ImageBgr, box_xyxy: Sequence[float] | np.ndarray, color: tuple[int, int, int]) -> None:
    left, top, right, bottom = (round(float(side)) for side in box_xyxy)
    cv2.rectangle(picture_bgr, (left, top), (right, bottom), color, 1)


def _write(path: Path, pictures: Sequence[ImageBgr], columns: int) -> None:
    filled = list(pictures) or [np.full((_TILE[1], _TILE[0], 3), _PAPER, np.uint8)]
    filled += [np.full_like(filled[0], _PAPER)] * (-len(filled) % columns)
    rows = [np.hstack(filled[index : index + columns]) for index in range(0, len(filled), columns)]
    try:
        done = cv2.imwrite(str(path), np.vstack(rows))
    except cv2.error:
        done = False
    if not done:
        raise FieldError("output", f"The sheet can't be written to {str(path)!r}. Name a .png or .jpg file.")
