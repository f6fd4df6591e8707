"""The memory that a kind of file takes for each pixel while it is decoded, compared with a plain one.

Measured at 50 megapixels, decoding and turning included: plain files take at most 10 bytes a pixel, which is where the
weight 1 comes from. A progressive JPEG of four inks takes 14, an AVIF of 12 bits with an alpha channel 17, a HEIC of 10
bits with one and colors in every pixel 21.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from platewatch.vision.photo_files import ImageFormat

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_HEAVY: Final = 2
_HEAVIEST: Final = 3
_PLAIN: Final = 1
_QUARTER_COLORS: Final = 420
_USUAL_DEPTH: Final = 8
# Version and marker, profile and level, then the flags that tell the pixels' depth and colors (AV1-ISOBMFF, 2.3.3).
_AV1_CONFIGURATION: Final = re.compile(rb"av1C\x81.(.)", re.DOTALL)
_HIGH_DEPTH: Final = 0x40
_MONOCHROME: Final = 0x10
_QUARTERED: Final = 0x0C


def weight_of(data: bytes, image_format: ImageFormat, header: ImageFile) -> int:
    """The number of plain pixels that each pixel of the file counts for: 1, 2 or 3."""
    if image_format is ImageFormat.AVIF:
        return _PLAIN if header.mode != "RGBA" and _is_plain_avif(data) else _HEAVY
    if image_format is ImageFormat.HEIF:
        return _weight_of_heic(header)
    return _HEAVY if header.mode == "CMYK" else _PLAIN


def _weight_of_heic(header: ImageFile) -> int:
    has_quarter_colors = header.info.get("chroma") == _QUARTER_COLORS
    if has_quarter_colors and header.mode in {"L", "RGB"}:
        return _PLAIN
    return _HEAVY if has_quarter_colors or header.info.get("bit_depth") == _USUAL_DEPTH else _HEAVIEST


def _is_plain_avif(data: bytes) -> bool:
    """Whether every part of the file has 8 bits and is gray, or has its colors for four pixels together."""
    flags = [found[1][0] for found in _AV1_CONFIGURATION.finditer(data)]
    return bool(flags) and not any(_is_large(flag) for flag in flags)


def _is_large(flags: int) -> bool:
    return bool(flags & _HIGH_DEPTH) or not (flags & _MONOCHROME or flags & _QUARTERED == _QUARTERED)
