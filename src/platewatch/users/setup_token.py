"""The one-time token that proves that the creator of the first account can read the server's terminal."""

from __future__ import annotations

import secrets
from pathlib import Path

from platewatch.errors import SettingsError
from platewatch.keyfile import write_once


class SetupToken:
    """A token in a file of the data folder that only the server's user can read.

    A file rather than memory, so that every process of one server knows the same token.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / "setup-token"

    def get_or_create(self) -> str:
        if (token := self._read_stored()) is None:
            write_once(self._path, secrets.token_urlsafe(18) + "\n")
            token = self._read_stored()
        if token is None:
            raise SettingsError(f"The file {str(self._path)!r} holds no token. Delete it and start again.")
        return token

    def matches(self, given: str | None) -> bool:
        expected = self.get_or_create()
        return given is not None and secrets.compare_digest(given.strip().encode(), expected.encode())

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)

    def _read_stored(self) -> str | None:
        try:
            return self._path.read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None
