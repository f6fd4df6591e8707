"""All groups of settings as one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pydantic import PrivateAttr
from pydantic_settings import BaseSettings, SettingsConfigDict

from platewatch.environment import ENCODING, PREFIX, Place, own_name
from platewatch.errors import SettingsError
from platewatch.settings.accounts import AccountSettings
from platewatch.settings.carwatch import CarWatchSettings
from platewatch.settings.database import DatabaseSettings
from platewatch.settings.group import SettingsGroup
from platewatch.settings.imports import ImportSettings
from platewatch.settings.limits import LimitSettings
from platewatch.settings.llm import LlmSettings
from platewatch.settings.logs import LogSettings
from platewatch.settings.privacy import PrivacySettings
from platewatch.settings.reading import ReadingSettings
from platewatch.settings.server import ServerSettings
from platewatch.settings.sightings import SightingSettings

ENV_FILE: Final = Path(".env")
SECRET_FIELDS: Final = frozenset({"secret_key", "plate_key", "llm_key", "db_password", "database_url", "redis_url"})
_DATABASE_FIELDS: Final = ("db_host", "db_port", "db_user", "db_password", "db_name")


@dataclass(frozen=True, slots=True)
class DatabaseNames:
    """The settings that give a database's parts: of its address, user, password and own name."""

    address: str
    user: str
    password: str
    database: str


class Settings(
    # Python looks through them from the last one on, so the fields begin with the server's.
    CarWatchSettings,
    LogSettings,
    PrivacySettings,
    ImportSettings,
    SightingSettings,
    AccountSettings,
    LimitSettings,
    LlmSettings,
    ReadingSettings,
    DatabaseSettings,
    ServerSettings,
    BaseSettings,
):
    """One object, built once and passed down.

    Names in the environment are `PLATEWATCH_` and the field's name. CarWatch's own names (`DB_HOST`, `BCRYPT_ROUNDS`,
    `DEBUG`, ...) count where platewatch's are not given.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding=ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=False,
    )
    _places: Mapping[str, Place] = PrivateAttr(default_factory=dict)

    def remember_places(self, places: Mapping[str, Place]) -> None:
        """Keep where fields were set, for messages."""
        self._places = places

    @property
    def effective_database_url(self) -> str:
        if self.database_url:
            return self.database_url
        if self.db_name:
            account = f"{quote(self.db_user, safe='')}:{quote(self.db_password, safe='')}"
            return f"mysql://{account}@{self.db_host}:{self.db_port}/{quote(self.db_name, safe='')}"
        return f"sqlite:///{(self.data / 'platewatch.db').resolve()}"

    @property
    def log_folder(self) -> Path:
        return self.logs or self.data / "logs"

    @property
    def database_names(self) -> DatabaseNames:
        """The names of the settings that say which database is used."""
        if self.database_url or not self.db_name:
            name = self.name_of("database_url" if self.database_url else "data")
            return DatabaseNames(name, name, name, name)
        host, port, user, password, name = map(self.name_of, _DATABASE_FIELDS)
        return DatabaseNames(f"{host} and {port}", user, password, name)

    def name_of(self, field: str) -> str:
        """The setting's name as it was given: CarWatch's, or platewatch's own."""
        if field in self._places:
            return self._places[field].name
        # Beside CarWatch's names of a database's parts, the others are CarWatch's too.
        as_carwatch = field in _DATABASE_FIELDS and any(
            self._places[other].name == other.upper() for other in _DATABASE_FIELDS if other in self._places
        )
        return field.upper() if as_carwatch else own_name(field)

    def place_of(self, field: str) -> str:
        """The place where the setting was set, for the beginning of a message."""
        return str(self._places.get(field) or own_name(field))

    def is_given(self, field: str) -> bool:
        """Whether the setting was given, in the environment, `.env` or by code."""
        return field in self.model_fields_set

    def shown(self) -> dict[str, str]:
        """The settings that were given, for the log; secrets are hidden."""
        return {
            field: "***" if field in SECRET_FIELDS else str(getattr(self, field))
            for field in sorted(self.model_fields_set)
        }

    def require_safe(self) -> None:
        """Do nothing if strangers can't get in without a log-in.

        Raises:
            SettingsError: others could reach the server, and the setting that confirms it is not set.
        """
        if self.auth == "off" and not self.listens_on_loopback and not self.auth_off_confirmed:
            raise SettingsError(
                f"PLATEWATCH_AUTH=off would let everybody in who reaches {self.host!r}. Listen on 127.0.0.1, "
                "or set PLATEWATCH_AUTH_OFF_CONFIRMED=true if that is meant."
            )


def setting_groups() -> list[type[SettingsGroup]]:
    """The groups in the order of the documents."""
    return [group for group in reversed(Settings.__bases__) if issubclass(group, SettingsGroup)]
