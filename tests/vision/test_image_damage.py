"""Whatever bytes come, the answer is an image or an ImageError: nothing else may reach the server."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from platewatch.errors import ImageError
from platewatch.vision.image import ImageLimits, open_image
from tests.vision.pictures import animated, encode, heic, jpeg_with_orientation, noise, png_16_bit, quarters

HEIC, AVIF = (b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00" + brand * 2 for brand in (b"heic", b"avif"))

LIMITS = ImageLimits(max_pixels=1_000_000)

WHOLE = {
    "jpeg": encode(quarters(), "JPEG"),
    "progressive jpeg": encode(noise(64, 48), "JPEG", progressive=True),
    "turned jpeg": jpeg_with_orientation(quarters(), 6),
    "cmyk jpeg": encode(quarters().convert("CMYK"), "JPEG"),
    "png": encode(quarters(), "PNG"),
    "palette png": encode(quarters().quantize(8), "PNG"),
    "animated png": animated("PNG"),
    "webp": encode(noise(64, 48), "WEBP"),
    "lossless webp": encode(quarters().convert("RGBA"), "WEBP", lossless=True),
    "bmp": encode(quarters(), "BMP"),
    "avif": encode(noise(64, 48), "AVIF", speed=10),
    "heic": heic(noise(64, 48)),
    "16-bit png": png_16_bit(np.asarray(noise(64, 48)).astype(np.uint16)),
    "small bmp": encode(Image.new("1", (9, 9)), "BMP"),
}


def flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_in_header(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(min(64, len(data)))] = chance.randrange(256)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def leave_out(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randint(1, 40)]


def put_in(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = chance.randbytes(chance.randint(1, 40))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("damage", [flip_bits, flip_in_header, cut, leave_out, put_in])
@pytest.mark.parametrize("kind", WHOLE)
def test_damaged_files_give_an_image_or_an_image_error(
    kind: str,
    damage: Callable[[bytearray, random.Random], None],
) -> None:
    chance = random.Random(f"{kind} {damage.__name__}")
    answers = {"image": 0, "error": 0}
    for _ in range(60):
        data = bytearray(WHOLE[kind])
        damage(data, chance)
        try:
            image = open_image(bytes(data), LIMITS)
            image_bgr = image.decode()
        except ImageError:
            answers["error"] += 1
        else:
            assert image_bgr.shape == (image.height, image.width, 3)
            answers["image"] += 1
    assert answers["error"] > 0 or damage is not cut


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "magic", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBP", b"BM", HEIC, AVIF, b""]
)
def test_noise_behind_a_right_start_is_an_image_error(magic: bytes) -> None:
    chance = random.Random(magic)
    for length in (0, 1, 5, 26, 54, 300):
        with pytest.raises(ImageError):
            open_image(magic + chance.randbytes(length), LIMITS).decode()
