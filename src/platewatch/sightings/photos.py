"""From an uploaded photo to its readings, ready to be stored."""

from __future__ import annotations

from dataclasses import dataclass

from platewatch.media.store import Staging
from platewatch.redaction import printable
from platewatch.vision.image import EncodedImage, ImageLimits, encode_jpeg, open_image
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.pool import Readers
from platewatch.vision.types import ImageReadings

_NAMELESS = "image"


@dataclass(frozen=True, slots=True)
class Photo:
    """An uploaded image whose header is known to be fine, and its name as sent, without control characters."""

    name: str
    image: EncodedImage


@dataclass(frozen=True, slots=True)
class ReadPhoto:
    """A photo with what was read from it, and by what."""

    photo: Photo
    found: ImageReadings
    detector: str
    recognizer: str


@dataclass(frozen=True, slots=True)
class StagedPhoto:
    """A read photo whose picture and crops (in the order of the readings) are in the media store."""

    read: ReadPhoto
    media_key: str
    byte_size: int
    crop_keys: tuple[str, ...]


def open_photo(name: str | None, data: bytes, limits: ImageLimits) -> Photo:
    """The photo, its header checked; no pixel is decoded yet.

    Raises:
        ImageError: it can't be read; the message says why.
    """
    return Photo(printable(name or "").strip() or _NAMELESS, open_image(data, limits))


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
    """
    jpeg = read.photo.image.stored_jpeg()
    media_key = staging.put(jpeg)
    crop_keys = tuple(staging.put(encode_jpeg(reading.crop_bgr)) for reading in read.found.readings)
    return StagedPhoto(read, media_key, len(jpeg), crop_keys)
