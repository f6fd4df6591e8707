"""Imports and exports in bulk."""

from __future__ import annotations

from pydantic import Field

from platewatch.settings.group import CommaList, SettingsGroup, UserPath


class ImportSettings(SettingsGroup):
    """Imports and exports."""

    import_folders: CommaList[UserPath] = ()
    """Folders on the server, by commas, from which (and from below which) photos may be imported."""

    import_max_files: int = Field(default=100_000, ge=1, le=10_000_000)
    """Files in one import."""

    import_max_gb: int = Field(default=20, ge=1, le=10_000)
    """The largest unpacked size of an uploaded archive, in GB."""

    max_export_rows: int = Field(default=1_000_000, ge=1, le=100_000_000)
    """Sightings in one exported file."""
