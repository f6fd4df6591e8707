"""The one-time token that proves that who makes the first account can read the server's terminal."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from platewatch.errors import SettingsError


class SetupToken:
    """A token in a file of the data folder that only the server's user can read.

    A file rather than memory, so that every process of one server knows the same token.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / "setup-token"

    def get_or_create(self) -> str:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if (token := self._stored()) is None:
            self._create()
            token = self._stored()
        if token is None:
            raise SettingsError(f"The file {str(self._path)!r} holds no token. Delete it and start again.")
        return token

    def matches(self, given: str | None) -> bool:
        expected = self.get_or_create()
        return given is not None and secrets.compare_digest(given.strip().encode(), expected.encode())

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)

    def _stored(self) -> str | None:
        try:
            return self._path.read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def _create(self) -> None:
        # Linked when whole: no process may ever take a half-written file for the token.
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(18) + "\n")
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, self._path)
        finally:
            draft.unlink()
