"""The one-time token that proves that who makes the first account can read the server's terminal."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


class SetupToken:
    """A token in a file of the data folder that only the server's user can read.

    A file rather than memory, so that every process of one server knows the same token.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / "setup-token"

    def get_or_create(self) -> str:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self._path.read_text(encoding="ascii").strip()
        token = secrets.token_urlsafe(18)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(token + "\n")
        return token

    def matches(self, given: str | None) -> bool:
        return given is not None and secrets.compare_digest(given.strip().encode(), self.get_or_create().encode())

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)
