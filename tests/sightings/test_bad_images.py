"""Every kind of image that can't be read: a clear answer, and nothing left behind."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from platewatch.db.tables import EventRow, ImageRow, SightingRow
from tests.servers import SAMPLES, Server

BRITAIN = (SAMPLES / "britain.jpg").read_bytes()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


def encoded(image_format: str, mode: str = "RGB", **options: object) -> bytes:
    image = Image.open(BytesIO(BRITAIN)).convert(mode)
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def animation(image_format: str) -> bytes:
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "green")]
    buffer = BytesIO()
    frames[0].save(buffer, image_format, save_all=True, append_images=frames[1:], duration=100)
    return buffer.getvalue()


BAD: list[tuple[str, Callable[[], bytes], int, str]] = [
    ("0 bytes", lambda: b"", 422, "0 bytes"),
    ("not an image", lambda: b"%PDF-1.7 hello" * 50, 422, "Send a JPEG"),
    ("text", lambda: b"hello", 422, "Send a JPEG"),
    ("truncated JPEG", lambda: BRITAIN[: len(BRITAIN) // 2], 422, "damaged or cut short"),
    ("truncated PNG", lambda: encoded("PNG")[:5000], 422, "damaged or cut short"),
    ("60 megapixels", lambda: png_claiming(10_000, 6_000), 413, "Scale it down"),
    ("17 MB", lambda: BRITAIN + b"\0" * (17 * 1024 * 1024 - len(BRITAIN)), 413, "Scale it down"),
    ("animated WebP", lambda: animation("WEBP"), 422, "one frame"),
    ("animated PNG", lambda: animation("PNG"), 422, "one frame"),
    ("GIF", lambda: animation("GIF"), 422, "JPEG"),
]


@pytest.mark.parametrize("path", ["/api/v1/sightings", "/api/v1/read", "/api/upload_image"])
@pytest.mark.parametrize(("make", "status", "advice"), [pytest.param(*case[1:], id=case[0]) for case in BAD])
def test_a_bad_image_is_reported_and_leaves_nothing(
    sqlite_server: Server, path: str, make: Callable[[], bytes], status: int, advice: str
) -> None:
    answer = sqlite_server.admin().post(path, files=[("image", ("car.jpg", make(), "image/jpeg"))])
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert advice in told.get("detail", told.get("message"))
    with sqlite_server.runtime.database.reading() as session:
        assert [session.query(row).count() for row in (SightingRow, ImageRow, EventRow)] == [0, 0, 0]
    assert sqlite_server.media_files == []


def test_one_bad_photo_among_good_ones_refuses_the_whole_request(server: Server) -> None:
    files = [("image", ("a.jpg", BRITAIN, "image/jpeg")), ("image", ("b.jpg", BRITAIN[:9000], "image/jpeg"))]
    answer = server.admin().post("/api/v1/sightings", files=files)
    assert answer.status_code == 422
    with server.runtime.database.reading() as session:
        assert session.query(SightingRow).count() == 0
    assert server.media_files == []


def sixteen_bit_png() -> bytes:
    image = Image.open(BytesIO(BRITAIN)).convert("L").convert("I").point(lambda value: value * 257)
    buffer = BytesIO()
    image.convert("I;16").save(buffer, "PNG")
    return buffer.getvalue()


def with_alpha() -> bytes:
    image = Image.open(BytesIO(BRITAIN)).convert("RGBA")
    image.putalpha(255)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: encoded("JPEG", "L"), id="gray JPEG"),
        pytest.param(lambda: encoded("JPEG", "CMYK", quality=95), id="CMYK JPEG"),
        pytest.param(lambda: encoded("WEBP", quality=95), id="WebP"),
        pytest.param(lambda: encoded("BMP"), id="BMP"),
        pytest.param(sixteen_bit_png, id="16-bit PNG"),
        pytest.param(with_alpha, id="PNG with alpha"),
    ],
)
def test_an_unusual_image_is_read_like_any_other(sqlite_server: Server, make: Callable[[], bytes]) -> None:
    client = sqlite_server.admin()
    answer = client.post("/api/v1/sightings", files=[("image", ("car", make(), "image/any"))])
    assert answer.status_code == 201, answer.text
    (sighting,) = answer.json()["images"][0]["sightings"]
    assert sighting["plate"] == "WM64UMA"
    stored = Image.open(BytesIO(client.get(sighting["image_url"]).content))
    assert (stored.format, stored.size) == ("JPEG", (416, 416))
