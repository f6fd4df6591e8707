from __future__ import annotations

import dataclasses
import subprocess
import sys
import tracemalloc
import weakref
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from platewatch.errors import (
    BusyError,
    EmptyImageError,
    ImageError,
    ImageTooLargeError,
    NotAnImageError,
    TruncatedImageError,
    UnsupportedImageError,
)
from platewatch.vision.image import (
    EncodedImage,
    ImageLimits,
    check_array,
    encode_jpeg,
    from_pillow,
    open_image,
    to_gray,
    to_rgb,
)
from platewatch.vision.turns import Turns
from tests.vision.pictures import (
    animated,
    encode,
    heic,
    jpeg_with_orientation,
    noise,
    png_16_bit,
    png_bomb,
    quarters,
    turned,
)

RED_BGR, GREEN_BGR, BLUE_BGR, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)
LOSSLESS: dict[str, Any] = {"lossless": True, "exact": True}


def assert_shows_quarters(image: EncodedImage, tolerance: int = 12) -> None:
    image_bgr = image.decode()
    height, width = image_bgr.shape[:2]
    assert (width, height) == (image.width, image.height) == (64, 48)
    assert image_bgr.dtype == np.uint8
    for (x, y), color in {(16, 12): RED_BGR, (48, 12): GREEN_BGR, (16, 36): BLUE_BGR, (48, 36): WHITE}.items():
        assert np.abs(image_bgr[y, x].astype(int) - color).max() <= tolerance, (x, y)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(quarters(), "JPEG", quality=95), id="jpeg"),
        pytest.param(encode(quarters(), "JPEG", quality=95, progressive=True), id="progressive jpeg"),
        pytest.param(encode(quarters(), "PNG"), id="png"),
        pytest.param(encode(quarters().quantize(8), "PNG"), id="palette png"),
        pytest.param(encode(quarters().convert("RGBA"), "PNG"), id="opaque rgba png"),
        pytest.param(encode(quarters(), "WEBP", lossless=True), id="lossless webp"),
        pytest.param(encode(quarters(), "WEBP", quality=95), id="lossy webp"),
        pytest.param(encode(quarters().convert("RGBA"), "WEBP", lossless=True), id="webp with alpha"),
        pytest.param(encode(quarters(), "BMP"), id="bmp"),
        pytest.param(png_16_bit(np.asarray(quarters()).astype(np.uint16) * 257), id="16-bit rgb png"),
        pytest.param(encode(quarters(), "AVIF", quality=95), id="avif"),
        pytest.param(encode(quarters().convert("RGBA"), "AVIF", quality=95), id="avif with alpha"),
        pytest.param(heic(quarters(), quality=95), id="heic"),
    ],
)
def test_every_kind_of_file_shows_the_same_colors(data: bytes) -> None:
    # A lossy WebP halves the color resolution, which bleeds a little into the middle of small quarters.
    assert_shows_quarters(open_image(data), tolerance=24)


def test_a_phone_jpeg_with_a_second_picture_shows_the_first() -> None:
    both = encode(quarters(), "MPO", quality=95, save_all=True, append_images=[noise(64, 48)])
    assert_shows_quarters(open_image(both), tolerance=24)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_few_colors_become_bgr(mode: str) -> None:
    half = Image.new("RGB", (8, 4), "black")
    half.paste("white", (4, 0, 8, 4))
    image_bgr = open_image(encode(half.convert(mode), "PNG")).decode()
    assert image_bgr[:, :4].max() == 0
    assert image_bgr[:, 4:].min() == 255


