"""The lines of a CSV file as text, in whatever encoding and with whatever line ends a spreadsheet wrote it."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final

from platewatch.errors import FieldError

MAX_LINE: Final = 1_000_000
_HEAD: Final = 4096
_CHUNK: Final = 1 << 16
_MANY_NULS: Final = 0.2
_SAVE_AS: Final = "Save it as `CSV UTF-8` in the spreadsheet and send that."
_OTHER_FILES: Final = (
    (b"PK\x03\x04", "a workbook (.xlsx, .ods, .numbers) or another ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "packed with gzip"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"<", "HTML or XML"),
)


class Encoding(StrEnum):
    """The file's encoding; `auto` recognizes UTF-8, UTF-16 and, failing those, Windows-1252."""

    AUTO = "auto"
    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1250 = "windows-1250"
    WINDOWS_1251 = "windows-1251"
    WINDOWS_1252 = "windows-1252"
    WINDOWS_1253 = "windows-1253"
    WINDOWS_1254 = "windows-1254"
    WINDOWS_1257 = "windows-1257"
    ISO_8859_2 = "iso-8859-2"
    ISO_8859_15 = "iso-8859-15"
    SHIFT_JIS = "shift_jis"
    GB18030 = "gb18030"
    BIG5 = "big5"
    EUC_KR = "euc-kr"


@dataclass(frozen=True, slots=True)
class Decoder:
    """A codec, and whether it was only guessed, so that letters may be others than they seem."""

    codec: str
    is_guess: bool = False


def find_decoder(file: BinaryIO, encoding: Encoding) -> Decoder:
    """The decoder of the file, which is rewound.

    Raises:
        FieldError: it is no text file, or its encoding is not recognized.
    """
    head = file.read(_HEAD)
    file.seek(0)
    for signature, kind in _OTHER_FILES:
        if head.lstrip().startswith(signature):
            raise FieldError("file", f"The file is {kind}, not CSV. {_SAVE_AS}")
    if encoding not in (Encoding.AUTO, Encoding.UTF_8, Encoding.UTF_16):
        return Decoder(encoding.value)
    if encoding is not Encoding.UTF_8 and (codec := _utf_16(head)):
        return Decoder(codec)
    if encoding is Encoding.UTF_16:
        return Decoder("utf-16-le")
    if encoding is Encoding.UTF_8 or _is_utf_8(file):
        return Decoder("utf-8-sig")
    return Decoder("windows-1252", is_guess=True)


def text_lines(file: BinaryIO, codec: str) -> Iterator[str]:
    """The lines with their ends, which may be LF, CR LF or CR alone.

    Raises:
        FieldError: the file is not in this encoding, or a line has no end.
    """
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        while line := text.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise FieldError("file", f"A line of the file has more than {MAX_LINE} characters. {_SAVE_AS}")
            yield line
    except UnicodeDecodeError as error:
        name = codec.removesuffix("-sig")
        raise FieldError(
            "file", f"The file is not in {name}. {_SAVE_AS} Or name its encoding in the address: `encoding=...`."
        ) from error
    finally:
        # The wrapper would close the file, which is not ours, when it is collected. A file that is closed is let be.
        with suppress(ValueError):
            text.detach()


def _utf_16(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    half = len(head) // 2
    if half and head[1::2].count(0) > _MANY_NULS * half:
        return "utf-16-le"
    return "utf-16-be" if half and head[::2].count(0) > _MANY_NULS * half else None


def _is_utf_8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True
