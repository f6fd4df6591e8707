"""Everything that can be set, read once from the environment and `.env`.

The environment is read in `loading` only. Each setting is a field of one of the groups (`server`, `database`, `reading`
and so on), which `Settings` puts together. The field's docstring is what docs/settings.md and `.env.example` say of it;
`make settings-docs` writes both.
"""

from __future__ import annotations

from platewatch.settings.accounts import Registration
from platewatch.settings.loading import ReadSettings, load_settings, read_settings, require_no_faults
from platewatch.settings.server import default_data_folder, is_loopback, user_data_folder
from platewatch.settings.settings import ENV_FILE, DatabaseNames, Settings

__all__ = [
    "ENV_FILE",
    "DatabaseNames",
    "ReadSettings",
    "Registration",
    "Settings",
    "default_data_folder",
    "is_loopback",
    "load_settings",
    "read_settings",
    "require_no_faults",
    "user_data_folder",
]
