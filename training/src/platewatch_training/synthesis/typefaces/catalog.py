"""Every typeface by name: the drawn ones beside this file, and those of Debian's font packages in `debian.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from platewatch_training.synthesis.typefaces.drawn import DrawnOutlines, TypefaceEntry
from platewatch_training.synthesis.typefaces.fonts import FontEntry, FontOutlines, find_font
from platewatch_training.synthesis.typefaces.typeface import Merged, Outlines, Typeface, TypefaceError

_FOLDER = Path(__file__).parent
_DEBIAN = "debian.yaml"
_SEPARATORS = "separators.yaml"
_NO_TYPEFACES = (_DEBIAN, _SEPARATORS)
_Entry = TypeVar("_Entry", bound=BaseModel)


class FontList(BaseModel):
    """The content of `debian.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fonts: Annotated[tuple[FontEntry, ...], Field(min_length=1)]


def typeface_names() -> list[str]:
    """The names of all typefaces, sorted, whether or not their font files are installed."""
    return sorted([*_drawn_files(), *_fonts()])


def is_drawn(name: str) -> bool:
    """Whether the typeface is one of our own outlines."""
    return name in _drawn_files()


def missing_packages() -> list[str]:
    """The Debian packages whose font files are not installed, sorted."""
    missing = set()
    for entry in _fonts().values():
        try:
            find_font(entry)
        except TypefaceError:
            missing.add(entry.package)
    return sorted(missing)


@cache
def load_typeface(name: str) -> Typeface:
    """The typeface of that name, checked.

    Raises:
        TypefaceError: no such typeface, an entry that can't be used, or a font file that is not installed.
    """
    drawn = _drawn_files()
    if name in drawn:
        return read_typeface(drawn[name])
    entry = _fonts().get(name)
    if entry is None:
        message = f"There is no typeface {name!r}. There are: {', '.join(typeface_names())}."
        raise TypefaceError(message)
    outlines = FontOutlines(entry, find_font(entry))
    cell = outlines.cell if entry.monospace else None
    glyphs = outlines if entry.joined else _with_separators(outlines)
    return Typeface(name, f"Debian package {entry.package}", entry.tracking, cell, glyphs, joined=entry.joined)


def read_typeface(path: Path) -> Typeface:
    """The drawn typeface of a YAML file.

    Raises:
        TypefaceError: the file is not as `TypefaceEntry` wants it; the message names the file and each wrong entry.
    """
    entry = _check(TypefaceEntry, path)
    if entry.name != path.stem:
        message = f"{path.name}: the name {entry.name!r} must be the file's own, {path.stem!r}."
        raise TypefaceError(message)
    outlines = DrawnOutlines(entry, _fallback(path.name, entry))
    if not outlines.paths:
        message = f"{path.name} draws nothing."
        raise TypefaceError(message)
    cell = entry.monospace / entry.height if entry.monospace else None
    base = entry.based_on
    glyphs = _with_separators(outlines) if base is None else Merged(outlines, _drawn_base(path.name, base))
    return Typeface(entry.name, entry.source, entry.tracking / entry.height, cell, glyphs)


def _drawn_base(file: str, name: str) -> Outlines:
    if not is_drawn(name) or name == Path(file).stem:
        message = f"{file}: it is based on {name!r}, which is no other drawn typeface."
        raise TypefaceError(message)
    return load_typeface(name).outlines


def _fallback(file: str, entry: TypefaceEntry) -> Callable[[], Outlines] | None:
    if entry.fallback is None:
        return None
    name = entry.fallback.typeface
    if name not in _fonts():
        message = f"{file}: the fallback {name!r} is not in {_DEBIAN}."
        raise TypefaceError(message)
    return lambda: load_typeface(name).outlines


def _with_separators(outlines: Outlines) -> Outlines:
    entry = _check(TypefaceEntry, _FOLDER / _SEPARATORS)
    return Merged(outlines, DrawnOutlines(entry))


def _check(kind: type[_Entry], path: Path) -> _Entry:
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        message = f"{path.name} is not YAML: {error}"
        raise TypefaceError(message) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        message = f"{path.name}: {wrong}"
        raise TypefaceError(message) from error


@cache
def _drawn_files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_FOLDER.glob("*.yaml")) if path.name not in _NO_TYPEFACES}


@lru_cache(maxsize=1)
def _fonts() -> dict[str, FontEntry]:
    return {entry.name: entry for entry in _check(FontList, _FOLDER / _DEBIAN).fonts}
