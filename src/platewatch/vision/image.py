"""Encoded images in, upright 8-bit BGR arrays out. The only place where colors are converted.

The header is judged before any pixel is decoded, so a small file that claims to be huge costs nothing. OpenCV's
decoder is used for WebP only: the others fill up a truncated file with gray and say nothing.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # no stubs are published
from PIL import Image

from platewatch.errors import (
    EmptyImageError,
    ImageTooLargeError,
    TruncatedImageError,
    UnsupportedImageError,
)
from platewatch.vision.headers import DAMAGE, open_header, orientation_of, sniff, webp_size
from platewatch.vision.jpeg import with_end, without_notes
from platewatch.vision.photo_files import ImageFormat
from platewatch.vision.png import bits_of
from platewatch.vision.weights import weight_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cv2.typing import MatLike
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from platewatch.vision.turns import Turns
    from platewatch.vision.types import ImageBgr

_MIB: Final = 1024 * 1024
_TURNED_BY_A_QUARTER: Final = frozenset({5, 6, 7, 8})
_PLAIN_MODES: Final = frozenset({"RGB", "L"})
_DEEP: Final = 16
_DEPTHS: Final = (8, 10, 12, 14, 16)
"""Bits of the values that cameras put into 16."""
_GRAY_WITH_ALPHA: Final = "LA;16B"
_LOWER_HALVES: Final = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L", _GRAY_WITH_ALPHA: "RGBA"}
"""Of Pillow's layouts of 16 bits a value, of which it keeps the upper 8, those that give the lower 8."""
_TILE_PIXELS: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Limits of an image's size; more raises ImageTooLargeError before a pixel is decoded.

    A kind of file that takes twice the memory for each pixel (see `weights`) may have half of the pixels.
    """

    max_bytes: int = 16 * _MIB
    max_pixels: int = 50_000_000
    decoding: Turns | None = None
    """Turns at having pixels in memory, a share of each pixel's weight; None where nobody else is at work."""


