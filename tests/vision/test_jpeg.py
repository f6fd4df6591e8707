from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from platewatch.errors import TruncatedImageError
from platewatch.vision.image import open_image
from platewatch.vision.jpeg import with_end, without_notes
from tests.vision.pictures import SAMPLES, encode, jpeg_with_orientation, noise, quarters

PHOTO = (SAMPLES / "spain.jpg").read_bytes()
KINDS = {
    "photo": PHOTO[: PHOTO.rindex(b"\xff\xd9") + 2],
    "baseline": encode(noise(97, 61), "JPEG", quality=90),
    "every pixel's color": encode(noise(97, 61), "JPEG", quality=98, subsampling=0),
    "progressive": encode(noise(97, 61), "JPEG", progressive=True),
    "gray": encode(noise(97, 61).convert("L"), "JPEG"),
    "restart markers": encode(noise(97, 61), "JPEG", restart_marker_blocks=3),
    "turned": jpeg_with_orientation(quarters(), 6),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [1, 2], ids=["half the end marker", "the end marker"])
def test_jpeg_that_lacks_only_its_end_is_read(kind: str, missing: int) -> None:
    whole = KINDS[kind]
    image = open_image(whole[:-missing])
    assert np.array_equal(image.decode(), open_image(whole).decode())
    assert open_image(image.stored_jpeg()).decode().shape == image.decode().shape


@pytest.mark.parametrize("kind", KINDS)
def test_jpeg_that_lacks_more_is_refused_wherever_it_ends(kind: str) -> None:
    whole = KINDS[kind]
    # Whatever the decoder makes of the last bits of the last block, a byte of them is missing.
    for missing in (*range(3, 40), len(whole) // 3, len(whole) // 2):
        with pytest.raises(TruncatedImageError):
            open_image(whole[:-missing]).decode()


def test_jpeg_without_end_that_is_filled_up_with_zeros_is_read() -> None:
    whole = KINDS["baseline"]
    assert np.array_equal(open_image(whole[:-2] + bytes(500)).decode(), open_image(whole).decode())


def test_jpeg_that_lacks_only_its_end_is_read_in_reduced_size_too() -> None:
    whole = encode(noise(640, 480), "JPEG")
    image_bgr, scale = open_image(whole[:-2]).decode_reduced(100)
    assert (image_bgr.shape, scale) == ((480, 640, 3), 1.0)


def test_progressive_jpeg_that_lacks_its_last_scans_is_refused() -> None:
    whole = encode(noise(97, 61), "JPEG", progressive=True)
    scans = [at for at in range(len(whole) - 1) if whole[at : at + 2] == b"\xff\xda"]
    for at in scans[1:]:
        # Tables of Huffman codes stand before each scan.
        end = whole.rindex(b"\xff\xc4", 0, at)
        assert with_end(whole[:end]) == []
        with pytest.raises(TruncatedImageError):
            open_image(whole[:end]).decode()
    assert len(scans) > 3


def phone_jpeg() -> bytes:
    """A JPEG with place and time in EXIF, XMP, a color profile, a comment, and a second picture behind it."""
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)
    data = encode(
        quarters(), "JPEG", quality=97, subsampling=0, exif=exif, comment=b"at home", icc_profile=b"profile" * 40
    )
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta/>"
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    return data[:2] + segment + data[2:] + encode(noise(32, 24), "JPEG") + b"a film"


def test_stored_jpeg_has_the_same_pixels_without_notes_and_what_follows() -> None:
    data = phone_jpeg()
    image = open_image(data)
    stored = image.stored_jpeg()
    assert np.array_equal(open_image(stored).decode(), image.decode())
    for told in (b"Exif", b"xmpmeta", b"at home", b"a film"):
        assert told in data
        assert told not in stored
    with Image.open(BytesIO(stored)) as opened:
        assert opened.info["icc_profile"] == b"profile" * 40
        assert dict(opened.getexif()) == {}
    assert stored.endswith(b"\xff\xd9")


def test_four_inks_keep_the_note_that_says_how_they_are_stored() -> None:
    data = encode(quarters().convert("CMYK"), "JPEG")
    kept = without_notes(data)
    assert kept is not None
    assert b"Adobe" in kept


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\x00", b"\xff\xd8\xff\xe1\xff\xff", b"\xff\xd8\x00\x01"],
)
def test_parts_that_are_not_understood_are_left_alone(data: bytes) -> None:
    assert without_notes(data) is None
    assert with_end(data) == []


def test_jpeg_whose_parts_are_not_understood_is_stored_again() -> None:
    # A segment that says it is longer than it is: decoders look for the next marker.
    data = encode(quarters(), "JPEG", quality=97)
    spoiled = data[:-2] + b"\xff\xfe\x00\x01" + data[-2:]
    stored = open_image(spoiled).stored_jpeg()
    assert open_image(stored).decode().shape == (48, 64, 3)
