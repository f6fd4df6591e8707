"""Likeness of a text to a plate's, and look-alike characters that the format settles.

The knowledge is in tables; `plate_likeness` weighs the first rule that fits. The weights were chosen on the free
training photos: what they must do is to put a badge, a slogan or a time stamp below a plate.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Final

from platewatch.plates.text import MAX_LENGTH, MIN_LENGTH, PROVINCES, reading_key

# How the numbers of whole families of countries are built. L: letter, D: digit, P: province, in normalized text.
_GRAMMARS: Final = (
    "PLWWWWW",  # CN
    "PLWWWWWW",  # CN, new energy
    "LLDDLLL",  # GB, since 2001
    "LDDDLLL",  # GB, 1983 to 2001; RO, Bucharest
    "LLDDLLDDDD",  # IN
    "LLDDLDDDD",  # IN
    "LLDDDDDD",  # IN without a series
    "LLDLLDDDD",  # IN, Delhi
    "LLDLLLDDDD",  # IN, Delhi
    "DDLLDDDDLL",  # IN, Bharat series
    "LLLDDDD",  # BR before 2018, several US states
    "LLLDLDD",  # BR, Mercosur
    "LLDDDLL",  # FR, IT, AR Mercosur
    "LLLDDD",  # AR, SE, FI, HU, several US states
    "DLLLDDD",  # US-CA
    "DDDLLL",  # several US states
    "DDDDLLL",  # ES
    "LLLDDDDD",  # GR-like, PL
    "LLDDDD",  # NL, CH, US
    "LLDDDDD",  # CH, NO, DK, US, ID
    "LDDLLL",  # RO, Bucharest
    "LLDDLL",  # NL
    "DDLLLD",  # NL
    "DDLLDD",  # NL, PT
    "LDDDLL",  # RU without region, NL
    "LDDDLLDD",  # RU
    "LDDDLLDDD",  # RU
    "DLLLDDDD",  # LT-like; DE has many
    "LLLDDDDLL",  # UA-like
    "LLDDDDLL",  # UA, ID
    "LDDDDLLL",  # ID
    "LDDDDLL",  # ID
    "LLLLDDDD",  # DE, PH-like
    "LLLLDDD",  # DE
    "LLLDD",  # DE, NZ-like
    "DLDDDD",  # several
    "DDLDDDD",  # several
    "DDDTUNDDDD",  # TN
)


def _grammar(shape: str) -> str:
    classes = {"L": "[A-Z]", "D": "[0-9]", "W": "[A-Z0-9]", "P": f"[{''.join(sorted(PROVINCES))}]"}
    return "".join(classes.get(sign, sign) for sign in shape.replace("TUN", "\0")).replace("\0", "TUN")


_KNOWN_GRAMMAR: Final = re.compile("|".join(f"(?:{_grammar(shape)})" for shape in dict.fromkeys(_GRAMMARS)))

_LOOKALIKES: Final = {"I": "1", "1": "I", "O": "0", "0": "O"}
_AS_LETTERS: Final = str.maketrans("015", "OIS")

# Lettering that stands on or beside plates and cars, normalized.
_STATES: Final = """
    ALABAMA ALASKA ARIZONA ARKANSAS CALIFORNIA COLORADO CONNECTICUT DELAWARE FLORIDA GEORGIA HAWAII IDAHO ILLINOIS
    INDIANA IOWA KANSAS KENTUCKY LOUISIANA MAINE MARYLAND MASSACHUSETTS MICHIGAN MINNESOTA MISSISSIPPI MISSOURI
    MONTANA NEBRASKA NEVADA NEWHAMPSHIRE NEWJERSEY NEWMEXICO NEWYORK NORTHCAROLINA NORTHDAKOTA OHIO OKLAHOMA OREGON
    PENNSYLVANIA RHODEISLAND SOUTHCAROLINA SOUTHDAKOTA TENNESSEE TEXAS UTAH VERMONT VIRGINIA WASHINGTON WESTVIRGINIA
    WISCONSIN WYOMING ONTARIO QUEBEC ALBERTA BRITISHCOLUMBIA MANITOBA BRASIL ARGENTINA
"""
_SLOGANS: Final = """
    THEGOLDENSTATE GOLDENSTATE DMVCAGOV SUNSHINESTATE EMPIRESTATE GARDENSTATE LONESTARSTATE LIVEFREEORDIE
    EVERGREENSTATE LANDOFLINCOLN KEYSTONESTATE FIRSTINFLIGHT FIRSTINFREEDOM ALOHASTATE GRANDCANYONSTATE
    YOURSTODISCOVER JEMESOUVIENS PUREMICHIGAN TAXI POLICE POLICIA POLIZEI AMBULANCE SCHOOLBUS STOP EXIT ENTRANCE
    PARKING ONEWAY SPEEDLIMIT