class EncodedImage:
    """One image file whose header is known to be fine. Safe to share between threads, and keeps no pixels.

    `width` and `height` are those of the upright image (EXIF orientation applied), `stored_size` those before.
    """

    def __init__(
        self,
        load: Callable[[], bytes],
        image_format: ImageFormat,
        header: ImageFile,
        orientation: int,
        weight: int,
        decoding: Turns | None,
    ) -> None:
        self.format = image_format
        self.orientation = orientation
        self.stored_size: tuple[int, int] = header.size
        self._mode = header.mode
        turned = self.orientation in _TURNED_BY_A_QUARTER
        self.width, self.height = header.size[::-1] if turned else header.size
        self._load = load
        self._weight = weight
        self._decoding = decoding
        self._is_sound = False

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return self._load()

    def decode(self) -> ImageBgr:
        """The whole upright image, an array of the caller's own.

        Raises:
            TruncatedImageError: The pixels end early or are damaged.
        """
        image_bgr = self._decode(None)
        self._is_sound = True
        return image_bgr

    @contextmanager
    def pixels(self) -> Iterator[ImageBgr]:
        """The whole upright image for as long as the block, in which its pixels count among those in memory.

        Raises:
            TruncatedImageError: The pixels end early or are damaged.
            BusyError: So many pixels are in memory, and so many callers wait, that this one has to come back.
        """
        share = self.width * self.height * self._weight
        with nullcontext() if self._decoding is None else self._decoding.one(share):
            yield self.decode()

    def decode_reduced(self, longest_side: int) -> tuple[ImageBgr, float]:
        """An image no smaller than needed, and its scale (its size / the full size).

        JPEG files decode straight to 1/2, 1/4 or 1/8 while their longest side stays at or above `longest_side`;
        all others come whole.
        """
        factor = _reduction(max(self.width, self.height), longest_side)
        if self.format is not ImageFormat.JPEG or factor == 1:
            return self.decode(), 1.0
        try:
            reduced_bgr = self._decode(factor)
        except TruncatedImageError:
            # Decoded as a whole it shows whether anything but its end is missing.
            return self.decode(), 1.0
        return reduced_bgr, max(reduced_bgr.shape[:2]) / max(self.width, self.height)

    def stored_jpeg(self) -> bytes:
        """An upright 8-bit JPEG without EXIF: the file's own picture where it is one already, else encoded again.

        Browsers turn some formats by their EXIF block and others not, so outlines fit only a picture that has none.

        Raises:
            TruncatedImageError: The pixels end early or are damaged.
            BusyError: As in `pixels`.
        """
        is_kept = self.format is ImageFormat.JPEG and self.orientation == 1 and self._mode in _PLAIN_MODES
        if is_kept and self._is_sound and (kept := without_notes(self.data)):
            return kept
        with self.pixels() as image_bgr:
            kept = without_notes(self.data) if is_kept else None
            return kept or encode_jpeg(image_bgr)

    def _decode(self, factor: int | None) -> ImageBgr:
        # What the decoder holds is let go before the picture is turned.
        return _upright(self._stored_bgr(factor), self.orientation)

    def _stored_bgr(self, factor: int | None) -> ImageBgr:
        """The picture as it is stored, not yet turned."""
        data = self.data
        is_plain = self.format is ImageFormat.JPEG and self._mode in _PLAIN_MODES
        if factor is None and is_plain:
            # A quarter of the time that Pillow takes, which has the last word on what is damaged.
            with suppress(ValueError):
                return _decode_jpeg(data)
        if self.format is ImageFormat.WEBP:
            return _decode_webp(data)
        try:
            image = open_header(data, self.format)
            if self.format is ImageFormat.PNG and bits_of(data) == _DEEP and not image.mode.startswith("I"):
                return _deep_bgr(data)
            if factor is not None:
                image.draft("", (max(1, image.width // factor), max(1, image.height // factor)))
            image.load()
            return _flat_bgr(image)
        except DAMAGE as error:
            if factor is None and is_plain:
                return _decode_ended_jpeg(data)
            raise TruncatedImageError from error


def open_image(data: bytes, limits: ImageLimits | None = None, load: Callable[[], bytes] | None = None) -> EncodedImage:
    """The image with its header judged and no pixel decoded yet.

    It keeps `data`, or where `load` gives these bytes again whenever they are needed, `load` alone.

    Raises:
        EmptyImageError: 0 bytes.
        NotAnImageError: No known image format.
        UnsupportedImageError: An image, but animated or in a format that is not read.
        ImageTooLargeError: More bytes or pixels than `limits` (default: `ImageLimits()`) allow.
        TruncatedImageError: The header itself is damaged.
    """
    limits = limits or ImageLimits()
    if not data:
        raise EmptyImageError
    if len(data) > limits.max_bytes:
        raise ImageTooLargeError(what="MB", limit=f"{limits.max_bytes / _MIB:g}")
    image_format = sniff(data)
    if image_format is ImageFormat.WEBP:
        # Pillow's WebP plugin allocates the whole canvas on opening.
        _check_pixels(webp_size(data), limits)
    try:
        header = open_header(data, image_format)
    except DAMAGE as error:
        raise TruncatedImageError from error
    weight = weight_of(data, image_format, header)
    _check_pixels(header.size, limits, weight)
    # A HEIC file has one picture that is meant, whatever else is in it.
    if getattr(header, "is_animated", False) and image_format is not ImageFormat.HEIF:
        raise UnsupportedImageError("The image is animated. Send one frame of it as a JPEG or PNG file.")
    orientation = orientation_of(data, image_format, header)
    return EncodedImage(load or (lambda: data), image_format, header, orientation, weight, limits.decoding)


def encode_jpeg(image_bgr: ImageBgr, quality: int = 92) -> bytes:
    """The image as the bytes of a JPEG file."""
    done, encoded = cv2.imencode(".jpg", check_array(image_bgr), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise UnsupportedImageError(f"An image of shape {image_bgr.shape} can't be kept as JPEG. Scale it down.")
    return encoded.tobytes()


def check_array(image_bgr: ImageBgr) -> ImageBgr:
    """The same array, known to be uint8 (H, W, 3) with at least one pixel.

    Raises:
        UnsupportedImageError: Another type or shape.
    """
    array = np.asarray(image_bgr)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:  # noqa: PLR2004 (H, W, 3)
        raise UnsupportedImageError(
            f"An array must be uint8 (H, W, 3) in BGR order, not {array.dtype} {array.shape}. Convert it first.",
        )
    return np.ascontiguousarray(array)


def to_rgb(image_bgr: ImageBgr) -> ImageBgr:
    """The image with its channels in RGB order, as most networks and Pillow want it."""
    return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def to_gray(image_bgr: ImageBgr) -> ImageBgr:
    """The brightness alone, uint8 (H, W)."""
    return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def from_pillow(image: Image.Image) -> ImageBgr:
    """A Pillow RGB image as BGR array."""
    return np.asarray(cv2.cvtColor(np.asarray(image, dtype=np.uint8), cv2.COLOR_RGB2BGR), dtype=np.uint8)


def _check_pixels(size: tuple[int, int], limits: ImageLimits, weight: int = 1) -> None:
    width, height = size
    max_pixels = limits.max_pixels // weight
    if width * height > max_pixels:
        raise ImageTooLargeError(
            what="megapixels",
            size=f"{width * height / 1e6:.1f}",
            limit=f"{max_pixels / 1e6:g}",
        )


def _reduction(longest_side: int, wanted: int) -> int:
    return next((factor for factor in (8, 4, 2) if longest_side >= wanted * factor), 1)


def _upright(image_bgr: ImageBgr, orientation: int) -> ImageBgr:
    """The image turned as EXIF's orientation asks."""
    turn = _TURNS.get(orientation)
    return image_bgr if turn is None else np.asarray(turn(image_bgr), np.uint8)


_TURNS: Final[dict[int, Callable[[ImageBgr], MatLike]]] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def _decode_jpeg(data: bytes) -> ImageBgr:
    """The whole picture; raises ValueError for anything that is odd."""
    return np.asarray(simplejpeg.decode_jpeg(data, colorspace="BGR", strict=True), np.uint8)


def _decode_ended_jpeg(data: bytes) -> ImageBgr:
    """The picture of a file that lacks its end marker alone.

    Raises:
        TruncatedImageError: It lacks more.
    """
    for ended in with_end(data):
        with suppress(ValueError):
            return _decode_jpeg(ended)
    raise TruncatedImageError


def _flat_bgr(image: Image.Image) -> ImageBgr:
    """8-bit BGR; gray values of 16 bits are scaled by their range.

    Made part by part: Pillow's conversions would have the whole image in memory several times.
    """
    if image.mode.startswith("I"):
        return np.asarray(cv2.cvtColor(_scaled_to_8_bits(np.asarray(image)), cv2.COLOR_GRAY2BGR), np.uint8)
    width, height = image.size
    image_bgr = np.empty((height, width, 3), np.uint8)
    for rows, columns in tiles(height, width):
        tile = image.crop((columns.start, rows.start, columns.stop, rows.stop))
        image_bgr[rows, columns] = from_pillow(_flat_rgb(tile))
    return image_bgr


def _flat_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB; what is transparent becomes white."""
    if image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info:
        over = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _decode_webp(data: bytes) -> ImageBgr:
    """8-bit BGR, not turned by EXIF; what is transparent becomes white.

    Pillow's decoder is made for animations and has every pixel in memory four times; OpenCV's gives nothing at all of
    a WebP file that ends early.
    """
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise TruncatedImageError from error
    if decoded is None:
        raise TruncatedImageError
    pixels = np.asarray(decoded, np.uint8)
    if pixels.shape[2] == len("BGR"):
        return pixels
    image_bgr = np.empty((*pixels.shape[:2], 3), np.uint8)
    for part in tiles(*pixels.shape[:2]):
        image_bgr[part] = _on_white(pixels[part][..., :3], pixels[part][..., 3:])
    return image_bgr


def tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the parts into which an image of that size falls, each of a megapixel at most.

    What is made of an image part by part has little in memory, also of one that is a single row.
    """
    columns = min(width, _TILE_PIXELS)
    rows = max(1, _TILE_PIXELS // columns)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            yield slice(top, min(top + rows, height)), slice(left, min(left + columns, width))


def _deep_bgr(png: bytes) -> ImageBgr:
    """8-bit BGR of a PNG with colors of 16 bits, scaled by their range; what is transparent becomes white.

    Pillow keeps one half of each color. Where little is left in the upper halves, as of colors that have 10 bits, the
    lower ones are decoded after them; all 16 bits at once would be twice the memory.
    """
    image_bgr, bits, alpha = _upper_halves(png)
    if bits == _DEEP:
        return image_bgr
    lower = open_header(png, ImageFormat.PNG)
    layout = str(lower.tile[0].args)
    lower.tile = [lower.tile[0]._replace(args=_LOWER_HALVES[layout])]
    lower.load()
    # Of gray with alpha, the four bytes of a pixel are both halves of the gray, then both of the alpha.
    channels = [1, 1, 1] if layout == _GRAY_WITH_ALPHA else [2, 1, 0]
    for part in tiles(lower.height, lower.width):
        values = image_bgr[part].astype(np.uint16) << 8 | _part_of(lower, part)[..., channels]
        image_bgr[part] = values >> (bits - 8)
    return image_bgr if alpha is None else _over_white(image_bgr, alpha)


def _upper_halves(png: bytes) -> tuple[ImageBgr, int, NDArray[np.uint8] | None]:
    """The upper 8 bits of each color, how many bits the colors need, and the transparency if there is any.

    Where they need all 16 bits, this is the picture, and what is transparent is white already.
    """
    image = open_header(png, ImageFormat.PNG)
    image.load()
    ranges = [image.getchannel(band).getextrema() for band in image.getbands() if band != "A"]
    largest = int(np.max(ranges))
    bits = next(bits for bits in _DEPTHS if largest < 1 << (bits - 8))
    if bits == _DEEP:
        return _flat_bgr(image), bits, None
    image_bgr = np.empty((image.height, image.width, 3), np.uint8)
    for part in tiles(image.height, image.width):
        image_bgr[part] = _part_of(image, part)[..., [2, 1, 0]]
    return image_bgr, bits, np.asarray(image.getchannel("A")) if "A" in image.getbands() else None


def _part_of(image: Image.Image, part: tuple[slice, slice]) -> NDArray[np.uint8]:
    rows, columns = part
    return np.asarray(image.crop((columns.start, rows.start, columns.stop, rows.stop)))


def _over_white(image_bgr: ImageBgr, alpha: NDArray[np.uint8]) -> ImageBgr:
    """The same array, changed: what is transparent becomes white."""
    for part in tiles(*alpha.shape):
        image_bgr[part] = _on_white(image_bgr[part], alpha[part][..., np.newaxis])
    return image_bgr


def _on_white(part_bgr: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint16]:
    wide = alpha.astype(np.uint16)
    return (part_bgr * wide + np.uint16(255) * (255 - wide) + 127) // 255


def _scaled_to_8_bits(values: NDArray[np.integer]) -> NDArray[np.uint8]:
    """The upper 8 bits of as many as the largest value needs: 8, 10, 12, 14 or 16.

    Cameras put 10 to 14 bits into 16; taken for 16 bits, a picture of 10 is black. Gray and colors are treated alike.
    """
    largest = int(values.max(initial=0))
    bits = next((bits for bits in _DEPTHS if largest < 1 << bits), _DEPTHS[-1])
    scaled = np.empty(values.shape, np.uint8)
    np.right_shift(values, bits - 8, out=scaled, casting="unsafe")
    return scaled
