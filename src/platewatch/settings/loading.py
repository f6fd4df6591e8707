"""Settings from the environment and `.env`: the only module that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from platewatch.environment import Place, SettingNames, dotenv_silent, own_name, read_names
from platewatch.errors import SettingsError
from platewatch.settings.settings import ENV_FILE, SECRET_FIELDS, Settings


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """Settings, what is wrong with them, and what may be; fields that can't be used have their defaults."""

    settings: Settings
    faults: tuple[str, ...]
    hints: tuple[str, ...]


class _SettingsWithoutFile(Settings):
    """For the rest of the faults where the file itself can't be read; built only then."""

    model_config = SettingsConfigDict(env_file=None, defer_build=True)


def load_settings() -> Settings:
    """Settings from the environment and `.env`.

    Raises:
        SettingsError: a name is misspelt or a value can't be used; the message names each one.
    """
    read = read_settings()
    require_no_faults(read.faults)
    return read.settings


def require_no_faults(faults: tuple[str, ...]) -> None:
    """Do nothing if there are none.

    Raises:
        SettingsError: with all of them, a line each.
    """
    if faults:
        raise SettingsError("Some settings can't be used:\n  " + "\n  ".join(dict.fromkeys(faults)))


def read_settings() -> ReadSettings:
    """Settings from the environment and `.env`, with everything that is wrong with names, lines and values."""
    known = SettingNames(Settings.model_fields)
    names = read_names(os.environ, ENV_FILE, known.all())
    kind = Settings if names.readable else _SettingsWithoutFile
    places = {field: place for field in Settings.model_fields if (place := known.place_of(field, names.places))}
    faults = list(names.faults)
    replaced: dict[str, Any] = {}
    with dotenv_silent():
        try:
            settings = kind()
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                field = known.field_of(str(problem["loc"][0]))
                faults.append(_fault(field, problem, places.get(field)))
                replaced[field] = Settings.model_fields[field].get_default(call_default_factory=True)
            settings = kind(**replaced)
    settings.remember_places(places)
    return ReadSettings(settings, tuple(faults), names.hints)


def _fault(field: str, problem: ErrorDetails, place: Place | None) -> str:
    """The problem with the field's value; the value itself only where it is no secret."""
    given = problem["input"]
    shown = f"={given}" if isinstance(given, str) and field not in SECRET_FIELDS else ""
    message = problem["msg"].removeprefix("Value error, ")
    fault = f"{place or own_name(field)}{shown} can't be used: {message}"
    if field == "port" and str(given).startswith("tcp://"):
        fault += ". Kubernetes sets it for a service of that name: rename that, or set enableServiceLinks: false"
    return fault
