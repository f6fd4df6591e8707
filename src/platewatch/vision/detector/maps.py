"""Photos into the detector's network and its answers into detections: the same code in training and in serving.

The network looks at a canvas in which the photo lies and answers with a map for each stride. Each cell of a map says
how sure it is that a plate is near, and where: its middle, its size and its four corners.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.vision.geometry import clip_corners
from platewatch.vision.types import BoxXyxy, Detection, ImageBgr

STRIDES: Final = (8, 16, 32)
CHANNELS: Final = 13
"""Of a map: the score's logit, the middle (x, y), the size's logarithm (width, height), four corners (x, y)."""
LONGEST_SIDE: Final = 640
PADDING_GRAY: Final = 114

_COARSEST: Final = STRIDES[-1]
# A plate of 1 x 1 pixel in the finest map, and one of 2,000 pixels in the coarsest.
LOG_SIZES: Final = (-2.1, 4.2)
_MAX_CANDIDATES: Final = 300
_MIN_SPAN: Final = 1e-3

Map = NDArray[np.float32]
"""float32 (13, rows, columns), as the network gives it."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """The placement of an image in the network's input: scaled, then moved."""

    scale: float
    left: float
    top: float

    def to_image(self, box_xyxy: BoxXyxy, width: int, height: int) -> BoxXyxy:
        """The box in pixels of the image, kept inside it."""
        left, top, right, bottom = box_xyxy
        return (
            min(max((left - self.left) / self.scale, 0.0), width),
            min(max((top - self.top) / self.scale, 0.0), height),
            min(max((right - self.left) / self.scale, 0.0), width),
            min(max((bottom - self.top) / self.scale, 0.0), height),
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """The proposals of the maps, in pixels of the canvas or of an image.

    `scores` float32 (N,), 0..1; `boxes_xyxy` float32 (N, 4); `corners` float32 (N, 4, 2).
    """

    scores: NDArray[np.float32]
    boxes_xyxy: NDArray[np.float32]
    corners: NDArray[np.float32]

    @staticmethod
    def joined(parts: Sequence[Candidates]) -> Candidates:
        """All of them; of none, none."""
        return Candidates(
            np.concatenate([_NONE.scores, *(one.scores for one in parts)]),
            np.concatenate([_NONE.boxes_xyxy, *(one.boxes_xyxy for one in parts)]),
            np.concatenate([_NONE.corners, *(one.corners for one in parts)]),
        )

    def in_image(self, lies: Letterbox) -> Candidates:
        """The same in pixels of the image that lies so in the canvas."""
        offset = np.asarray((lies.left, lies.top), np.float32)
        boxes = (self.boxes_xyxy.reshape(-1, 2, 2) - offset) / np.float32(lies.scale)
        return Candidates(self.scores, boxes.reshape(-1, 4), (self.corners - offset) / np.float32(lies.scale))

    def take(self, chosen: Sequence[int] | NDArray[np.intp]) -> Candidates:
        """Only the chosen ones, in that order."""
        which = np.asarray(chosen, np.intp)
        return Candidates(self.scores[which], self.boxes_xyxy[which], self.corners[which])


_NONE: Final = Candidates(np.empty(0, np.float32), np.empty((0, 4), np.float32), np.empty((0, 4, 2), np.float32))


def canvas_size(width: int, height: int, longest_side: int = LONGEST_SIDE) -> tuple[int, int]:
    """Width and height of the smallest canvas in which the photo is `longest_side` long: whole cells of every map."""
    scale = longest_side / max(width, height)
    return _whole_cells(width * scale), _whole_cells(height * scale)


def letterbox(image_bgr: ImageBgr, width: int, height: int) -> tuple[ImageBgr, Letterbox]:
    """The image scaled into the middle of a gray canvas of that size, and how it lies there."""
    image_height, image_width = image_bgr.shape[:2]
    scale = min(width / image_width, height / image_height)
    new_width, new_height = max(1, round(image_width * scale)), max(1, round(image_height * scale))
    left, top = (width - new_width) // 2, (height - new_height) // 2
    canvas = np.full((height, width, 3), PADDING_GRAY, dtype=np.uint8)
    canvas[top : top + new_height, left : left + new_width] = scaled(image_bgr, new_width, new_height)
    return canvas, Letterbox(scale, left, top)


def scaled(image_bgr: ImageBgr, width: int, height: int) -> ImageBgr:
    """The image at that size: halved while it is at least twice as large, so that no pixel is passed over.

    Averaging pixels in one go, for any ratio, takes up to ten times as long.
    """
    while image_bgr.shape[1] >= 2 * width and image_bgr.shape[0] >= 2 * height:
        image_bgr = _sample(image_bgr, image_bgr.shape[1] // 2, image_bgr.shape[0] // 2)
    return _sample(image_bgr, width, height)


def halved(image_bgr: ImageBgr, longest_side: int) -> tuple[ImageBgr, float]:
    """The image halved while it stays at least that long, and its scale."""
    full_width = image_bgr.shape[1]
    while max(image_bgr.shape[:2]) >= 2 * longest_side and min(image_bgr.shape[:2]) > 1:
        image_bgr = _sample(image_bgr, image_bgr.shape[1] // 2, image_bgr.shape[0] // 2)
    return image_bgr, image_bgr.shape[1] / full_width


def decode(maps: Sequence[Map], min_score: float) -> Candidates:
    """The boxes of cells of at least that score, the most confident first, before suppression of overlaps."""
    everything = Candidates.joined([_decode_map(*pair, min_score) for pair in zip(maps, STRIDES, strict=True)])
    return everything.take(np.argsort(-everything.scores, kind="stable")[:_MAX_CANDIDATES])


def suppress(candidates: Candidates, max_iou: float) -> Candidates:
    """The boxes that overlap no more confident one by over `max_iou`."""
    if not len(candidates.scores):
        return candidates
    sizes = candidates.boxes_xyxy[:, 2:] - candidates.boxes_xyxy[:, :2]
    rectangles = np.concatenate([candidates.boxes_xyxy[:, :2], sizes], axis=1)
    kept = cv2.dnn.NMSBoxes(rectangles.tolist(), candidates.scores.tolist(), 0.0, max_iou)
    return candidates.take(np.asarray(kept, np.intp).reshape(-1))


def to_detections(candidates: Candidates, width: int, height: int) -> list[Detection]:
    """Candidates in pixels of a photo of that size as detections; those that are wholly outside of it are left out."""
    corners = fit_corners(candidates.corners, candidates.boxes_xyxy).tolist()
    found = []
    for score, four in zip(candidates.scores.tolist(), corners, strict=True):
        one, two, three, last = (tuple(point) for point in four)
        detection = Detection(clip_corners((one, two, three, last), width, height), min(1.0, score))
        left, top, right, bottom = detection.box_xyxy
        if right > left and bottom > top:
            found.append(detection)
    return found


def fit_corners(corners: NDArray[np.float32], boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    """The quads stretched so that each touches all sides of its box.

    Boxes are learned from every plate, corners from few: the box says where the plate is, the corners how it is turned.

    Args:
        corners: float32 (N, 4, 2).
        boxes_xyxy: float32 (N, 4).
    """
    low, high = corners.min(axis=1, keepdims=True), corners.max(axis=1, keepdims=True)
    share = (corners - low) / np.maximum(high - low, _MIN_SPAN)
    start, end = boxes_xyxy[:, None, :2], boxes_xyxy[:, None, 2:]
    return np.asarray(start + share * (end - start), np.float32)


def _decode_map(answers: Map, stride: int, min_score: float) -> Candidates:
    rows, columns = np.nonzero(answers[0] >= _logit(min_score))
    if not len(rows):
        return _NONE
    chosen = answers[:, rows, columns].T
    cells = np.stack([columns, rows], axis=1).astype(np.float32) + np.float32(0.5)
    middles = (cells + chosen[:, 1:3]) * stride
    halves = np.exp(np.clip(chosen[:, 3:5], *LOG_SIZES)) * (stride / 2)
    boxes = np.concatenate([middles - halves, middles + halves], axis=1)
    upright = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    corners = upright + chosen[:, 5:].reshape(-1, 4, 2) * (2 * halves)[:, None]
    scores = 1 / (1 + np.exp(-chosen[:, 0]))
    return Candidates(scores.astype(np.float32), boxes, corners.astype(np.float32))


def _sample(image_bgr: ImageBgr, width: int, height: int) -> ImageBgr:
    return np.asarray(cv2.resize(image_bgr, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _logit(share: float) -> float:
    if share <= 0:
        return -math.inf
    return math.inf if share >= 1 else math.log(share / (1 - share))


def _whole_cells(length: float) -> int:
    return max(1, math.ceil(round(length) / _COARSEST)) * _COARSEST
