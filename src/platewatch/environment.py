"""The names of settings in the environment and in `.env`: which are given where, and which are misspelt.

A name with platewatch's prefix that is no setting is a fault. Other names may belong to other programs, since `.env`
often feeds docker compose too, so one that resembles a setting is only pointed out.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

PREFIX: Final = "PLATEWATCH_"
ENCODING: Final = "utf-8-sig"
"""Windows' editors begin a file with a mark that would become part of the first name."""

_NOT_SETTINGS: Final = re.compile(
    r"PLATEWATCH_TEST_.*"
    # Kubernetes sets this variable in each container for a service of that name.
    r"|PLATEWATCH_SERVICE_(HOST|PORT(_.*)?)|PLATEWATCH_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?"
)
_MAYBE_SECRET: Final = re.compile(r"[^=:]*[=:]|(?:export\s+)?[A-Z0-9]+_[A-Z0-9_]+\s")
_PREFIX_MISSPELT: Final = 0.9
_SEED_MISSPELT: Final = 0.75
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Place:
    """The place where a name is set: a line of a file, or the environment."""

    name: str
    file: Path | None = None
    line: int = 0

    def __str__(self) -> str:
        """For the beginning of a message."""
        return self.name if self.file is None else f"{self.file}, line {self.line}: {self.name}"


@dataclass(frozen=True, slots=True)
class Names:
    """The names that are given, by their upper case, and what is wrong with names and lines."""

    places: Mapping[str, Place]
    faults: tuple[str, ...]
    hints: tuple[str, ...]
    readable: bool
    """Whether the file can be read, or there is none."""


class SettingNames:
    """The names that settings are read from: platewatch's own, and for some CarWatch's."""

    def __init__(self, fields: Mapping[str, FieldInfo]) -> None:
        self._names = {field: names_of(field, info) for field, info in fields.items()}

    def all(self) -> frozenset[str]:
        return frozenset(name for names in self._names.values() for name in names)

    def field_of(self, name: str) -> str:
        """The field that is read from a name, or has it itself; in any case of letters."""
        return next(field for field, names in self._names.items() if name.upper() in (*names, field.upper()))

    def place_of(self, field: str, places: Mapping[str, Place]) -> Place | None:
        """The places where the field was set; the name that wins comes first."""
        return next((places[name] for name in self._names[field] if name in places), None)


def own_name(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def names_of(field: str, info: FieldInfo) -> list[str]:
    """The names that the field is read from, the one that wins first."""
    alias = info.validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [own_name(field)]


@contextmanager
def dotenv_silent() -> Iterator[None]:
    """The library that reads `.env` logs nothing about lines that `read_names` names with their file."""
    logger = logging.getLogger("dotenv.main")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def read_names(environ: Mapping[str, str], file: Path, known: Collection[str]) -> Names:
    """The names given in the environment, which wins, and in the file, compared with the known ones."""
    faults: list[str] = []
    bindings = _read_bindings(file, faults)
    in_file = [Place(binding.key, file, _first_line(binding)) for binding in bindings or () if binding.key]
    places = {place.name.upper(): place for place in [*in_file, *map(Place, environ)]}
    faults += _broken_lines(file, bindings or ())
    faults += [*_repeated(in_file, known), *_repeated(map(Place, environ), known)]
    faults += [fault for place in _sort_places(places) if (fault := _misspelt(place, known))]
    hints = [hint for place in in_file if (hint := _resembling(place, known, places))]
    return Names(places, tuple(faults), tuple(hints), bindings is not None)


def _read_bindings(file: Path, faults: list[str]) -> list[Binding] | None:
    """The file's content, None if it can't be read."""
    try:
        if not file.exists():
            return []
        return list(parse_stream(io.StringIO(file.read_text(encoding=ENCODING))))
    except UnicodeDecodeError:
        faults.append(f"{file}: the file is not in UTF-8. Save it in that encoding")
    except OSError as error:
        faults.append(f"{file}: the file can't be read: {error.strerror}")
    return None


def _broken_lines(file: Path, bindings: Iterable[Binding]) -> list[str]:
    faults = []
    for binding in bindings:
        where = f"{file}, line {_first_line(binding)}"
        if binding.error:
            faults.append(f"{where}: {_excerpt(binding)} is no setting. Write NAME=value, or # before a remark")
        elif binding.key and binding.value is None and binding.key.upper().startswith(PREFIX):
            faults.append(f"{where}: {binding.key} has no value. Write {binding.key}=value")
    return faults


def _repeated(places: Iterable[Place], known: Collection[str]) -> list[str]:
    """Settings that are given twice in one place: of two values one would be ignored in silence."""
    faults, first = [], dict[str, Place]()
    for place in places:
        before = first.setdefault(place.name.upper(), place)
        if before is not place and place.name.upper() in known:
            where = f"in line {before.line}" if before.line else f"as {before.name}"
            faults.append(f"{place} is given {where} already. Keep one of the two")
    return faults


def _first_line(binding: Binding) -> int:
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _excerpt(binding: Binding) -> str:
    """The line without what follows a `=` or `:`, or a setting's name, which may be secret."""
    line = binding.original.string.strip().split("\n", 1)[0]
    if found := _MAYBE_SECRET.match(line):
        return repr(f"{found[0][:_SHOWN]}...")
    return repr(line[:_SHOWN])


def _sort_places(places: Mapping[str, Place]) -> list[Place]:
    return sorted(places.values(), key=lambda place: (place.file is not None, place.line, place.name))


def _misspelt(place: Place, known: Collection[str]) -> str | None:
    """The problem with a name that has the prefix, or nearly, and is no setting."""
    name = place.name.upper()
    if name in known or _NOT_SETTINGS.fullmatch(name):
        return None
    if name.startswith(PREFIX):
        own = [one.removeprefix(PREFIX) for one in known if one.startswith(PREFIX)]
        near = get_close_matches(name.removeprefix(PREFIX), own, n=1)
        advice = f"Did you mean {PREFIX}{near[0]}?" if near else "docs/settings.md lists them all"
        return f"{place} is no setting. {advice}"
    own = [one for one in known if one.startswith(PREFIX)]
    near = get_close_matches(name, own, n=1, cutoff=_PREFIX_MISSPELT)
    return f"{place} is no setting. Did you mean {near[0]}?" if near else None


def _resembling(place: Place, known: Collection[str], places: Mapping[str, Place]) -> str | None:
    """A question about a name of the file without the prefix that resembles one of those that CarWatch has."""
    name = place.name.upper()
    seeds = [one for one in known if not one.startswith(PREFIX) and one not in places]
    if name in known or name.startswith(PREFIX) or not seeds:
        return None
    near = get_close_matches(name, seeds, n=1, cutoff=_SEED_MISSPELT)
    return f"{place} is none of platewatch's settings. Did you mean {near[0]}?" if near else None
