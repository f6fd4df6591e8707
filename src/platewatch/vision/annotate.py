"""Pictures with their plates outlined and named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from platewatch.vision.geometry import box_from_corners
from platewatch.vision.image import check_array, from_pillow, to_rgb
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
    """
    picture = Image.fromarray(to_rgb(check_array(image_bgr)))
    draw = ImageDraw.Draw(picture)
    longer_side = max(picture.size)
    line_width = max(1, round(longer_side * _LINE_SHARE))
    letter_px = max(_MIN_LETTER_PX, round(longer_side * _LETTER_SHARE))
    for corners, text in plates:
        draw.polygon(list(corners), outline=_OUTLINE_RGB, width=line_width)
        if text:
            _draw_label(draw, picture.size, corners, text, letter_px)
    return from_pillow(picture)


def _draw_label(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    corners: Corners,
    text: str,
    letter_px: int,
) -> None:
    font, drawable = _font_for(text, letter_px)
    padding = max(2, letter_px // 4)
    left, top, right, bottom = draw.textbbox((0, 0), drawable, font=font)
    width, height = right - left + 2 * padding, bottom - top + 2 * padding
    plate_left, plate_top, _, plate_bottom = box_from_corners(corners)
    x = max(0, min(plate_left, size[0] - width))
    above = plate_top - height - padding
    y = above if above >= 0 else max(0, min(plate_bottom + padding, size[1] - height))
    draw.rectangle((x, y, x + width, y + height), fill=_OUTLINE_RGB)
    draw.text((x + padding - left, y + padding - top), drawable, fill=_LABEL_RGB, font=font)


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
