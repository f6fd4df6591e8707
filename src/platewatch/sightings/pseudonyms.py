"""Plates stored so that only who knows a plate can find it: a keyed hash in place of the text."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Final

from platewatch.errors import SettingsError
from platewatch.keyfile import read_or_make_key
from platewatch.plates.text import PSEUDONYM_MARK, is_pseudonym, plate_key

PLATE_KEY_FILE: Final = "plate-key"
_SIGNS: Final = 26
"""Of base 32, which are 130 bits."""


class Pseudonyms:
    """HMAC-SHA-256 with one key. Without the key nobody can try all plates and see which one gives a pseudonym."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, plate: str) -> str:
        """The pseudonym of the plate's key; the same for the same plate and secret."""
        digest = hmac.digest(self._key, plate.encode(), hashlib.sha256)
        return PSEUDONYM_MARK + base64.b32encode(digest).decode()[:_SIGNS]


def texts_of(plate: str, pseudonyms: Pseudonyms | None) -> frozenset[str]:
    """The texts that may stand for the plate in the database, whether or not a list named it when it was stored.

    The plate may be written with separators and marks, or be given as a pseudonym.

    Raises:
        PlateTextError: A letter or sign has no key.
    """
    if is_pseudonym(plate):
        return frozenset({plate})
    plate = plate_key(plate)
    return frozenset({plate} if pseudonyms is None else {plate, pseudonyms.of(plate)})


def open_pseudonyms(given_key: str | None, folder: Path) -> Pseudonyms:
    """Pseudonyms with the key of the settings, else with that of a file in the folder, made at the first use.

    Raises:
        SettingsError: the file can't be read or made.
    """
    if given_key:
        return Pseudonyms(hashlib.sha256(given_key.encode()).digest())
    path = folder / PLATE_KEY_FILE
    try:
        return Pseudonyms(read_or_make_key(path))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The key of the pseudonyms, {str(path)!r}, can't be used: {error}. Restore it from a backup, or set "
            "PLATEWATCH_PLATE_KEY. With another key the plates stored so far are found no more.",
        ) from error
