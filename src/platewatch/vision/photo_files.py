"""Photo files: by ending, by first bytes, without files that systems leave behind. Loads nothing slow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

_PHOTOS: Final = (
    ".jpg .jpeg .jpe .jfif .jif .pjpeg .pjp .mpo .png .apng .webp .bmp .dib .avif .avifs .heic .heif .heics .heifs "
    ".hif .tif .tiff .gif .jxl .jp2 .j2k .jpf .jpx .psd .dng .nef .nrw .cr2 .cr3 .crw .arw .srf .sr2 .orf .rw2 .raf "
    ".pef .raw .3fr"
)
_OTHERS: Final = (
    ".txt .xml .json .jsonl .csv .tsv .yaml .yml .toml .md .html .htm .log .py .pt .pth .onnx .cache .npy .npz .zip "
    ".tar .gz .7z .rar .pdf .mp4 .mov .avi .mkv .m4v .webm .ts .mp3 .wav .aae .xmp .thm .db .ini .svg .ico .part"
)
PHOTO_SUFFIXES: Final = frozenset(_PHOTOS.split())
"""Endings of photos, also of those that can't be read: they are named with the reason in place of being left out."""
_OTHER_SUFFIXES: Final = frozenset(_OTHERS.split())
"""Endings of files that are not looked into."""

_CLUTTER: Final = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir"})
_START_BYTES: Final = 64


class ImageFormat(StrEnum):
    """The formats that are read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    BMP = "bmp"
    AVIF = "avif"
    HEIF = "heif"


_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2"}
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_OTHER_STARTS: Final = {
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"IIRO": "Camera raw",
    b"IIU\x00": "Camera raw",
    b"FUJIFILMCCD-RAW": "Camera raw",
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "Photoshop",
}


def format_of(start: bytes) -> ImageFormat | str | None:
    """The format of a file that begins so: one that is read, the name of one that is not, or None for no image."""
    if start.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if start.startswith(b"BM"):
        return ImageFormat.BMP
    if start[4:8] == b"ftyp":
        return _format_of_brands(start)
    return next((name for magic, name in _OTHER_STARTS.items() if start.startswith(magic)), None)


def is_clutter(path: str) -> bool:
    """Whether a file or folder of this path (with `/` between its parts) is hidden, or made by a system for itself.

    macOS adds `__MACOSX` and `._name` to archives and foreign disks, Windows `Thumbs.db`, and so on.
    """
    return any(part.startswith(".") or part.lower() in _CLUTTER for part in path.split("/") if part not in {".", ".."})


def files_below(folder: Path, suffixes: Sequence[str] | None = None) -> Iterator[Path]:
    """The files below the folder (of these endings, in lower case) in the order of their names, without clutter."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_clutter(name))
        for name in sorted(names):
            if not is_clutter(name) and (suffixes is None or name.lower().endswith(tuple(suffixes))):
                yield Path(place, name)


def photos_below(folder: Path) -> Iterator[Path]:
    """The photos below the folder: by their ending, and where that says nothing by their first bytes."""
    for path in files_below(folder):
        suffix = path.suffix.lower()
        # Pipes and devices would be waited for; a link that leads nowhere is named when it is read.
        if suffix in PHOTO_SUFFIXES:
            is_photo = path.is_file() or not path.exists()
        else:
            is_photo = suffix not in _OTHER_SUFFIXES and path.is_file() and _begins_like_photo(path)
        if is_photo:
            yield path


def _begins_like_photo(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except OSError:
        return False
    # Two bytes alone begin too much that is no picture.
    return format_of(start) not in {None, ImageFormat.BMP, "JPEG XL"}


def _format_of_brands(start: bytes) -> ImageFormat | str | None:
    """By the `ftyp` box (ISO/IEC 14496-12): the major brand, then the compatible ones."""
    length = min(int.from_bytes(start[:4], "big"), len(start))
    major = start[8:12]
    brands = {major, *(start[at : at + 4] for at in range(16, length - 3, 4))}
    if brands & _AVIF_BRANDS:
        return ImageFormat.AVIF
    if brands & _HEIF_BRANDS:
        return ImageFormat.HEIF
    return "Camera raw" if major == b"crx " else None