def test_a_cmyk_jpeg_keeps_light_light_and_dark_dark() -> None:
    image_bgr = open_image(encode(quarters().convert("CMYK"), "JPEG", quality=95)).decode()
    assert image_bgr[36, 48].min() > 240
    assert image_bgr[12, 16].argmax() == 2
    assert image_bgr[36, 16].argmax() == 0


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_grayscale_image_becomes_three_equal_channels(image_format: str) -> None:
    gray = Image.fromarray(np.full((8, 16), 90, dtype=np.uint8))
    image_bgr = open_image(encode(gray, image_format)).decode()
    assert image_bgr.shape == (8, 16, 3)
    assert np.abs(image_bgr.astype(int) - 90).max() <= 2


def test_a_16_bit_gray_image_keeps_its_upper_bits() -> None:
    values = np.array([[0, 255, 256, 32768, 65535]], dtype=np.uint16)
    image_bgr = open_image(png_16_bit(values)).decode()
    assert image_bgr[0, :, 0].tolist() == [0, 0, 1, 128, 255]


@pytest.mark.parametrize("channels", [1, 2, 3, 4], ids=["gray", "gray with alpha", "color", "color with alpha"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_16_bit_png_is_scaled_by_the_bits_that_are_used(bits: int, channels: int) -> None:
    expected = np.arange(256, dtype=np.uint16).reshape(16, 16)
    values = np.repeat((expected << (bits - 8))[..., np.newaxis], channels, axis=2)
    if channels in {2, 4}:
        values[..., -1] = 65535
    image_bgr = open_image(png_16_bit(values[..., 0] if channels == 1 else values)).decode()
    assert np.array_equal(image_bgr, np.repeat(expected[..., np.newaxis], 3, axis=2))


def test_colors_of_few_bits_keep_their_order_and_transparent_ones_become_white() -> None:
    values = np.zeros((1, 3, 4), np.uint16)
    values[0, 0] = (1023, 0, 512, 65535)
    values[0, 1] = (0, 1023, 0, 65535)
    image_bgr = open_image(png_16_bit(values)).decode()
    assert image_bgr[0].tolist() == [[128, 0, 255], [0, 255, 0], [255, 255, 255]]


def test_16_bits_are_scaled_without_wider_numbers() -> None:
    values = np.full((1000, 1000), 1023, np.uint16)
    data = png_16_bit(values)
    open_image(data).decode()
    tracemalloc.start()
    open_image(data).decode()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The values, the scaled ones, three channels of those; int64 alone would be 8 million.
    assert peak < 7_000_000


@pytest.mark.parametrize(
    "transparent",
    [
        pytest.param(encode(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG"), id="rgba"),
        pytest.param(encode(Image.new("LA", (4, 4), (0, 0)), "PNG"), id="gray with alpha"),
        pytest.param(encode(Image.new("P", (4, 4), 0), "PNG", transparency=0), id="palette with a transparent color"),
        pytest.param(encode(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "WEBP", lossless=True), id="webp"),
    ],
)
def test_what_is_transparent_becomes_white(transparent: bytes) -> None:
    assert open_image(transparent).decode().min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    image = open_image(jpeg_with_orientation(quarters(), orientation))
    assert_shows_quarters(image)
    assert image.orientation == orientation


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_in_every_format_and_stored_pictures_have_none(
    image_format: str, orientation: int
) -> None:
    options = {"lossless": True} if image_format == "WEBP" else {"quality": 98}
    image = open_image(turned(quarters(), orientation, image_format, **options))
    assert_shows_quarters(image, tolerance=24)
    with Image.open(BytesIO(image.stored_jpeg())) as stored:
        assert (stored.format, stored.size, dict(stored.getexif())) == ("JPEG", (64, 48), {})


def test_png_orientation_is_known_without_decoding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(_: object) -> None:
        raise AssertionError

    data = turned(quarters(), 6, "PNG")
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", decoded)
    assert (open_image(data).orientation, open_image(data).width) == (6, 64)


def test_an_orientation_outside_1_to_8_is_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert_shows_quarters(open_image(encode(quarters(), "JPEG", quality=97, subsampling=0, exif=exif)))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_exif_block_does_not_hide_the_picture() -> None:
    data = encode(quarters(), "JPEG", quality=97, subsampling=0, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert_shows_quarters(open_image(data))


@pytest.mark.parametrize(
    ("data", "error", "hint"),
    [
        pytest.param(b"", EmptyImageError, "0 bytes", id="0 bytes"),
        pytest.param(b"hello, I am a text", NotAnImageError, "JPEG", id="text"),
        pytest.param(b"%PDF-1.7 ....", NotAnImageError, "JPEG", id="pdf"),
        pytest.param(b"\x00", NotAnImageError, "JPEG", id="one byte"),
        pytest.param(b"\xff\xd8\xff\xe0", TruncatedImageError, "cut short", id="jpeg start only"),
        pytest.param(b"\x89PNG\r\n\x1a\n", TruncatedImageError, "cut short", id="png start only"),
        pytest.param(b"RIFF\x00\x00\x00\x00WEBP", TruncatedImageError, "cut short", id="webp start only"),
        pytest.param(b"BM", TruncatedImageError, "cut short", id="bmp start only"),
        pytest.param(animated("GIF"), UnsupportedImageError, "one frame", id="animated gif"),
        pytest.param(animated("WEBP"), UnsupportedImageError, "one frame", id="animated webp"),
        pytest.param(animated("PNG"), UnsupportedImageError, "one frame", id="animated png"),
        pytest.param(encode(quarters(), "GIF"), UnsupportedImageError, "GIF", id="gif"),
        pytest.param(encode(quarters(), "TIFF"), UnsupportedImageError, "TIFF", id="tiff"),
        pytest.param(encode(Image.new("RGB", (8, 8)), "JPEG2000"), UnsupportedImageError, "JPEG 2000", id="jpeg 2000"),
        pytest.param(b"\xff\x0a\x00\x00", UnsupportedImageError, "JPEG XL", id="jpeg xl"),
        pytest.param(b"\x00\x00\x00\x18ftypcrx \x00\x00", UnsupportedImageError, "Camera raw", id="raw"),
        pytest.param(b"\x00\x00\x00\x18ftypisom\x00\x00", NotAnImageError, "JPEG", id="video"),
        pytest.param(b"\x00\x00\x00\x18ftypheic\x00\x00", TruncatedImageError, "cut short", id="heic start only"),
        pytest.param(b"\x00\x00\x00\x18ftypavif\x00\x00", TruncatedImageError, "cut short", id="avif start only"),
        pytest.param(animated("AVIF"), UnsupportedImageError, "one frame", id="animated avif"),
        pytest.param(png_bomb(), ImageTooLargeError, "60.0 megapixels", id="60-megapixel bomb"),
        pytest.param(png_bomb(200_000, 1_000), ImageTooLargeError, "200.0 megapixels", id="200-megapixel bomb"),
        pytest.param(b"\xff\xd8\xff" + bytes(17 * 1024 * 1024), ImageTooLargeError, "more than 16 MB", id="17 MB"),
    ],
)
def test_bad_input_is_refused_on_opening_with_what_to_do(data: bytes, error: type[ImageError], hint: str) -> None:
    with pytest.raises(error, match=hint):
        open_image(data)


@pytest.mark.parametrize("image_format", ["AVIF", "HEIF"])
def test_pixels_of_phones_formats_are_counted_before_they_are_decoded(image_format: str) -> None:
    data = turned(Image.new("RGB", (1100, 1000)), 6, image_format)
    tracemalloc.start()
    with pytest.raises(ImageTooLargeError, match=r"1\.1 megapixels, the limit is 1\."):
        open_image(data, ImageLimits(max_pixels=1_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"VP8X" + bytes(8) + (16383).to_bytes(3, "little") * 2, id="extended"),
        pytest.param(
            b"VP8L" + bytes(4) + b"/" + (0x3FFF << 14 | 0x3FFF).to_bytes(4, "little") + bytes(9), id="lossless"
        ),
        pytest.param(b"VP8 " + bytes(4) + bytes(6) + b"\xff\x3f\xff\x3f", id="lossy"),
    ],
)
def test_a_webp_header_is_judged_before_its_canvas_is_made(header: bytes) -> None:
    with pytest.raises(ImageTooLargeError, match=r"268\.[34] megapixels"):
        open_image(b"RIFF" + bytes(4) + b"WEBP" + header)


def test_heic_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(quarters())
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)
    with pytest.raises(UnsupportedImageError, match=r"pillow-heif.*install .*\[heic\]'.*JPEG"):
        open_image(data)


def test_heic_with_several_pictures_shows_the_one_that_is_meant() -> None:
    data = heic(noise(64, 48), save_all=True, append_images=[quarters()], primary_index=1, quality=95)
    assert_shows_quarters(open_image(data), tolerance=24)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "BMP", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_file_is_an_error_and_not_half_a_picture(image_format: str, share: float) -> None:
    whole = encode(noise(200, 160), image_format)
    with pytest.raises(TruncatedImageError):
        open_image(whole[: int(len(whole) * share)]).decode()


def test_a_truncated_jpeg_is_an_error_in_reduced_size_too() -> None:
    whole = encode(noise(800, 640), "JPEG")
    with pytest.raises(TruncatedImageError):
        open_image(whole[: len(whole) // 2]).decode_reduced(100)


def test_limits_can_be_set_and_are_inclusive() -> None:
    data = encode(quarters(), "PNG")
    limits = ImageLimits(max_bytes=len(data), max_pixels=64 * 48)
    assert open_image(data, limits).width == 64
    with pytest.raises(ImageTooLargeError, match="megapixels"):
        open_image(data, dataclasses.replace(limits, max_pixels=64 * 48 - 1))
    with pytest.raises(ImageTooLargeError, match="MB"):
        open_image(data, dataclasses.replace(limits, max_bytes=len(data) - 1))


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        pytest.param("RGB", {}, id="color"),
        pytest.param("RGB", {"subsampling": 0, "quality": 98}, id="color of every pixel"),
        pytest.param("RGB", {"progressive": True}, id="progressive"),
        pytest.param("L", {}, id="gray"),
        pytest.param("CMYK", {}, id="four inks"),
    ],
)
def test_any_kind_of_jpeg_has_the_pixels_that_pillow_sees(mode: str, options: dict[str, Any]) -> None:
    data = encode(noise(97, 61).convert(mode), "JPEG", **options)
    with Image.open(BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))[..., ::-1]
    assert np.abs(open_image(data).decode().astype(int) - expected).max() <= 1


def test_a_jpeg_with_a_few_bytes_too_many_is_read_all_the_same() -> None:
    data = encode(quarters(), "JPEG")
    end = data.rindex(b"\xff\xd9")
    spoiled = data[:end] + b"\x00\x01\x02" + data[end:]
    assert np.array_equal(open_image(spoiled).decode(), open_image(data).decode())


@pytest.mark.parametrize(
    ("size", "wanted", "reduced"),
    [
        pytest.param((640, 480), 640, (640, 480), id="as large as wanted"),
        pytest.param((640, 480), 321, (640, 480), id="half would be too small"),
        pytest.param((640, 480), 320, (320, 240), id="half"),
        pytest.param((640, 480), 160, (160, 120), id="quarter"),
        pytest.param((640, 480), 80, (80, 60), id="eighth"),
        pytest.param((640, 480), 10, (80, 60), id="an eighth at most"),
        pytest.param((641, 479), 300, (321, 240), id="odd sides"),
    ],
)
def test_a_jpeg_decodes_reduced_while_it_stays_large_enough(
    size: tuple[int, int],
    wanted: int,
    reduced: tuple[int, int],
) -> None:
    image_bgr, scale = open_image(encode(quarters(*size), "JPEG")).decode_reduced(wanted)
    assert (image_bgr.shape[1], image_bgr.shape[0]) == reduced
    assert scale == pytest.approx(reduced[0] / size[0])


def test_a_reduced_jpeg_is_upright() -> None:
    image_bgr, scale = open_image(jpeg_with_orientation(quarters(640, 480), 6)).decode_reduced(160)
    assert (image_bgr.shape, scale) == ((120, 160, 3), 0.25)
    assert image_bgr[20, 20].argmax() == 2
    assert image_bgr[100, 20].argmax() == 0


def test_other_formats_come_whole() -> None:
    image_bgr, scale = open_image(encode(quarters(640, 480), "PNG")).decode_reduced(80)
    assert (image_bgr.shape, scale) == ((480, 640, 3), 1.0)


def test_an_image_keeps_no_pixels() -> None:
    image = open_image(encode(quarters(), "PNG"))
    with image.pixels() as image_bgr:
        pixels = weakref.ref(image_bgr)
    del image_bgr
    assert pixels() is None


def test_an_image_whose_bytes_lie_elsewhere_keeps_none_of_them() -> None:
    data, loaded = encode(quarters(), "PNG"), []

    def load() -> bytes:
        loaded.append(len(data))
        return data

    image = open_image(data, load=load)
    assert loaded == []
    assert_shows_quarters(image)
    assert loaded == [len(data)]


def test_pixels_take_a_turn_of_their_number_and_give_it_back() -> None:
    decoding = Turns(64 * 48 + 10, waiting_limit=0)
    image = open_image(encode(quarters(), "PNG"), ImageLimits(decoding=decoding))
    with image.pixels():
        assert decoding.state().taken == 64 * 48
        with pytest.raises(BusyError), image.pixels():
            pass
    assert decoding.state().taken == 0


def test_a_turn_is_given_back_where_the_pixels_are_damaged() -> None:
    decoding = Turns(1_000_000, waiting_limit=0)
    whole = encode(noise(200, 160), "PNG")
    with pytest.raises(TruncatedImageError), open_image(whole[:-500], ImageLimits(decoding=decoding)).pixels():
        pass
    assert decoding.state().taken == 0


def avif(bits: int, channels: int) -> bytes:
    picture = np.full((48, 64, channels), 1 << (bits - 1), np.uint16 if bits > 8 else np.uint8)
    return cv2.imencode(".avif", picture, [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_SPEED, 10])[1].tobytes()


def half_transparent() -> Image.Image:
    picture = quarters()
    picture.putalpha(128)
    return picture


def deep_heic() -> bytes:
    file = BytesIO()
    pixels = np.full((48, 64, 4), 30_000, np.uint16).tobytes()
    pillow_heif.from_bytes("RGBA;16", (64, 48), pixels).save(file, chroma=444)
    return file.getvalue()


def test_the_heaviest_kind_may_have_a_third_of_the_pixels_and_counts_threefold() -> None:
    assert open_image(deep_heic(), ImageLimits(max_pixels=3 * 64 * 48)).width == 64
    with pytest.raises(ImageTooLargeError, match="megapixels"):
        open_image(deep_heic(), ImageLimits(max_pixels=3 * 64 * 48 - 3))
    decoding = Turns(1_000_000, waiting_limit=0)
    with open_image(deep_heic(), ImageLimits(decoding=decoding)).pixels():
        assert decoding.state().taken == 3 * 64 * 48


HEAVY = [
    pytest.param(encode(quarters().convert("CMYK"), "JPEG"), id="four inks"),
    pytest.param(encode(quarters(), "AVIF", subsampling="4:4:4"), id="avif with colors of every pixel"),
    pytest.param(encode(half_transparent(), "AVIF"), id="avif with alpha"),
    pytest.param(avif(10, 3), id="avif of 10 bits"),
    pytest.param(avif(12, 4), id="avif of 12 bits with alpha"),
    pytest.param(heic(quarters(), chroma=444), id="heic with colors of every pixel"),
    pytest.param(heic(half_transparent()), id="heic with alpha"),
]


@pytest.mark.parametrize("data", HEAVY)
def test_a_kind_that_takes_twice_the_memory_may_have_half_of_the_pixels_and_counts_twice(data: bytes) -> None:
    assert open_image(data, ImageLimits(max_pixels=2 * 64 * 48)).width == 64
    with pytest.raises(ImageTooLargeError, match="megapixels"):
        open_image(data, ImageLimits(max_pixels=2 * 64 * 48 - 2))
    decoding = Turns(1_000_000, waiting_limit=0)
    with open_image(data, ImageLimits(decoding=decoding)).pixels():
        assert decoding.state().taken == 2 * 64 * 48


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(quarters(), "AVIF"), id="avif"),
        pytest.param(encode(quarters().convert("L"), "AVIF"), id="gray avif"),
        pytest.param(heic(quarters()), id="heic"),
        pytest.param(encode(quarters(), "JPEG", progressive=True), id="progressive jpeg"),
        pytest.param(png_16_bit(np.full((48, 64, 4), 900, np.uint16)), id="16-bit png with alpha"),
    ],
)
def test_photos_of_phones_may_have_all_pixels(data: bytes) -> None:
    assert open_image(data, ImageLimits(max_pixels=64 * 48)).width == 64


