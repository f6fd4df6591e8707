"""Photos that came in, opened and ready to be read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from platewatch.redaction import printable
from platewatch.vision.image import EncodedImage, ImageLimits, open_image
from platewatch.vision.types import ImageReadings

_NAMELESS: Final = "image"


@dataclass(frozen=True, slots=True)
class Photo:
    """An uploaded image whose header is known to be fine, its name without control characters, and its SHA-256."""

    name: str
    image: EncodedImage
    digest: bytes

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.image.width * self.image.height


@dataclass(frozen=True, slots=True)
class ReadPhoto:
    """A photo with its readings, and the names of the backends that read it."""

    photo: Photo
    found: ImageReadings
    detector: str
    recognizer: str


def open_photo(name: str | None, data: bytes, limits: ImageLimits) -> Photo:
    """The photo, its header checked; no pixel is decoded yet.

    Raises:
        ImageError: it can't be read; the message says why.
    """
    return Photo(_name(name), open_image(data, limits), hashlib.sha256(data).digest())


def open_upload(name: str | None, file: BinaryIO, limits: ImageLimits) -> Photo:
    """The photo in the file, its header checked. Its bytes stay in the file, which must be open while it is used.

    Raises:
        ImageError: it can't be read; the message says why.
    """

    def load() -> bytes:
        file.seek(0)
        # One byte more than allowed is enough to know that a file is too large.
        return file.read(limits.max_bytes + 1)

    data = load()
    return Photo(_name(name), open_image(data, limits, load), hashlib.sha256(data).digest())


def _name(sent: str | None) -> str:
    return printable(sent or "").strip() or _NAMELESS
