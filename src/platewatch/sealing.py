"""Secrets that the server has to read again, encrypted before they are stored: no copy of the database reveals them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from platewatch.errors import SealError, SettingsError
from platewatch.keyfile import read_or_make_key

KEY_FILE: Final = "secret-key"
SEPARATOR: Final = ","
"""Between the keys of the setting."""
_SALT: Final = b"platewatch.sealing"
_SCRYPT_N: Final = 2**14  # 16 MB and some 50 ms, once: the setting may be a phrase that could be guessed


class Seal:
    """Fernet: AES-128 in CBC mode with HMAC-SHA-256, so that a sealed text can neither be read nor changed.

    The settings give one key, or several with commas between them: the first one seals, all of them open. Without any
    it is the key of a file in the data folder, made at the first use. Where the settings have keys, what was sealed
    with the file's before can still be read.
    """

    def __init__(self, given_keys: str | None, folder: Path) -> None:
        self._given_keys = given_keys
        self._path = folder / KEY_FILE

    def require_key(self) -> None:
        """Do nothing if there is a key; make it where there is none yet.

        Raises:
            SettingsError: the file can't be read or made.
        """
        _ = self._keys

    def seal(self, text: str) -> str:
        """The text, encrypted; another one each time, of ASCII letters and about a third longer."""
        return self._keys[0].encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The text that was sealed.

        Raises:
            SealError: none of the keys sealed it, or it was changed since.
        """
        try:
            return MultiFernet(self._keys).decrypt(sealed).decode()
        except InvalidToken as error:
            raise SealError from error

    def reseal(self, sealed: str) -> str:
        """The same text under the first key; what that one sealed stays as it is.

        Raises:
            SealError: none of the keys sealed it, or it was changed since.
        """
        with contextlib.suppress(InvalidToken):
            self._keys[0].decrypt(sealed)
            return sealed
        try:
            return MultiFernet(self._keys).rotate(sealed).decode()
        except InvalidToken as error:
            raise SealError from error

    @cached_property
    def _keys(self) -> list[Fernet]:
        keys = [
            hashlib.scrypt(key.encode(), salt=_SALT, n=_SCRYPT_N, r=8, p=1, dklen=32)
            for key in _split_keys(self._given_keys or "")
        ]
        if not keys or self._path.exists():
            keys.append(self._file_key())
        return [Fernet(base64.urlsafe_b64encode(key)) for key in keys]

    def _file_key(self) -> bytes:
        try:
            return hashlib.sha256(read_or_make_key(self._path)).digest()
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"The server's secret key, {str(self._path)!r}, can't be used: {error}. Restore it from a backup, or "
                "move it away: then second factors, gates and cameras have to be set up again."
            ) from error


def _split_keys(given: str) -> list[str]:
    """The keys of the setting, the one that seals first."""
    if SEPARATOR not in given:
        return [given] if given else []
    keys = [key.strip() for key in given.split(SEPARATOR) if key.strip()]
    # Before several keys could be given, this was one; what it sealed is still opened.
    return [*keys, given]