def deep(channels: int) -> bytes:
    return cv2.imencode(".png", np.full((3000, 3000, channels), 900, np.uint16))[1].tobytes()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("make", "most_bytes"),
    [
        pytest.param(lambda: deep(3), 10.5, id="16-bit png that uses 10"),
        pytest.param(lambda: deep(4), 12.5, id="16-bit png that uses 10, with alpha"),
        pytest.param(lambda: turned(Image.new("RGBA", (3000, 3000)), 6, "PNG"), 10, id="turned png with alpha"),
        pytest.param(lambda: turned(Image.new("RGB", (3000, 3000)), 6, "AVIF", speed=10), 11.5, id="turned avif"),
    ],
)
def test_decoding_takes_few_bytes_for_each_pixel(make: Callable[[], bytes], most_bytes: float, tmp_path: Path) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    large.write_bytes(make())
    small.write_bytes(encode(quarters(), "AVIF"))
    command = [sys.executable, "-c", MEASURE, str(large), str(small)]
    measured = subprocess.run(command, check=True, capture_output=True, text=True)
    assert float(measured.stdout) / (3000 * 3000) < most_bytes


MEASURE = """
import sys
from pathlib import Path
from platewatch.memory import settle
from platewatch.vision.image import open_image

settle()

def memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}

data = Path(sys.argv[1]).read_bytes()
open_image(Path(sys.argv[2]).read_bytes()).decode()
before = memory()["VmRSS"]
Path("/proc/self/clear_refs").write_text("5")
open_image(data).decode()
print(memory()["VmHWM"] - before)
"""


