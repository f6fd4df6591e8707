"""The parts of a JPEG file (ISO/IEC 10918-1, annex B): what is stored of it, and whether only its end is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_END_MARKER: Final = 0xD9
_SCAN: Final = 0xDA
_COMMENT: Final = 0xFE
_APPLICATION: Final = range(0xE0, 0xF0)
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_COEFFICIENTS: Final = 64

# A marker behind image data; 0 behind 255 is part of the data, and so are restart markers.
_NEXT_MARKER: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)

# What of the notes decides how the pixels look: the file's kind, its color profile and its way to store colors.
_KEPT_NOTES: Final = {0xE0: b"JFIF\x00", 0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}


@dataclass(frozen=True, slots=True)
class _Segment:
    """A marker, and where the segment with it (and the image data behind it) begins and ends."""

    marker: int
    start: int
    content: int
    end: int


def without_notes(data: bytes) -> bytes | None:
    """The file without EXIF, XMP, other notes, and what follows the picture; None if its parts are not understood.

    A browser turns a JPEG by its EXIF block; without it, it shows the pixels as they are. Places and other pictures
    that phones put into a file go too.
    """
    segments = list(_segments(data))
    if not segments or segments[-1].marker != _END_MARKER:
        return None
    kept = [data[segment.start : segment.end] for segment in segments if _shows(data, segment)]
    return b"".join([_START, *kept])


def with_end(data: bytes) -> list[bytes]:
    """Possible repaired files if only the end marker is missing; empty if the marker is there, or a scan is missing.

    Whether all pixels are there is for a strict decoder to say. Some cameras fill a file up with zeros.
    """
    found = []
    for begun in dict.fromkeys((data, data.rstrip(b"\x00"))):
        ended = begun + _END[1:] if begun.endswith(b"\xff") else begun + _END
        segments = list(_segments(ended))
        is_ended = bool(segments) and segments[-1].marker == _END_MARKER and segments[-1].end == len(ended)
        if is_ended and _is_complete(ended, segments):
            found.append(ended)
    return found


def _segments(data: bytes) -> Iterator[_Segment]:
    """The segments behind the start marker as far as the end marker, or until they are not understood."""
    at = len(_START) if data.startswith(_START) else len(data)
    while at + 1 < len(data) and data[at] == 0xFF:  # noqa: PLR2004 (every marker begins so)
        start = at
        while at + 1 < len(data) and data[at + 1] == 0xFF:  # noqa: PLR2004 (fill bytes)
            at += 1
        if at + 1 >= len(data):
            return
        marker, content = data[at + 1], at + 4
        if marker == _END_MARKER:
            yield _Segment(marker, start, at + 2, at + 2)
            return
        if marker in _STANDALONE:
            yield _Segment(marker, start, at + 2, at + 2)
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(data):  # noqa: PLR2004 (the length counts itself)
            return
        if marker == _SCAN:
            following = _NEXT_MARKER.search(data, end)
            if following is None:
                return
            end = following.start()
        yield _Segment(marker, start, content, end)
        at = end


def _shows(data: bytes, segment: _Segment) -> bool:
    """Whether the picture looks otherwise without the segment."""
    if segment.marker in _KEPT_NOTES:
        return data.startswith(_KEPT_NOTES[segment.marker], segment.content)
    return segment.marker != _COMMENT and segment.marker not in _APPLICATION


def _is_complete(data: bytes, segments: list[_Segment]) -> bool:
    """Whether every coefficient of every color has come in full: a progressive file brings them in several scans."""
    frame = next((segment for segment in segments if segment.marker in _FRAMES), None)
    if frame is None:
        return False
    # Length 2, precision 1, height 2, width 2, number of components 1, three bytes for each.
    count = data[frame.content + 5]
    components = {data[frame.content + 6 + 3 * number] for number in range(count)}
    left = {component: [1] * _COEFFICIENTS for component in components}
    for segment in segments:
        if segment.marker == _SCAN:
            in_scan = data[segment.content]
            first, last, precision = data[segment.content + 1 + 2 * in_scan : segment.content + 4 + 2 * in_scan]
            is_whole = frame.marker not in _PROGRESSIVE
            covered = range(_COEFFICIENTS) if is_whole else range(first, min(last + 1, _COEFFICIENTS))
            for number in range(in_scan):
                bits = left.get(data[segment.content + 1 + 2 * number], [])
                for coefficient in covered if bits else ():
                    bits[coefficient] = 0 if is_whole else precision & 0x0F
    return bool(left) and not any(any(bits) for bits in left.values())
