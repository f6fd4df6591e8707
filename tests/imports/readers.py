"""Photos of one color, and a reader that takes the color for a plate."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from platewatch.vision.image import EncodedImage
from platewatch.vision.types import Character, Detection, ImageReadings, Reading
from tests.servers import BlindReader

BLACK = 0


class ColorReader(BlindReader):
    """Reads `AB12` and the red value of the photo, in tens and three digits; a black photo has no plate."""

    detector_name = recognizer_name = "color"

    def read_image(self, image: EncodedImage) -> ImageReadings:
        red = int(image.decode()[..., 2].mean().round(-1))  # JPEG is off by one here and there
        return ImageReadings(() if red == BLACK else (reading(f"AB12{red:03d}"),), image.width, image.height, 0.0)


def reading(text: str, confidence: float = 0.9) -> Reading:
    return Reading(
        text=text,
        confidence=confidence,
        characters=tuple(Character(sign, 0.9) for sign in text),
        region=None,
        alternatives=(),
        detection=Detection(corners=((1, 1), (20, 1), (20, 8), (1, 8)), confidence=0.9),
        crop_bgr=np.full((8, 20, 3), 128, np.uint8),
    )


def photo(red: int, taken: str | None = None, image_format: str = "JPEG") -> bytes:
    """A photo of 32 x 32 pixels, with the time at which it was taken."""
    buffer, exif = BytesIO(), Image.Exif()
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
    Image.new("RGB", (32, 32), (red, 0, 0)).save(buffer, image_format, quality=95, exif=exif.tobytes())
    return buffer.getvalue()