def test_gray_of_few_bits_with_alpha_is_scaled_by_its_range() -> None:
    values = np.zeros((1, 2, 2), np.uint16)
    values[0, :, 0], values[0, :, 1] = (1023, 512), 0xFFFF
    assert open_image(png_16_bit(values)).decode()[0].tolist() == [[255] * 3, [128] * 3]


@pytest.mark.parametrize(("width", "height"), [(1500, 1400), (2_200_000, 1), (1, 2_200_000)])
def test_what_is_converted_part_by_part_has_every_pixel_in_its_place(width: int, height: int) -> None:
    values = np.random.default_rng(1).integers(0, 256, (height, width), dtype=np.uint8)
    alpha = Image.fromarray(np.where(values > 100, 255, 0).astype(np.uint8))
    gray = Image.fromarray(values)
    gray_bgr = open_image(encode(gray, "PNG", compress_level=1)).decode()
    assert np.array_equal(gray_bgr[..., 1], values)
    rgba = Image.merge("RGBA", (gray, gray, gray, alpha))
    shown_bgr = open_image(encode(rgba, "PNG", compress_level=1)).decode()
    assert np.array_equal(shown_bgr[..., 1], np.where(values > 100, values, 255))


def test_a_half_transparent_webp_is_as_light_as_a_png() -> None:
    gradient = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    rgba = Image.merge("RGBA", [Image.fromarray(gradient)] * 4)
    shown = [open_image(encode(rgba, kind, **kinds)).decode() for kind, kinds in (("PNG", {}), ("WEBP", LOSSLESS))]
    assert np.abs(shown[0].astype(int) - shown[1]).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (4000, 1), (1, 4000)])
