"""The best plate of a picture that is a photo, or is itself cut out round a plate."""

from __future__ import annotations

from typing import Final

from platewatch.vision.geometry import box_area, corners_from_box
from platewatch.vision.image import EncodedImage
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.rectify import rectify
from platewatch.vision.types import Detection, ImageBgr, Reading

PHOTO_SHARE: Final = 0.2
"""A plate that takes less than this share of the picture shows that the picture is a photo and not a crop."""
_LOWEST_CROP_RATIO: Final = 0.6
_HIGHEST_CROP_RATIO: Final = 9.0
"""Width by height of plates, from square ones on motorcycles to the longest, with some room."""


def read_best(reader: PlateReader, image: EncodedImage) -> Reading | None:
    """The most confident plate; None if there is none.

    Raises:
        TruncatedImageError: the pixels end early or are damaged.
    """
    with image.pixels() as image_bgr:
        found = reader.read_array(image_bgr).readings
        best = found[0] if found else None
        if best is not None and _share(best, image) < PHOTO_SHARE:
            return best
        whole = _read_as_crop(reader, image_bgr)
    if best is None or whole is None:
        return best or whole
    # Of a crop the detector may find one half of two; as a whole it has all characters.
    return max(best, whole, key=lambda reading: (len(reading.text) * reading.confidence, reading.confidence))


def _read_as_crop(reader: PlateReader, image_bgr: ImageBgr) -> Reading | None:
    """The reading of the whole picture as a plate; None if it doesn't look like one."""
    height, width = image_bgr.shape[:2]
    if not _LOWEST_CROP_RATIO <= width / height <= _HIGHEST_CROP_RATIO:
        return None
    corners = corners_from_box((0.0, 0.0, float(width), float(height)))
    reading = reader.read_crop(rectify(image_bgr, Detection(corners, 1.0)))
    return reading if reading.text and reading.confidence >= reader.min_confidence else None


def _share(reading: Reading, image: EncodedImage) -> float:
    return box_area(reading.box_xyxy) / (image.width * image.height)
