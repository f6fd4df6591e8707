"""The server's memory for uploads as large as it allows: `python -m benchmarks.server.uploads`.

A real server is sent photos of each kind with as many pixels as one photo may have: alone, as many as one request may
have, and in several requests at once. The peak is the kernel's own (VmHWM of the server's process), above the memory
that the server had when it was idle and warm.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final

import cv2
import httpx2
import numpy as np
import pillow_heif
import typer
from PIL import Image

from benchmarks.children import running_server
from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.errors import ChildError
from benchmarks.over_http import READ_PATH, RECORD_PATH, log_in
from benchmarks.report import Grid, Measured, figure, publish
from benchmarks.server.traffic import SAMPLES

NAME: Final = "uploads"
_TIMEOUT_S: Final = 600.0
_SIDE: Final = 7071
"""Of a square photo with the 50 megapixels that one may have by default."""
_SMALL_SIDE: Final = 3535
_PER_REQUEST: Final = 4
_SMALL_PER_REQUEST: Final = 16
_AT_ONCE: Final = 4
_PER_REQUEST_AT_ONCE: Final = 1
_EXPECTED: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Peak:
    """The peak memory of one kind of photo, in MiB above the idle server."""

    kind: str
    kilobytes: float
    alone: float
    in_one_request: float
    small_in_one_request: float
    at_once: float
    answers_at_once: dict[str, int]


@dataclass(frozen=True, slots=True)
class Uploads:
    """All kinds, and the memory of the idle server."""

    idle_mib: float
    peaks: tuple[Peak, ...]


def uploads(
    *,
    only: Annotated[str | None, typer.Option(help="One kind of photo alone.")] = None,
    record: Annotated[bool, typer.Option(help="Record the photos instead of only reading them.")] = False,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Measure the server's highest memory for each kind of photo."""
    how = circumstances("benchmarks.server.uploads")
    path = RECORD_PATH if record else READ_PATH
    with running_server({}) as server, httpx2.Client(base_url=server.url, timeout=_TIMEOUT_S) as client:
        log_in(client)
        for sample in sorted(SAMPLES.glob("*.jpg")):
            _send(client, READ_PATH, [sample.read_bytes()])
        idle_mib = _memory(server.pid)["VmRSS"]
        peaks = []
        for kind in KINDS:
            if only is None or only == kind.name:
                peaks.append(_measure(client, server.pid, path, kind, idle_mib))
                typer.echo(peaks[-1], err=True)
    result = Uploads(idle_mib, tuple(peaks))
    notes = [
        f"`POST {path}` of the server as it comes, {idle_mib:.0f} MiB when idle",
        "its limits: 50 megapixels a photo, 200 a request, 50 in memory",
        "kinds with * may have half of the pixels and count twice, with ** a third and threefold",
        f"{_AT_ONCE} requests at once, each with a photo of 50 megapixels",
    ]
    publish(Measured(NAME, how, notes, [grid(result)], result), output, write)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its name and what makes one with so many pixels on each side."""

    name: str
    make: Callable[[int], bytes]


def _measure(client: httpx2.Client, pid: int, path: str, kind: Kind, idle_mib: float) -> Peak:
    large, small = kind.make(_SIDE), kind.make(_SMALL_SIDE)

    def peak(send: Callable[[], object]) -> float:
        _forget_peak(pid)
        send()
        return _memory(pid)["VmHWM"] - idle_mib

    answers: list[int] = []
    return Peak(
        kind=kind.name,
        kilobytes=len(large) / 1024,
        alone=peak(lambda: _send(client, path, [_fresh(large, 0)])),
        in_one_request=peak(lambda: _send(client, path, [_fresh(large, n) for n in range(_PER_REQUEST)])),
        small_in_one_request=peak(lambda: _send(client, path, [_fresh(small, n) for n in range(_SMALL_PER_REQUEST)])),
        at_once=peak(lambda: answers.extend(_send_at_once(client, path, large))),
        answers_at_once={str(status): number for status, number in sorted(Counter(answers).items())},
    )


def _send_at_once(client: httpx2.Client, path: str, photo: bytes) -> list[int]:
    requests = [
        [_fresh(photo, 10 + 10 * request + n) for n in range(_PER_REQUEST_AT_ONCE)] for request in range(_AT_ONCE)
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda photos: _send(client, path, photos), requests))


def _send(client: httpx2.Client, path: str, photos: list[bytes]) -> int:
    answer = client.post(path, files=[("image", ("photo", photo)) for photo in photos])
    if answer.status_code not in _EXPECTED:
        raise ChildError(f"{path} answered {answer.status_code}: {answer.text[:300]}")
    return answer.status_code


def _fresh(photo: bytes, number: int) -> bytes:
    """The same photo with bytes behind its end, so that the server does not know it."""
    return photo + number.to_bytes(4, "big")


def _memory(pid: int) -> dict[str, float]:
    """The resident memory of the process now and at its highest, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}