def test_extreme_shapes_are_read(width: int, height: int) -> None:
    for image_format in ("PNG", "JPEG", "WEBP", "BMP"):
        image = open_image(encode(Image.new("RGB", (width, height), "blue"), image_format))
        assert image.decode().shape == (height, width, 3)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_an_upright_jpeg_is_stored_as_it_came(mode: str) -> None:
    data = encode(quarters().convert(mode), "JPEG")
    assert open_image(data).stored_jpeg() == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(quarters(), "PNG"), id="png"),
        pytest.param(encode(quarters(), "WEBP", lossless=True), id="webp"),
        pytest.param(jpeg_with_orientation(quarters(), 6), id="turned jpeg"),
        pytest.param(encode(quarters().convert("CMYK"), "JPEG"), id="cmyk jpeg"),
    ],
)
def test_everything_else_is_stored_as_an_upright_rgb_jpeg(data: bytes) -> None:
    stored = open_image(open_image(data).stored_jpeg())
    assert (stored.format, stored.orientation, stored.width, stored.height) == ("jpeg", 1, 64, 48)
    assert stored.stored_jpeg() == stored.data


def test_a_truncated_jpeg_is_not_stored() -> None:
    whole = encode(noise(200, 160), "JPEG")
    with pytest.raises(TruncatedImageError):
        open_image(whole[: len(whole) // 2]).stored_jpeg()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: np.zeros((4, 4), dtype=np.uint8), id="gray"),
        pytest.param(lambda: np.zeros((4, 4, 4), dtype=np.uint8), id="four channels"),
        pytest.param(lambda: np.zeros((4, 4, 3), dtype=np.float32), id="float"),
        pytest.param(lambda: np.zeros((0, 4, 3), dtype=np.uint8), id="no pixels"),
    ],
)
def test_arrays_of_another_kind_are_refused(make: Callable[[], np.ndarray]) -> None:
    with pytest.raises(UnsupportedImageError, match="uint8"):
        check_array(make())


def test_a_view_becomes_contiguous_with_the_same_pixels() -> None:
    image_bgr = from_pillow(quarters())
    assert check_array(image_bgr[:, ::-1]).flags["C_CONTIGUOUS"]
    assert np.array_equal(check_array(image_bgr[:, ::-1]), image_bgr[:, ::-1])


def test_encoded_jpeg_shows_the_same_picture() -> None:
    assert_shows_quarters(open_image(encode_jpeg(from_pillow(quarters()), quality=97)), tolerance=24)


def test_an_image_too_wide_for_jpeg_is_an_error() -> None:
    with pytest.raises(UnsupportedImageError, match="JPEG"):
        encode_jpeg(np.zeros((1, 70_000, 3), dtype=np.uint8))


def test_channels_are_turned_round_and_brightness_is_that_of_bgr() -> None:
    red_bgr = np.full((2, 2, 3), RED_BGR, dtype=np.uint8)
    assert to_rgb(red_bgr)[0, 0].tolist() == [255, 0, 0]
    assert to_gray(red_bgr).shape == (2, 2)
    assert int(to_gray(red_bgr)[0, 0]) == 76
