"""Messages for arguments of a wrong type: which method of `PlateReader` takes which."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np

from platewatch.vision.image import EncodedImage
from platewatch.vision.types import Crop

TAKES: Final = {
    "read": "the path of an image file",
    "read_bytes": "the bytes of an image file",
    "read_array": "a uint8 array (H, W, 3) in BGR order",
    "read_image": "an EncodedImage, as platewatch.vision.image.open_image gives it",
    "read_crop": "a Crop, which is a BGR array with the detection that it was cut for",
    "read_many": "the paths of image files",
}

_ADVICE: Final[tuple[tuple[tuple[type, ...], str], ...]] = (
    ((str, PathLike), "Use read(path) for a file."),
    ((bytes, bytearray, memoryview), "Use read_bytes(data) for the content of an image file."),
    ((np.ndarray,), "Use read_array(image_bgr) for an array."),
    ((EncodedImage,), "Use read_image(image) for an opened image."),
    ((Crop,), "Use read_crop(crop) for a crop."),
    ((list, tuple), "Use read_many(paths) for several files."),
)


def as_path(method: str, given: object) -> Path:
    """The path that was given.

    Raises:
        TypeError: It is no path.
    """
    if not isinstance(given, str | PathLike):
        raise _wrong_type(method, given)
    return Path(given)


def as_bytes(given: object) -> bytes:
    """The given bytes, of any of Python's types.

    Raises:
        TypeError: These are no bytes.
    """
    if not isinstance(given, bytes | bytearray | memoryview):
        raise _wrong_type("read_bytes", given)
    return bytes(given)


def require_type(method: str, kind: type, given: object) -> None:
    """Do nothing if the argument is of this type.

    Raises:
        TypeError: It is of another one.
    """
    if not isinstance(given, kind):
        raise _wrong_type(method, given)


def require_several(paths: Iterable[str | Path]) -> Iterable[str | Path]:
    """The same paths.

    Raises:
        TypeError: This is one path, or none at all.
    """
    given: object = paths
    if isinstance(given, str | PathLike | bytes | bytearray | np.ndarray) or not isinstance(given, Iterable):
        raise _wrong_type("read_many", given)
    return paths


def _wrong_type(method: str, given: object) -> TypeError:
    """An error that says what the method takes, and which method takes what was given."""
    named = f"PlateReader.{method} takes {TAKES[method]}, not {type(given).__name__}."
    return TypeError(f"{named} {_advice(given)}".rstrip())


def _advice(given: object) -> str:
    by_type = next((advice for kinds, advice in _ADVICE if isinstance(given, kinds)), "")
    if not by_type and hasattr(given, "getbands"):
        return "Use read_array(numpy.asarray(image.convert('RGB'))[..., ::-1]) for an image of Pillow."
    if not by_type and hasattr(given, "read"):
        return "Use read_bytes(file.read()) for an open file."
    return by_type
