"""From an uploaded photo to its readings, ready to be stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

import numpy as np

from platewatch.media.store import MediaStore, Staging
from platewatch.redaction import printable
from platewatch.vision.annotate import annotate
from platewatch.vision.image import EncodedImage, ImageLimits, encode_jpeg, open_image
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.pool import Readers
from platewatch.vision.types import Corners, ImageReadings

_NAMELESS: Final = "image"
_NO_PIXELS: Final = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Photo:
    """An uploaded image whose header is known to be fine, its name without control characters, and its SHA-256."""

    name: str
    image: EncodedImage
    digest: bytes

    @property
    def pixels(self) -> int:
        """How many pixels it has."""
        return self.image.width * self.image.height


@dataclass(frozen=True, slots=True)
class ReadPhoto:
    """A photo with what was read from it, and by what."""

    photo: Photo
    found: ImageReadings
    detector: str
    recognizer: str


@dataclass(frozen=True, slots=True)
class StagedPhoto:
    """A read photo whose picture and crops (in the order of the readings) are in the media store.

    The crops in `read` have no pixels any more.
    """

    read: ReadPhoto
    media_key: str
    byte_size: int
    crop_keys: tuple[str, ...]


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


def read_photo(readers: Readers, photo: Photo) -> ReadPhoto:
    """The plates of the photo.

    Raises:
        TruncatedImageError: the pixels end early or are damaged.
        BusyError: every reader is taken and the waiting line is full.
    """

    def read(reader: PlateReader) -> ReadPhoto:
        return ReadPhoto(photo, reader.read_image(photo.image), reader.detector_name, reader.recognizer_name)

    return readers.run(read)


def stage_photo(staging: Staging, read: ReadPhoto) -> StagedPhoto:
    """The photo with its images put into the media store. Stage all photos before the transaction begins.

    Raises:
        StorageError: the images can't be kept.
        BusyError: so many pixels are in memory that this photo has to wait too long.
    """
    jpeg = read.photo.image.stored_jpeg()
    media_key = staging.put(jpeg)
    crop_keys = tuple(staging.put(encode_jpeg(reading.crop_bgr)) for reading in read.found.readings)
    readings = tuple(replace(reading, crop_bgr=_NO_PIXELS) for reading in read.found.readings)
    read = replace(read, found=replace(read.found, readings=readings))
    return StagedPhoto(read, media_key, len(jpeg), crop_keys)


def annotated_jpeg(
    media: MediaStore, media_key: str, outlines: Sequence[tuple[Corners, str]], limits: ImageLimits
) -> bytes:
    """The stored photo as JPEG with the outlines and their texts.

    Raises:
        NotFoundError: the photo is not in the store any more.
        BusyError: so many pixels are in memory that this photo has to wait too long.
    """
    with open_image(media.get(media_key), limits).pixels() as image_bgr:
        return encode_jpeg(annotate(image_bgr, outlines))
