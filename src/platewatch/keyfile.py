"""Small secrets in files that only the server's user can read, made once for all processes of one server."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from platewatch.data_folder import PRIVATE_FOLDER

_KEY_BYTES: Final = 32


def read_or_make_key(path: Path) -> bytes:
    """The 32 random bytes that the file holds as hexadecimal digits; the first call makes it.

    Raises:
        OSError: the file can't be read or made.
        ValueError: it holds something else.
    """
    if not path.exists():
        write_once(path, secrets.token_hex(_KEY_BYTES))
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) != _KEY_BYTES:
        raise ValueError(f"it has {len(key)} bytes in place of {_KEY_BYTES}")
    return key


def write_once(path: Path, text: str) -> None:
    """Give the file this content unless another process was faster. Nobody ever sees half of it.

    Raises:
        OSError: the file can't be made.
    """
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
