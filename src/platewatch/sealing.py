"""Secrets that the server has to read again, encrypted before they are stored: no copy of the database tells them."""

from __future__ import annotations

import base64
import hashlib
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from platewatch.errors import SealError, SettingsError
from platewatch.keyfile import read_or_make_key

KEY_FILE: Final = "secret-key"
_SALT: Final = b"platewatch.sealing"
_SCRYPT_N: Final = 2**14  # 16 MB and some 50 ms, once: the setting may be a phrase that could be guessed


class Seal:
    """Fernet: AES-128 in CBC mode with HMAC-SHA-256, so that a sealed text can neither be read nor changed.

    The key is derived from the one of the settings, else it is that of a file in the data folder, made at the first
    use. With a key of the settings, what was sealed with the file's before can still be read.
    """

    def __init__(self, given_key: str | None, folder: Path) -> None:
        self._given_key = given_key
        self._path = folder / KEY_FILE

    def require_key(self) -> None:
        """Do nothing if there is a key; make it where there is none yet.

        Raises:
            SettingsError: the file can't be read or made.
        """
        _ = self._fernet

    def seal(self, text: str) -> str:
        """The text, encrypted; another one each time, of ASCII letters and about a third longer."""
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The text that was sealed.

        Raises:
            SealError: it was sealed with another key, or changed since.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SealError from error

    @cached_property
    def _fernet(self) -> MultiFernet:
        keys = []
        if self._given_key:
            keys.append(hashlib.scrypt(self._given_key.encode(), salt=_SALT, n=_SCRYPT_N, r=8, p=1, dklen=32))
        if not keys or self._path.exists():
            keys.append(self._file_key())
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    def _file_key(self) -> bytes:
        try:
            return hashlib.sha256(read_or_make_key(self._path)).digest()
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"The server's secret key, {str(self._path)!r}, can't be used: {error}. Restore it from a backup, or "
                "set PLATEWATCH_SECRET_KEY. With another key, second factors and gates have to be set up anew."
            ) from error
