"""Time zones by name, with the rules of the pinned package `tzdata`.

`zoneinfo` would prefer the system's files, and those of a server that is seldom updated are behind: Debian 12's of 2025
don't know that Vancouver and Edmonton keep summer time in the winter of 2026. No database is asked about zones either.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

UTC_NAME: Final = "UTC"


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """The names of all zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of this name; each has one object.

    Raises:
        ValueError: there is no zone of this name.
    """
    if name not in zone_names():
        raise ValueError(f"{name!r} is not a time zone. Give a name of the IANA database, such as 'Europe/Berlin'.")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
