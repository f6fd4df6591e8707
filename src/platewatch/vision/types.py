"""The pipeline's data: frames, detections, crops, readings.

Coordinates are pixels of the upright image (EXIF orientation applied), x to the right, y down. Images are
uint8 (H, W, 3) in BGR order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

ImageBgr: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W, 3), BGR."""

BoxXyxy: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Point: TypeAlias = tuple[float, float]
Corners: TypeAlias = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom right, bottom left of the plate itself (not of the picture)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One image with its source, index and capture time (aware UTC)."""

    image_bgr: ImageBgr
    camera_id: str
    index: int
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class Detection:
    """The place of a plate in one image. `confidence` is in 0..1."""

    corners: Corners
    confidence: float

    @property
    def box_xyxy(self) -> BoxXyxy:
        """The upright box round the corners."""
        xs = [x for x, _ in self.corners]
        ys = [y for _, y in self.corners]
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class Crop:
    """The rectified plate image, at the photo's full resolution, and where it was cut."""

    image_bgr: ImageBgr
    detection: Detection


@dataclass(frozen=True, slots=True)
class Character:
    """One character as read. `confidence` is in 0..1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """A recognizer's reading of one crop: characters from left to right, rows from top to bottom.

    No characters means that the crop holds no text. `region` is an ISO 3166 code, lower case, with the state
    after a hyphen where it is known (`us-ca`), or None; `region_confidence` (0..1) is how sure that is, None without a
    region and from a recognizer that doesn't give it. `alternatives` are other texts with their confidence.
    `confidence` (0..1) is how sure a recognizer made for plates is that this is one and that every character is
    right; None from a reader of any text, where it is judged by what the text is like. `guessed_regions` are the
    probable regions by the recognizer's own looks, before the text is known, each with its probability.
    """

    characters: tuple[Character, ...]
    region: str | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    confidence: float | None = None
    region_confidence: float | None = None
    guessed_regions: tuple[tuple[str, float], ...] = ()

    @property
    def text(self) -> str:
        return "".join(character.text for character in self.characters)


@dataclass(frozen=True, slots=True)
class Reading:
    """One plate of one image: its text and where it is.

    `text` is upper case without separators; `confidence` (0..1) says how sure it is that this is a plate and that
    every character is right. `region` and `region_confidence` are those of the transcript, None where it is too unsure
    (`regions.MIN_REPORTED`). `crop_bgr` is the rectified plate.
    """

    text: str
    confidence: float
    characters: tuple[Character, ...]
    region: str | None
    alternatives: tuple[tuple[str, float], ...]
    detection: Detection
    crop_bgr: ImageBgr = field(repr=False, compare=False)
    region_confidence: float | None = None

    @property
    def corners(self) -> Corners:
        return self.detection.corners

    @property
    def box_xyxy(self) -> BoxXyxy:
        return self.detection.box_xyxy


@dataclass(frozen=True, slots=True)
class ImageReadings:
    """Everything read from one image: `readings` by falling confidence, sizes in pixels of the upright image."""

    readings: tuple[Reading, ...]
    width: int
    height: int
    duration_ms: float


class Direction(StrEnum):
    """The direction in which a vehicle passed a camera."""

    ENTERING = "entering"
    LEAVING = "leaving"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One pass of one vehicle: the voted text and the frame that shows it best.

    `text` and `confidence` are the vote over all frames; the times are aware UTC, equal for a single photo.
    """

    text: str
    confidence: float
    best: Reading
    first_seen_at: datetime
    last_seen_at: datetime
    direction: Direction = Direction.UNKNOWN
