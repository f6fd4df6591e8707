"""Pictures of photos that were read, put into the media store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from platewatch.media.store import MediaStore, Staging
from platewatch.reading.photos import ReadPhoto
from platewatch.vision.annotate import annotate
from platewatch.vision.image import ImageLimits, encode_jpeg, open_image
from platewatch.vision.types import Corners

_NO_PIXELS: Final = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class StagedPhoto:
    """A read photo whose picture and crops (in the order of the readings) are in the media store.

    The crops in `read` have no pixels any more.
    """

    read: ReadPhoto
    media_key: str
    byte_size: int
    crop_keys: tuple[str, ...]


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
