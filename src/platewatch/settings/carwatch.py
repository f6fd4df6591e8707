"""Compatibility with CarWatch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from platewatch import setting_values as values
from platewatch.settings.group import SettingsGroup


class CarWatchSettings(SettingsGroup):
    """In the place of CarWatch.

    The page [Replacing SecurePass, Galaxy ALPR, CarWatch](seeds.md) says how CarWatch is replaced.
    """

    health_style: Literal["platewatch", "carwatch"] = "platewatch"
    """`carwatch`: `/health` and `/` answer word for word as in CarWatch's document, for monitors that compare them."""

    carwatch_location: Annotated[str | None, AfterValidator(values.place_name)] = Field(
        default="main site", max_length=150
    )
    """Where uploads by CarWatch's routes are, unless they name a `location`; `none`: nowhere, so they make no
    visits."""
