"""The headers of image files: which format, how large, how turned, without decoding a pixel."""

from __future__ import annotations

import struct
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Final, cast

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from platewatch.errors import HeicNotReadError, NotAnImageError, TruncatedImageError, UnsupportedImageError
from platewatch.vision.photo_files import ImageFormat, format_of
from platewatch.vision.png import exif_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

_ORIENTATION_TAG: Final = 0x0112
_WEBP_HEADER_BYTES: Final = 30
_WEBP_ANIMATION_FLAG: Final = 0x02

# What Pillow's decoders raise on damaged files; each plugin has its own habit.
DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, RuntimeError, struct.error)


def _open_heif(file: BytesIO) -> ImageFile:
    """The header of a HEIC or HEIF file, by the package of the extra `heic`, which then reads its EXIF too."""
    try:
        plugin = import_module("pillow_heif.as_plugin")
    except ImportError as error:
        raise HeicNotReadError from error
    plugin.register_heif_opener()
    return cast("ImageFile", plugin.HeifImageFile(file))


_OPENERS: Final[dict[ImageFormat, Callable[[BytesIO], ImageFile]]] = {
    ImageFormat.JPEG: JpegImageFile,
    ImageFormat.PNG: PngImageFile,
    ImageFormat.WEBP: WebPImageFile,
    ImageFormat.BMP: BmpImageFile,
    ImageFormat.AVIF: AvifImageFile,
    ImageFormat.HEIF: _open_heif,
}


def open_header(data: bytes, image_format: ImageFormat) -> ImageFile:
    """Pillow's image of the file, whose pixels are not decoded yet; raises one of DAMAGE or UnsupportedImageError."""
    return _OPENERS[image_format](BytesIO(data))


def sniff(data: bytes) -> ImageFormat:
    """The format of the file.

    Raises:
        NotAnImageError: It is in no known image format.
        UnsupportedImageError: It is in one that is not read.
    """
    found = format_of(data[:64])
    if isinstance(found, ImageFormat):
        return found
    if found is None:
        raise NotAnImageError
    raise UnsupportedImageError(f"{found} images are not read. Send the picture (one frame) as a JPEG or PNG file.")


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height as the header says (RFC 9649, sections 2.5 to 2.7)."""
    if len(data) < _WEBP_HEADER_BYTES:
        raise TruncatedImageError
    kind = data[12:16]
    if kind == b"VP8X":
        if data[20] & _WEBP_ANIMATION_FLAG:
            raise UnsupportedImageError("The image is animated. Send one frame of it as a JPEG or PNG file.")
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def orientation_of(data: bytes, image_format: ImageFormat, header: ImageFile) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) where the file has none."""
    try:
        if image_format is ImageFormat.PNG:
            # Pillow decodes the whole picture to find the block behind it.
            tags = Image.Exif()
            tags.load(exif_of(data))
        else:
            tags = header.getexif()
        value = tags.get(_ORIENTATION_TAG, 1)
    except DAMAGE:
        # A photo whose EXIF block is damaged still shows its plate.
        return 1
    return value if isinstance(value, int) and value in range(1, 9) else 1
