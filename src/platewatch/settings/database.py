"""The database, and the store of images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from platewatch.settings.group import SettingsGroup, ShownDefault, carwatch_name


class DatabaseSettings(SettingsGroup):
    """Database and images.

    `PLATEWATCH_DATABASE_URL` names any database. A MySQL or MariaDB can be named in parts in place of it, which count
    where `PLATEWATCH_DB_NAME` is given. Without either, platewatch uses SQLite in the data folder.
    """

    database_url: Annotated[str | None, ShownDefault("SQLite in the data folder")] = None
    """`sqlite:///file`, `postgresql://...`, `mysql://...` or `mariadb://...`: the address of the database."""

    db_host: str = Field(default="localhost", validation_alias=carwatch_name("DB_HOST"))
    """Host of the MySQL or MariaDB."""

    db_port: int = Field(default=3306, ge=1, le=65535, validation_alias=carwatch_name("DB_PORT"))
    """Port of the MySQL or MariaDB."""

    db_user: str = Field(default="root", validation_alias=carwatch_name("DB_USER"))
    """User who logs in to the MySQL or MariaDB."""

    db_password: str = Field(default="", validation_alias=carwatch_name("DB_PASSWORD"), repr=False)
    """The user's password."""

    db_name: str | None = Field(default=None, validation_alias=carwatch_name("DB_NAME"))
    """Name of the database there; the other parts count only where it is given."""

    media: Literal["filesystem", "database"] = "filesystem"
    """Where images are kept: as files in the data folder, or as BLOBs in the database."""
