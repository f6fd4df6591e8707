"""Images and encoded files that the tests of vision and of the command share."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SAMPLES = Path(__file__).parents[2] / "samples"


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """RGB: red top left, green top right, blue bottom left, white bottom right."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = (255, 255, 255)
    return Image.fromarray(pixels)


def sign(text: str, width: int, height: int) -> Image.Image:
    """RGB: black letters in the middle of a white sign, filling two thirds of its height."""
    image = Image.new("RGB", (width, height), "white")
    font = ImageFont.load_default(height * 0.7)
    ImageDraw.Draw(image).text((width / 2, height / 2), text, fill="black", font=font, anchor="mm")
    return image


def noise(width: int, height: int) -> Image.Image:
    """RGB noise, which no format packs well."""
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8))


def encode(image: Image.Image, image_format: str, **options: object) -> bytes:
    """The file's bytes."""
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def jpeg_with_orientation(upright: Image.Image, orientation: int) -> bytes:
    """A JPEG that shows `upright` once its EXIF orientation is applied."""
    return turned(upright, orientation, "JPEG", quality=97, subsampling=0)


def turned(upright: Image.Image, orientation: int, image_format: str, **options: object) -> bytes:
    """A file that shows `upright` once its orientation is applied."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright if orientation == 1 else upright.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    if image_format == "HEIF":
        # HEIF has its own note of the orientation, which the writer makes of the picture's EXIF block.
        pillow_heif.register_heif_opener()
        stored.info["exif"] = exif.tobytes()
        return encode(stored, image_format, **options)
    return encode(stored, image_format, exif=exif, **options)


def heic(image: Image.Image, **options: object) -> bytes:
    """The picture as a phone writes it."""
    pillow_heif.register_heif_opener()
    return encode(image, "HEIF", **options)


def animated(image_format: str) -> bytes:
    """Two different frames in one file."""
    frames = [quarters(), noise(64, 48)]
    return encode(frames[0], image_format, save_all=True, append_images=frames[1:], duration=100)


def png(width: int, height: int, rows: bytes, *, bits: int = 8, color_type: int = 2) -> bytes:
    """A PNG built by hand: `rows` are the packed pixels, each row with its filter byte."""
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def png_bomb(width: int = 10_000, height: int = 6_000) -> bytes:
    """A small file of 60 megapixels."""
    return png(width, height, bytes((width + 1) * height), color_type=0)


def png_16_bit(values: NDArray[np.uint16]) -> bytes:
    """A 16-bit PNG: gray for (H, W), with alpha for (H, W, 2), RGB for (H, W, 3), with alpha for (H, W, 4)."""
    height, width = values.shape[:2]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in values)
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[values.shape[2] if values.ndim == 3 else 1]
    return png(width, height, rows, bits=16, color_type=color_type)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