"""
_BRANDS: Final = """
    AUDI BMW BUICK CADILLAC CHEVROLET CHRYSLER CITROEN DACIA DODGE FIAT FORD HONDA HYUNDAI INFINITI ISUZU JAGUAR
    JEEP KIA LANDROVER RANGEROVER LEXUS LINCOLN MAHINDRA MARUTI SUZUKI MAZDA MERCEDES BENZ MERCEDESBENZ MINI
    MITSUBISHI NISSAN OPEL PEUGEOT PONTIAC PORSCHE RENAULT SAAB SEAT SKODA SUBARU TATA TESLA TOYOTA VAUXHALL
    VOLKSWAGEN VOLVO SCANIA IVECO CAMRY COROLLA CIVIC ACCORD SWIFT DZIRE LOGAN DUSTER OCTAVIA PASSAT GOLF POLO
    TRANSIT SPRINTER EXPLORER HYBRID TURBO DIESEL QUATTRO XDRIVE VTEC TDI TSI TDCI HDI CRDI GTI AMG
"""
_LETTERING: Final = frozenset((_STATES + _SLOGANS + _BRANDS).split())
# Shorter words may stand inside a plate's text by chance.
_LONG_WORD: Final = 6
_LONG_LETTERING: Final = tuple(word for word in _LETTERING if len(word) >= _LONG_WORD)

# Writings that are not plates, looked for in the text as it was read.
_OTHER_WRITINGS: Final = (
    (re.compile(r"\d{1,2}:\d{2}"), 0.05),  # time
    (re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"), 0.05),  # date
    (re.compile(r"(?i)www\.|https?:|\.(?:com|net|org|gov|info|co|de|fr|in|ro)(?:\b|/)|@"), 0.02),  # web, mail
    (re.compile(r"^\+?\d[\d\s().-]{8,}$"), 0.05),  # phone
    (re.compile(r"(?i)^\d+\s?(?:km/?h|mph|km|kg|cc|hp)$"), 0.1),  # measures
    (re.compile(r"[$€£%©®™]"), 0.1),
)

_SHAPE_WEIGHTS: Final = {
    "mixed": 0.8,
    "digits": 0.5,
    "letters": 0.08,
}
# For texts of no known grammar: plates hold 5 to 8 characters almost everywhere.
_LENGTH_WEIGHTS: Final = {2: 0.05, 3: 0.1, 4: 0.65, 5: 0.9, 6: 1.0, 7: 1.0, 8: 1.0, 9: 0.9, 10: 0.85, 11: 0.1, 12: 0.07}
_LETTERING_WEIGHT: Final = 0.05
_SEPARATORS_PER_CHARACTER: Final = 0.67


def plate_likeness(text: str) -> float:
    """The likeness of a text, as it was read, to a plate's: 0 (none) to 1 (built like a known country's).

    Letters alone stay possible (vanity plates) but weak; more than 12 characters or fewer than 2 are none.
    """
    normal = reading_key(text)
    if not MIN_LENGTH <= len(normal) <= MAX_LENGTH:
        return 0.0
    for writing, weight in _OTHER_WRITINGS:
        if writing.search(text):
            return weight
    if (weight := lettering_weight(normal)) < 1:
        return weight
    foreign = sum(not sign.isspace() for sign in text) - len(normal)
    clean = max(0.0, 1.0 - _SEPARATORS_PER_CHARACTER * max(0, foreign - 2) / len(normal))
    if _KNOWN_GRAMMAR.fullmatch(normal):
        return clean
    return _SHAPE_WEIGHTS[_shape(normal)] * _LENGTH_WEIGHTS[len(normal)] * clean


def lettering_weight(normal: str) -> float:
    """Little for a normalized text that is a word which stands on vehicles or beside numbers, else 1.

    Digits count as the letters that they look like: a badge that reads N155AN is one all the same.
    """
    word = normal.translate(_AS_LETTERS)
    is_lettering = word in _LETTERING or any(known in word for known in _LONG_LETTERING)
    return _LETTERING_WEIGHT if is_lettering else 1.0


def settle_lookalikes(text: str) -> str:
    """The normalized text with I or 1 and O or 0 chosen so that it is built like a known country's plates.

    Many typefaces draw these pairs alike, so a reader can't tell them by their look. A text that is fine already,
    or that no choice makes fine, comes back as it is; of several choices the one with fewest changes is taken.
    """
    # Many plates hold digits alone, and digits are rarely taken for letters.
    if _KNOWN_GRAMMAR.fullmatch(text) or text.isdigit():
        return text
    places = [index for index, sign in enumerate(text) if sign in _LOOKALIKES]
    if not places or len(text) > MAX_LENGTH:
        return text
    choices = []
    for swaps in product((False, True), repeat=len(places)):
        signs = list(text)
        for place, swap in zip(places, swaps, strict=True):
            if swap:
                signs[place] = _LOOKALIKES[signs[place]]
        choices.append((sum(swaps), "".join(signs)))
    return next((choice for _, choice in sorted(choices) if _KNOWN_GRAMMAR.fullmatch(choice)), text)


def _shape(normal: str) -> str:
    has_digit = any(sign in "0123456789" for sign in normal)
    has_letter = any(sign not in "0123456789" for sign in normal)
    if has_digit and has_letter:
        return "mixed"
    return "digits" if has_digit else "letters"
