"""The columns of a CSV file by their headings, as people and other programs write them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from platewatch.errors import FieldError

COLUMNS: Final = (
    "plate",
    "key",
    "region",
    "tolerance",
    "valid_from",
    "valid_to",
    "schedule",
    "locations",
    "owner",
    "vehicle",
    "note",
    "tags",
)
PLATE: Final = "plate"
KEY: Final = "key"
"""The key that plates are compared by; the export writes it for people."""
_MAX_NAMED: Final = 10
_NUMBER_WORD: Final = r"(?:numbers?|nummer|numero|numer|num|no|nr)"
_NUMBER_FIRST: Final = re.compile(rf"^(?:{_NUMBER_WORD}|n)(?:de|di|da|do|del|della|of)?")
_NUMBER_LAST: Final = re.compile(rf"{_NUMBER_WORD}$")

_PLATE_HEADINGS: Final = """
    plate plates licenseplate licenseplates licenceplate licenceplates licensenumber licencenumber numberplate
    numberplates registration registrationplate regno regnr regnumber regplate vehicleregistration vehiclenumber
    vehicleplate carregistration carplate carnumber vrm vrn lpn reg vehiclereg carreg registrationmark licensetag
    licencetag kennzeichen kfzkennzeichen autokennzeichen amtlicheskennzeichen amtlkennzeichen kfzkennz kennz
    nummernschild kontrollschild polizeikennzeichen
    placa placas placadelvehiculo numerodeplaca matricula matriculas patente patentes dominio chapa
    placadoveiculo targa targhe numeroditarga immatriculation numerodimmatriculation plaque plaques
    plaquedimmatriculation numerodeplaque kenteken kentekens kentekennummer kentekenplaat nummerplaat
    numerrejestracyjny nrrejestracyjny tablicarejestracyjna rejestracja registracniznacka spz rz ecv evidencnecislo
    rendszam numardeinmatriculare numarinmatriculare nrinmatriculare registarskaoznaka registarskatablica
    registrskastevilka registrskatablica rekisterinumero rekisteritunnus rekisterikilpi registreringsnummer
    registreringsskylt nummerskylt nummerplade registreringsskilt kjennetegn skilt bilnummer numerisznaks valstsnumurs
    valstybinisnumeris numerimark registreerimismark targa plaka plakano arackplaka numerplat platnomor nomorpolisi
    nopol biensoxe госномер госномерной номерзнак номернойзнак автомобильныйномер номернийзнак регномер
    регистрационенномер номеравто номеравтомобиля номермашины номертс автомобильныйзнак
    αριθμοσκυκλοφοριασ πινακιδα πινακιδακυκλοφοριασ
    车牌 车牌号 车牌号码 車牌 車牌號 車牌號碼 ナンバー ナンバープレート 번호판 차량번호 자동차번호 登録番号 車両番号
    رقماللوحة لوحة מספררכב מספררישוי ทะเบียนรถ ทะเบียน
    """
"""Headings of the plates' column in other programs and languages, without spaces."""


class Heading(StrEnum):
    """Whether the first line names the columns; `auto`: the file decides, or the user is asked."""

    AUTO = "auto"
    YES = "yes"
    NO = "no"


def columns_of(cells: Sequence[str], heading: Heading) -> tuple[str | None, ...] | None:
    """The columns named by the first line's cells, None for an empty cell. None without a heading.

    Raises:
        FieldError: it names others, or one twice, or not the plates'; or nobody can tell whether it is a heading.
    """
    names = [cell.strip() for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    if len(names) == 1:
        return _only_column(names[0], heading)
    if heading is Heading.NO:
        raise FieldError(
            "header", f"The file has {len(names)} columns, so its first line has to name them: {', '.join(COLUMNS)}."
        )
    columns = tuple(_column(name) if name else None for name in names)
    _require_plate(columns, names)
    _require_known(columns, names)
    return columns


def _only_column(name: str, heading: Heading) -> tuple[str | None, ...] | None:
    if heading is Heading.NO:
        return None
    column = _column(name)
    if column == PLATE or heading is Heading.YES:
        _require_plate((column if column in COLUMNS else PLATE,), [name])
        return (PLATE,)
    if "|" in name:
        raise FieldError(
            "file",
            f"The first line is {name[:60]!r}. Columns are divided by commas, semicolons or tabs, not by |: write "
            "`sep=|` as the first line, or save the file with commas.",
        )
    if any(sign.isdigit() for sign in name):
        return None
    if column in COLUMNS:
        _require_plate((column,), [name])
    raise FieldError(
        "header",
        f"The first line is {name[:60]!r}: a heading or a plate? Send the file again with `header=yes` in the address "
        "if it is the heading, or with `header=no` if it is a plate: `.../import?header=yes`.",
    )


def _require_plate(columns: Sequence[str | None], names: Sequence[str]) -> None:
    if PLATE not in columns:
        raise FieldError(
            "file",
            f"No column has the heading `plate`. The first line of the file has {_quote(names)}. Name the column of "
            "the plates `plate` (Kennzeichen, License Plate, Placa and the like are known too).",
        )


def _require_known(columns: Sequence[str | None], names: Sequence[str]) -> None:
    unknown = [name for name, column in zip(names, columns, strict=True) if name and column not in COLUMNS]
    if unknown:
        raise FieldError(
            "file",
            f"Some columns are not known: {_quote(unknown)}. Take them out, or give them one of the headings: "
            f"{', '.join(COLUMNS)}.",
        )
    twice = [column for column, count in Counter(columns).items() if column is not None and count > 1]
    if twice:
        same = [name for name, column in zip(names, columns, strict=True) if column == twice[0]]
        raise FieldError("file", f"Several columns mean `{twice[0]}`: {_quote(same)}. Keep one of them.")


def _quote(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:_MAX_NAMED])
    return shown if len(names) <= _MAX_NAMED else f"{shown} and {len(names) - _MAX_NAMED} more"


def _column(name: str) -> str:
    """The column that the heading names, or the heading itself."""
    key = _key(name)
    if not _plate_headings().isdisjoint({key, _NUMBER_LAST.sub("", key), _NUMBER_FIRST.sub("", key)}):
        return PLATE
    return next((column for column in COLUMNS if _key(column) == key), name)


@lru_cache(maxsize=1)
def _plate_headings() -> frozenset[str]:
    return frozenset(_key(heading) for heading in _PLATE_HEADINGS.split())


def _key(name: str) -> str:
    """The heading's letters and digits in lower case, without marks."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in decomposed if sign.isalnum())
