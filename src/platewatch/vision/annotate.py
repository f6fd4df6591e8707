"""Pictures with their plates outlined and named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from platewatch.vision.geometry import box_from_corners
from platewatch.vision.image import check_array, from_pillow
from platewatch.vision.types import Corners, ImageBgr

_OUTLINE_RGB: Final = (0, 220, 90)
_LABEL_RGB: Final = (10, 30, 20)
# Shares of the picture's longer side.
_LINE_SHARE: Final = 1 / 300
_LETTER_SHARE: Final = 1 / 36
_MIN_LETTER_PX: Final = 12

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def annotate(image_bgr: ImageBgr, plates: Sequence[tuple[Corners, str]]) -> ImageBgr:
    """A copy with each plate outlined and its text on a label above it (below where there is no room).

    Lines and letters grow with the picture, and a label never leaves it. Pillow's built-in font draws Latin letters
    and digits; any other character (a Chinese province) is drawn as "?" unless a system font that has it is found.
    Only the labels pass through Pillow, which takes five times the memory of an array.
    """
    picture = check_array(image_bgr).copy()
    height, width = picture.shape[:2]
    longer_side = max(height, width)
    line_width = max(1, round(longer_side * _LINE_SHARE))
    letter_px = max(_MIN_LETTER_PX, round(longer_side * _LETTER_SHARE))
    for corners, text in plates:
        outline = np.asarray([(round(x), round(y)) for x, y in corners], np.int32)
        cv2.polylines(picture, [outline], isClosed=True, color=_OUTLINE_RGB[::-1], thickness=line_width)
        if text:
            _draw_label(picture, corners, text, letter_px)
    return picture


def _draw_label(picture: ImageBgr, corners: Corners, text: str, letter_px: int) -> None:
    label = _label(text, letter_px)
    height, width = (min(*pair) for pair in zip(label.shape[:2], picture.shape[:2], strict=True))
    plate_left, plate_top, _, plate_bottom = box_from_corners(corners)
    padding = max(2, letter_px // 4)
    x = round(max(0, min(plate_left, picture.shape[1] - width)))
    above = plate_top - label.shape[0] - padding
    y = round(above if above >= 0 else max(0, min(plate_bottom + padding, picture.shape[0] - height)))
    picture[y : y + height, x : x + width] = label[:height, :width]


def _label(text: str, letter_px: int) -> ImageBgr:
    """The text on a colored ground."""
    font, drawable = _font_for(text, letter_px)
    padding = max(2, letter_px // 4)
    left, top, right, bottom = font.getbbox(drawable)
    size = (math.ceil(right - left) + 2 * padding + 1, math.ceil(bottom - top) + 2 * padding + 1)
    label = Image.new("RGB", size, _OUTLINE_RGB)
    ImageDraw.Draw(label).text((padding - left, padding - top), drawable, fill=_LABEL_RGB, font=font)
    return from_pillow(label)


def _font_for(text: str, letter_px: int) -> tuple[_Font, str]:
    """A font, and the text as that font can draw it."""
    if text.isascii():
        return _latin_font(letter_px), text
    chinese = _chinese_font(letter_px)
    if chinese is not None:
        return chinese, text
    return _latin_font(letter_px), "".join(sign if sign.isascii() else "?" for sign in text)


@cache
def _latin_font(letter_px: int) -> _Font:
    return ImageFont.load_default(letter_px)


@cache
def _chinese_font(letter_px: int) -> _Font | None:
    for name in (
        "NotoSansCJK-Regular.ttc",
        "wqy-microhei.ttc",
        "DroidSansFallbackFull.ttf",
        "msyh.ttc",
        "PingFang.ttc",
    ):
        try:
            return ImageFont.truetype(name, letter_px)
        except OSError:
            continue
    return None
