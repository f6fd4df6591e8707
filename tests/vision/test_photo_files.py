from __future__ import annotations

import os
from pathlib import Path

import pytest

from platewatch.vision.photo_files import ImageFormat, files_below, format_of, is_clutter, photos_below
from tests.vision.pictures import encode, heic, quarters


@pytest.mark.parametrize(
    ("start", "found"),
    [
        pytest.param(encode(quarters(), "JPEG"), ImageFormat.JPEG, id="jpeg"),
        pytest.param(encode(quarters(), "PNG"), ImageFormat.PNG, id="png"),
        pytest.param(encode(quarters(), "WEBP"), ImageFormat.WEBP, id="webp"),
        pytest.param(encode(quarters(), "BMP"), ImageFormat.BMP, id="bmp"),
        pytest.param(encode(quarters(), "AVIF"), ImageFormat.AVIF, id="avif"),
        pytest.param(heic(quarters()), ImageFormat.HEIF, id="heic"),
        pytest.param(
            b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heic", ImageFormat.HEIF, id="heif by its second brand"
        ),
        pytest.param(
            b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avif", ImageFormat.AVIF, id="avif by its second brand"
        ),
        pytest.param(b"\x00\x00\x00\x18ftypqt  \x00\x00\x00\x00qt  ", None, id="film"),
        pytest.param(encode(quarters(), "GIF"), "GIF", id="gif"),
        pytest.param(encode(quarters(), "TIFF"), "TIFF", id="tiff"),
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"RIFF\x00\x00\x00\x00WAVE", None, id="sound"),
    ],
)
def test_formats_are_known_by_their_first_bytes(start: bytes, found: ImageFormat | str | None) -> None:
    assert format_of(start[:64]) == found


@pytest.mark.parametrize(
    "path",
    [
        "__MACOSX/._a.jpg",
        "__MACOSX",
        "deep/._a.jpg",
        ".DS_Store",
        "a/.hidden/b.jpg",
        "Thumbs.db",
        "x/desktop.ini",
        "@eaDir/a.jpg",
    ],
)
def test_what_systems_leave_behind_is_clutter(path: str) -> None:
    assert is_clutter(path)


@pytest.mark.parametrize("path", ["a.jpg", "deep/a.jpg", "macosx/a.jpg", "a..jpg", "./a.jpg", "../a.jpg"])
def test_photos_are_no_clutter(path: str) -> None:
    assert not is_clutter(path)


def test_photos_below_a_folder_are_known_by_ending_or_content(tmp_path: Path) -> None:
    jpeg = encode(quarters(), "JPEG")
    contents = {
        "a.jpg": b"",
        "b.JFIF": jpeg,
        "c.mpo": jpeg,
        "d.HEIC": b"",
        "e.tif": b"",
        "f.gif": b"",
        "g.avif": b"",
        "without ending": jpeg,
        "odd.jpg_large": jpeg,
        "text.txt": jpeg,
        "notes": b"BMW and others",
        "deep/z.webp": b"",
        "._a.jpg": jpeg,
        "__MACOSX/a.jpg": jpeg,
        ".thumbnails/a.jpg": jpeg,
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    found = [path.relative_to(tmp_path).as_posix() for path in photos_below(tmp_path)]
    assert found == [
        *("a.jpg", "b.JFIF", "c.mpo", "d.HEIC", "e.tif", "f.gif", "g.avif", "gone.jpg", "odd.jpg_large"),
        *("without ending", "deep/z.webp"),
    ]
    assert [path.name for path in files_below(tmp_path, (".txt",))] == ["text.txt"]
