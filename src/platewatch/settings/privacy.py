"""Privacy: retention of plates, and reasons for searches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from platewatch import setting_values as values
from platewatch.settings.group import SettingsGroup, ShownDefault


class PrivacySettings(SettingsGroup):
    """Privacy.

    The page [Privacy](privacy.md) says what these settings are for.
    """

    unlisted_plates: Literal["text", "pseudonym"] = "text"
    """`pseudonym`: plates that no watchlist names are stored as a keyed hash, without pictures."""

    plate_key: Annotated[
        Annotated[str, AfterValidator(values.require_strong_key)] | None,
        ShownDefault("the file `plate-key` in the data folder"),
    ] = Field(default=None, repr=False)
    """Key of the pseudonyms, at least 16 characters; several machines need the same."""

    privacy_interval_minutes: int = Field(default=60, ge=0, le=60 * 24 * 7)
    """Minutes between two rounds that enforce retention; `0`: only when somebody asks."""

    search_reason: Literal["optional", "required"] = "optional"
    """`required`: a search for plates has to say why, in the header `X-Search-Reason` or as `reason`; the audit log
    keeps it."""
