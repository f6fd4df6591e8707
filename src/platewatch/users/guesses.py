"""The strength of passwords by zxcvbn: its lists of passwords, names and words, key patterns, dates and repeats."""

from __future__ import annotations

import re
from typing import Final

from zxcvbn import zxcvbn

MIN_GUESSES: Final = 10**6
"""The throttle lets some thousand a day through for one account, from however many addresses."""
MIN_LENGTH_BESIDE_NAMES: Final = 8

_JUDGED: Final = 20
"""Characters that are looked at: more can only be harder to guess, and 72 may take zxcvbn ten seconds."""
_PRODUCT: Final = (
    "platewatch",
    "plate watch",
    "carwatch",
    "securepass",
    "galaxy alpr",
    "license plate",
    "number plate",
)
_MIN_NAME: Final = 3
_KEY_ROWS: Final = (
    "qwertzuiop\u00fc+",
    "asdfghjkl\u00f6\u00e4#",
    "yxcvbnm,.-",
    "azertyuiop$",
    "qsdfghjklm\u00f9",
    "wxcvbn,;:!",
    "qaywsxedcrfvtgbzhnujm",
    "1qay2wsx3edc4rfv",
    "1234567890\u00df",
    "\u0439\u0446\u0443\u043a\u0435\u043d\u0433\u0448\u0449\u0437\u0445\u044a",
    "\u0444\u044b\u0432\u0430\u043f\u0440\u043e\u043b\u0434\u0436\u044d",
    "\u044f\u0447\u0441\u043c\u0438\u0442\u044c\u0431\u044e",
)
"""Keyboards of Germany, France and Russia; zxcvbn knows the American one."""
_MIN_RUN: Final = 4
_KEY_RUNS: Final = tuple(
    row[start:end] for row in _KEY_ROWS for start in range(len(row)) for end in range(start + _MIN_RUN, len(row) + 1)
)


def why_easy_to_guess(password: str, username: str) -> str | None:
    """Why the password is among the first that somebody would try, None if it is not."""
    names = [name for name in (username, *username.split(), *_PRODUCT) if len(name) >= _MIN_NAME]
    if len(_without(names, password)) < MIN_LENGTH_BESIDE_NAMES:
        return "it is little more than the user name or the product's name"
    judged = zxcvbn(password[:_JUDGED], user_inputs=[*names, *_KEY_RUNS])
    if judged["guesses"] >= MIN_GUESSES:
        return None
    warning = str(judged["feedback"]["warning"] or "").rstrip(".")
    return warning[:1].lower() + warning[1:] if warning else "it is a common word, name or row of keys"


def _without(names: list[str], password: str) -> str:
    """The password with each of the names in it as one character."""
    pattern = "|".join(r"\W*".join(map(re.escape, name.split())) for name in sorted(names, key=len, reverse=True))
    return re.sub(pattern, "*", password, flags=re.IGNORECASE)