def _forget_peak(pid: int) -> None:
    """Let the highest memory be the present one (proc(5))."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="utf-8")


def _encode(image: Image.Image, image_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def _plain(mode: str, color: Any, image_format: str = "PNG", **options: Any) -> Callable[[int], bytes]:
    return lambda side: _encode(Image.new(mode, (side, side), color), image_format, **options)


def _noise(image_format: str, mode: str = "RGB", **options: Any) -> Callable[[int], bytes]:
    """A picture of soft colors, whose file is not tiny."""

    def make(side: int) -> bytes:
        few = np.random.default_rng(1).integers(0, 256, (90, 90, 3), dtype=np.uint8)
        soft = np.asarray(cv2.resize(few, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
        return _encode(Image.fromarray(soft).convert(mode), image_format, **options)

    return make


def _strewn(side: int) -> bytes:
    """A gray picture with single black and white pixels, which the server cleans first."""
    rng = np.random.default_rng(1)
    values = np.full((side, side), 128, np.uint8)
    values[rng.random((side, side)) < 0.02] = 0  # noqa: PLR2004 -- the share of such pixels
    return _encode(Image.fromarray(values), "PNG")


def _deep(channels: int, value: int) -> Callable[[int], bytes]:
    """A PNG of 16 bits whose largest value is this."""
    return lambda side: cv2.imencode(".png", np.full((side, side, channels), value, np.uint16))[1].tobytes()


def _deep_avif(side: int) -> bytes:
    few = np.random.default_rng(1).integers(0, 1 << 12, (60, 60, 4), dtype=np.uint16)
    soft = cv2.resize(few, (side, side), interpolation=cv2.INTER_LINEAR)
    options = [cv2.IMWRITE_AVIF_DEPTH, 12, cv2.IMWRITE_AVIF_SPEED, 10, cv2.IMWRITE_AVIF_QUALITY, 50]
    return cv2.imencode(".avif", soft, options)[1].tobytes()


def _deep_heic(side: int) -> bytes:
    few = np.random.default_rng(1).integers(0, 1 << 16, (60, 60, 4), dtype=np.uint16)
    soft = cv2.resize(few, (side, side), interpolation=cv2.INTER_LINEAR)
    file = io.BytesIO()
    pillow_heif.from_bytes("RGBA;16", (side, side), soft.tobytes()).save(file, quality=50, chroma=444)
    return file.getvalue()


def _wide(side: int) -> bytes:
    """As many pixels in rows as long as JPEG allows none: a panorama."""
    return _encode(Image.new("RGBA", (side * side // 256, 256), (120, 130, 140, 200)), "PNG")


def _share(parts: int, make: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """A half or a third of the pixels, as the server allows them where each takes so many times the memory."""
    return lambda side: make(int(side / np.sqrt(parts)))


def _exif(orientation: int) -> bytes:
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + bytes(6)


pillow_heif.register_heif_opener()

KINDS: Final = (
    Kind("PNG, gray", _plain("L", 128)),
    Kind("PNG, gray with noise", _strewn),
    Kind("PNG, RGB", _plain("RGB", (120, 130, 140))),
    Kind("PNG, RGBA", _plain("RGBA", (120, 130, 140, 200))),
    Kind("PNG, RGBA, 256 rows", _wide),
    Kind("PNG, gray with alpha", _plain("LA", (100, 100))),
    Kind("PNG, palette", _plain("P", 3)),
    Kind("PNG, palette with alpha", _plain("P", 3, transparency=0)),
    Kind("PNG, 16-bit gray", _plain("I;16", 30_000)),
    Kind("PNG, 16-bit gray, turned", _plain("I;16", 30_000, exif=_exif(6))),
    Kind("PNG, 16-bit RGB", _deep(3, 30_000)),
    Kind("PNG, 16-bit RGB that uses 10", _deep(3, 900)),
    Kind("PNG, 16-bit RGBA that uses 10", _deep(4, 900)),
    Kind("JPEG", _noise("JPEG", quality=60)),
    Kind("JPEG, turned", _noise("JPEG", quality=60, exif=_exif(6))),
    Kind("JPEG, progressive", _noise("JPEG", quality=60, progressive=True)),
    Kind("JPEG, progressive, 4:4:4", _noise("JPEG", quality=60, progressive=True, subsampling=0)),
    Kind("JPEG, four inks, progressive*", _share(2, _noise("JPEG", "CMYK", quality=50, progressive=True))),
    Kind("WebP", _noise("WEBP", quality=50)),
    Kind("WebP, lossless", _plain("RGB", (120, 130, 140), "WEBP", lossless=True)),
    Kind("WebP, with alpha", _plain("RGBA", (120, 130, 140, 100), "WEBP", lossless=True)),
    Kind("WebP, with alpha, turned", _plain("RGBA", (120, 130, 140, 100), "WEBP", lossless=True, exif=_exif(6))),
    Kind("BMP", _plain("1", 1, "BMP")),
    Kind("AVIF", _noise("AVIF", quality=50, speed=10)),
    Kind("AVIF, turned", _noise("AVIF", quality=50, speed=10, exif=_exif(6))),
    Kind("AVIF, 4:4:4*", _share(2, _noise("AVIF", quality=50, speed=10, subsampling="4:4:4"))),
    Kind("AVIF, 12-bit with alpha*", _share(2, _deep_avif)),
    Kind("HEIC", _noise("HEIF", quality=50)),
    Kind("HEIC, turned", _noise("HEIF", quality=50, exif=_exif(6))),
    Kind("HEIC, 10-bit, 4:4:4, with alpha**", _share(3, _deep_heic)),
)


def grid(result: Uploads) -> Grid:
    """The figures as a table."""
    columns = (
        "photo",
        "kB",
        "1 of 50 MP",
        f"{_PER_REQUEST} of 50 MP",
        f"{_SMALL_PER_REQUEST} of 12.5 MP",
        f"{_AT_ONCE} requests at once",
        "their answers",
    )
    rows = tuple(
        (
            peak.kind,
            figure(peak.kilobytes, 0),
            *(figure(mib, 0) for mib in (peak.alone, peak.in_one_request, peak.small_in_one_request, peak.at_once)),
            ", ".join(f"{number} x {status}" for status, number in peak.answers_at_once.items()),
        )
        for peak in result.peaks
    )
    return Grid("Highest memory above the idle server (MiB)", columns, rows)


if __name__ == "__main__":
    typer.run(uploads)
