"""Logs: level, files and format."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from platewatch.settings.group import SettingsGroup, ShownDefault, UserPath, carwatch_name


class LogSettings(SettingsGroup):
    """Logs."""

    debug: bool = Field(default=False, validation_alias=carwatch_name("DEBUG"))
    """Log more: each request as it begins and ends, who asks, each photo read, the settings in use; no secrets, and of
    libraries nothing below `info`."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe messages that are logged."""

    log_format: Literal["console", "json"] = "console"
    """The format of messages on the terminal; files are always JSON."""

    logs: Annotated[UserPath | None, ShownDefault("`logs` in the data folder")] = None
    """Folder of `app.log`, `access.log` and `error.log`, each 5 MB with 5 backups."""

    @property
    def effective_log_level(self) -> str:
        return "debug" if self.debug else self.log_level
