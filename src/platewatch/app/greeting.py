"""The greeting on the terminal when the server starts: its addresses, its parts, and who may log in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final

from platewatch.settings import ENV_FILE, Settings
from platewatch.users.setup_token import SetupToken

_EVERYWHERE: Final = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}  # noqa: S104 -- compared with, not bound to
_ELSEWHERE: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that are nobody's: what leads to them is this machine's way into its network."""


def greeting(settings: Settings, *, first_account: bool, proxied: bool = False) -> Iterator[str]:
    """The lines after the first one, which is the address; `proxied` where people come by another address."""
    if settings.host in _EVERYWHERE and not proxied:
        yield f"On this machine also at http://localhost:{settings.port}"
    yield f"Data folder: {settings.data}"
    file = ENV_FILE.absolute()
    yield f"Settings: environment and {file}" if file.is_file() else f"Settings: environment (there is no {file})"
    page = "the page /app/" if proxied else f"{address_for_people(settings)}/app/"
    if settings.auth == "off":
        yield from _open_door(settings, page)
    elif first_account:
        yield f"Nobody has an account yet. Open {page} to make the first one: it becomes the administrator."
        if proxied or not settings.listens_on_loopback:
            yield f"The page asks for this one-time setup token: {SetupToken(settings.data).get_or_create()}"


def _open_door(settings: Settings, page: str) -> Iterator[str]:
    who = "anyone who can reach this server" if settings.auth_off_confirmed else "anyone who works on this machine"
    yield f"The door is open (PLATEWATCH_AUTH=off): {who} is its administrator, without a log-in. Open {page}"


def address_for_people(settings: Settings) -> str:
    """The address for a browser; where the server listens everywhere, one that others in the network can use."""
    host = settings.host
    if host in _EVERYWHERE:
        host = _address_in_network(_EVERYWHERE[host]) or "localhost"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _address_in_network(family: socket.AddressFamily) -> str | None:
    """This machine's address in its network, None where it has no network. Nothing is sent."""
    families = [family] if family is socket.AF_INET else [socket.AF_INET, socket.AF_INET6]
    for one in families:
        try:
            with socket.socket(one, socket.SOCK_DGRAM) as probe:
                probe.connect((_ELSEWHERE[one], 9))
                return str(probe.getsockname()[0])
        except OSError:
            continue
    return None
