"""Whether the region that was reported is the labelled one: sets name countries in ways of their own."""

from __future__ import annotations

from typing import Final

_WEST_AND_NORTH: Final = "at be ch de dk ee fi fo fr gb ge gg ie im is je li lt lu lv mc nl no se"
_SOUTH_AND_EAST: Final = "ad al ba bg by cy cz es gi gr hr hu it md me mk mt pl pt ro rs ru si sk sm tr ua va xk"
EUROPE: Final = frozenset(f"{_WEST_AND_NORTH} {_SOUTH_AND_EAST}".split())
_LABELLED_EUROPE: Final = "eu"
# The oval signs of the UN's convention on road traffic, where they are not the ISO 3166 code already.
_SIGNS: Final = {
    "a": "at",
    "b": "be",
    "d": "de",
    "e": "es",
    "est": "ee",
    "f": "fr",
    "fin": "fi",
    "fl": "li",
    "gbj": "je",
    "gbm": "im",
    "h": "hu",
    "i": "it",
    "irl": "ie",
    "l": "lu",
    "mne": "me",
    "n": "no",
    "p": "pt",
    "s": "se",
    "slo": "si",
    "srb": "rs",
    "uk": "gb",
}


def same_region(labelled: str, reported: str | None) -> bool:
    """Whether a reported region (`us-ca`) is in the labelled country, or somewhere in Europe for the label `eu`."""
    if reported is None:
        return False
    country = reported.partition("-")[0]
    wanted = labelled.lower()
    if wanted == _LABELLED_EUROPE:
        return country in EUROPE
    return country == _SIGNS.get(wanted, wanted).partition("-")[0]


def names_state(region: str) -> bool:
    """Whether the code is that of a state (`us-ca`) and not of a country alone."""
    return "-" in region
