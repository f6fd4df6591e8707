"""The chunks of a PNG file (PNG specification, third edition, section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_START: Final = b"\x89PNG\r\n\x1a\n"
_EXIF: Final = b"eXIf"
_DEPTH_AT: Final = 24


def bits_of(data: bytes) -> int:
    """The number of bits of each color or gray value."""
    return data[_DEPTH_AT]


def exif_of(data: bytes) -> bytes:
    """The EXIF block, empty without one."""
    return next((content for kind, content in _chunks(data) if kind == _EXIF), b"")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk as far as the data reach."""
    at = len(_START)
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length
