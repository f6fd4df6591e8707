"""Readers that find what a test wants, without models."""

from __future__ import annotations

from platewatch.vision.image import EncodedImage
from platewatch.vision.types import ImageReadings
from tests.imports.readers import reading
from tests.servers import BlindReader


class CertainReader(BlindReader):
    """Reads the plate of its text in every photo, with its confidence."""

    detector_name = recognizer_name = "certain"

    def __init__(self) -> None:
        """Load nothing."""
        self.text = "AB12CDE"
        self.confidence = 0.9

    def read_image(self, image: EncodedImage) -> ImageReadings:
        found = (reading(self.text, self.confidence),) if self.text else ()
        return ImageReadings(found, image.width, image.height, 0.0)
