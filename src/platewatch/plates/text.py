"""One function from a plate as written to the key by which every part of platewatch compares plates.

A key has A-Z, 0-9 and the signs of Chinese plates. Beside the key, the text as written is kept for people.

Each letter gets the key that the recognizer reads for that letter (measured on 25 rendered plates a letter):

- Marks go off: Ä Ö Ü Å Č Ñ Ő are read as A O U A C N O, 25 times of 25.
- Letters that Unicode does not decompose: Ø (22 of 25), Đ, Ð, Þ, Ł, Ħ, Ŧ and Æ (25 of 25) are read as O, D, D, P, L, H,
  T and AE. Œ becomes OE. ß is refused: no plate has it, and the recognizer is not sure of it.
- Cyrillic and Greek letters that look Latin become that letter: these are the letters of Russian, Ukrainian, Bulgarian
  and Greek plates. Others, such as Ж, З and Δ, are refused, also where the recognizer misreads them.
- Full-width and mathematical forms become the plain letter or digit; traditional Chinese signs become the simplified
  ones that the recognizer writes.
- Digits of other scripts are refused, with their value in the message: their shapes differ from script to script.
- Spaces, hyphens, dots, bullets and underscores separate and are dropped; so are invisible signs, which nobody can see.
- All else (`+ | [ ] % # / = , :`) is a trace of a damaged cell or of two plates, so it is refused.

A recognizer that reads a photo can't be refused: `reading_key` drops what `plate_key` refuses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from platewatch.errors import PlateTextError

PROVINCES: Final = frozenset("京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新港澳学警使领挂")
"""Chinese province characters and the endings of special plates."""

MIN_LENGTH: Final = 2
MAX_LENGTH: Final = 12
MAX_WRITTEN: Final = 64
"""Characters of a plate as written."""

ANY_SIGN: Final = "?"
ANY_SIGNS: Final = "*"
WILDCARDS: Final = ANY_SIGN + ANY_SIGNS

PSEUDONYM_MARK: Final = "~"
"""The first character of a pseudonym; no plate has it."""

_LETTERS_AND_DIGITS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_KEY_SIGNS: Final = _LETTERS_AND_DIGITS | PROVINCES

_UNDECOMPOSED: Final = {"Ø": "O", "Đ": "D", "Ð": "D", "Þ": "P", "Ł": "L", "Ħ": "H", "Ŧ": "T", "Æ": "AE", "Œ": "OE"}
"""Latin letters with a mark that Unicode does not take apart."""
_LOOKALIKES: Final = (
    dict(zip("АВЕКМНОРСТУХІЈЅҮӀ", "ABEKMHOPCTYXIJSYI", strict=True))  # Cyrillic
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))  # Greek
    | dict(zip("滬遼蘇魯貴雲陝寧瓊閩晉贛粵學領掛", "沪辽苏鲁贵云陕宁琼闽晋赣粤学领挂", strict=True))
    | {"İ": "I", "ı": "I"}  # Turkish keyboards write both for the I of plates.
)
_SEPARATORS: Final = frozenset("._·•‧∙⋅●・ー−\t\n\r\v\f")
_DROPPED_CATEGORIES: Final = frozenset({"Zs", "Zl", "Zp", "Pd", "Mn", "Me", "Cf"})
"""Spaces, dashes, marks without a letter, and invisible signs."""
_FOLDED_FORMS: Final = ("<wide>", "<narrow>", "<font>", "<compat>")
"""Compatibility forms that are the same letter or digit; superscripts, circled and squared signs are not."""

_KEY_OF_ASCII: Final = {code: chr(code).upper() if chr(code).isalnum() else None for code in range(128)}
_USUAL_ASCII: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -._\t")


def plate_key(text: str, *, kept: str = "") -> str:
    """The key of one plate that a person or a file names; empty for a text of separators alone.

    Args:
        text: The plate as written.
        kept: Signs that stay as they are, for patterns.

    Raises:
        PlateTextError: A letter or digit has no key, or a sign is no part of a plate.
    """
    if _USUAL_ASCII.issuperset(text):
        return text.translate(_KEY_OF_ASCII)
    return _without_marks(_spell(text, kept, _refuse))


def reading_key(text: str) -> str:
    """The key of a text that a recognizer read; what has no key is dropped."""
    if text.isascii():
        return text.translate(_KEY_OF_ASCII)
    return _without_marks(spelling(text))


def spelling(text: str, *, kept: str = "") -> str:
    """The key with the marks of its Latin letters: BÖ and BO have one key and two spellings."""
    if _USUAL_ASCII.issuperset(text):
        return text.translate(_KEY_OF_ASCII)
    return _spell(text, kept, _drop)


def as_written(text: str) -> str:
    """The text as people are shown it: composed, without invisible signs, with single spaces."""
    seen = "".join(sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign) != "Cf")
    return " ".join(seen.split())


def is_pseudonym(text: str) -> bool:
    """Whether the text stands for a plate that is stored as a keyed hash."""
    return text.startswith(PSEUDONYM_MARK)


def _spell(text: str, kept: str, on_unusable: Callable[[str, str], str]) -> str:
    parts = []
    for sign in unicodedata.normalize("NFC", text):
        part = sign if sign in _KEY_SIGNS else _spelling_of(sign, kept)
        parts.append(on_unusable(text, sign) if part is None else part)
    return "".join(parts)


def _refuse(text: str, sign: str) -> str:
    raise PlateTextError(text, sign)


def _drop(_text: str, _sign: str) -> str:
    return ""


@lru_cache(maxsize=4096)
def _spelling_of(sign: str, kept: str) -> str | None:
    """The upper-case Latin letter with its marks, a digit or a Chinese sign; empty for a separator, None if none."""
    if sign in kept:
        return sign
    category = unicodedata.category(sign)
    if sign in _SEPARATORS or category in _DROPPED_CATEGORIES:
        return ""
    decomposition = unicodedata.decomposition(sign)
    if decomposition.startswith("<") and not decomposition.startswith(_FOLDED_FORMS):
        return None
    if category[0] != "L" and category != "Nd":
        # Full-width punctuation counts as the plain sign.
        plain = unicodedata.normalize("NFKC", sign)
        return _spelling_of(plain, kept) if len(plain) == 1 and plain != sign else None
    return _spelled_letter(sign)


def _spelled_letter(sign: str) -> str | None:
    spelled, is_latin = "", False
    for piece in unicodedata.normalize("NFKD", _LOOKALIKES.get(sign, sign)):
        letter = piece.upper()
        if unicodedata.category(piece) == "Mn":
            # Marks tell Latin letters apart; those of Greek and Cyrillic letters stand on no plate.
            letter = piece if is_latin else ""
        elif letter in _LOOKALIKES:
            letter, is_latin = _LOOKALIKES[letter], False
        elif letter in _KEY_SIGNS or letter in _UNDECOMPOSED:
            is_latin = True
        else:
            return None
        spelled += letter
    return unicodedata.normalize("NFC", spelled) or None


def _without_marks(spelled: str) -> str:
    if spelled.isascii():
        return spelled
    pieces = unicodedata.normalize("NFD", spelled)
    return "".join(_UNDECOMPOSED.get(piece, piece) for piece in pieces if unicodedata.category(piece) != "Mn")
