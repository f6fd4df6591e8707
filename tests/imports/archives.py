"""Archives as people send them, and as attackers do."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path


def archive(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as written:
        for name, data in files.items():
            written.writestr(zipfile.ZipInfo(name, (2026, 2, 3, 4, 5, 6)), data, compression)
    return path


def with_link(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as written:
        info = zipfile.ZipInfo("a.jpg")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        written.writestr(info, "/etc/passwd")
    return path


def encrypted(path: Path) -> Path:
    """An archive that says its file needs a password."""
    data = bytearray(archive(path, {"a.jpg": b"x" * 50}).read_bytes())
    data[6] |= 1
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    return path


def lying_about_its_size(path: Path, real: bytes, told: int) -> Path:
    """An archive whose table of contents says that the file is shorter than it is."""
    data = bytearray(archive(path, {"a.jpg": real}, zipfile.ZIP_DEFLATED).read_bytes())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, told)
    path.write_bytes(data)
    return path
