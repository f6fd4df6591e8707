"""The server's address, data folder and trusted proxies."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import AfterValidator, Field

from platewatch import setting_values as values
from platewatch.fields import TimeZone
from platewatch.installation import checkout_folder
from platewatch.settings.group import CommaList, SettingsGroup, ShownDefault


def default_data_folder() -> Path:
    """`data` in the checkout that runs, wherever the command is called; else the platform's folder for user data."""
    checkout = checkout_folder()
    return user_data_folder() if checkout is None else checkout / "data"


def user_data_folder() -> Path:
    """The platform's folder for user data."""
    return user_data_path("platewatch", appauthor=False)


def is_loopback(host: str) -> bool:
    """Whether the host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


class ServerSettings(SettingsGroup):
    """Server."""

    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all networks."""

    port: int = Field(default=8000, ge=1, le=65535)
    """Port to listen on."""

    data: Annotated[
        Path,
        AfterValidator(values.absolute_path),
        ShownDefault("`data` in the checkout, else the user's data folder"),
    ] = Field(default_factory=default_data_folder)
    """Folder of the database, images, installed models and logs."""

    trusted_proxies: Annotated[str, AfterValidator(values.proxy_addresses)] = "127.0.0.1"
    """Addresses and networks of proxies, by commas, whose `X-Forwarded-For` is believed; `*` is refused."""

    allowed_hosts: Annotated[CommaList[str], AfterValidator(values.host_names)] = ()
    """Names, by commas, that the server goes by (`*.example.com` for all below); empty: any. Names of the machine
    itself always pass."""

    allowed_origins: Annotated[CommaList[str], AfterValidator(values.browser_origins)] = ()
    """Other sites, by commas, whose pages may call with the log-in cookie, such as `https://plates.example.org`; `*`
    is refused."""

    redis_url: Annotated[str, AfterValidator(values.redis_address)] | None = Field(default=None, repr=False)
    """`redis://...`: several processes count requests and share results there. Without it, or while it is away, each
    does so alone."""

    time_zone: Annotated[TimeZone | None, ShownDefault("the one chosen at set-up, else `UTC`")] = None
    """The server's zone (IANA name): of places made by name, of sightings without a place, and of photos whose zone
    nothing says. It can also be changed at `/api/v1/settings`, or in the dashboard under Locations."""

    @property
    def models_folder(self) -> Path:
        """The folder of installed models, each in a folder of its name."""
        return self.data / "models"

    @property
    def listens_on_loopback(self) -> bool:
        return is_loopback(self.host)
