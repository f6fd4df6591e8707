"""Lets nothing but loopback out of a Python process: for tests, and for the processes that they start.

An audit hook of the interpreter sees every connection, datagram and lookup of a name before it is made, whichever
library makes it, as long as it goes through Python's sockets. What C libraries send by themselves (PostgreSQL's libpq,
a browser) it does not see. Sockets of other kinds, such as those of Unix, are let through.

This module needs nothing but the standard library and may be loaded twice under two names: what it keeps is kept once.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ALLOWED_VARIABLE = "LOOPBACK_ONLY_ALSO"
"""Hosts, with commas between them, that may be called too: servers that somebody named for the tests."""

_STATE: dict[str, Any] = sys.__dict__.setdefault(
    "_loopback_guard", {"installed": False, "refused": [], "allowed": set()}
)
_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost", "0.0.0.0", "::"}
_CALLS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


class OutsideCallError(OSError):
    """Something would have left this machine."""


def install() -> None:
    """Refuse all that is not loopback, from now on and until the process ends."""
    if _STATE["installed"]:
        return
    for host in filter(None, os.environ.get(ALLOWED_VARIABLE, "").split(",")):
        _STATE["allowed"].add(host)
        with contextlib.suppress(OSError):
            _STATE["allowed"] |= {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    _STATE["installed"] = True
    sys.addaudithook(_hook)


def install_in_children() -> None:
    """Let Python processes that this one starts do the same, unless they are given an environment of their own."""
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if str(FOLDER) not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(FOLDER), *known])


def refused() -> list[str]:
    """What was refused in this process and not taken yet; the list is empty after that."""
    taken = list(_STATE["refused"])
    _STATE["refused"].clear()
    return taken


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _CALLS:
        connection, address = arguments
        if address is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            _require_loopback(event, address[0])
    elif event in _LOOKUPS:
        _require_loopback(event, arguments[0])


def _require_loopback(event: str, host: object) -> None:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or not isinstance(host, str) or host.lower() in _NAMES or host in _STATE["allowed"]:
        return
    address = _address(host)
    if address is not None and (address.is_loopback or event == "socket.getaddrinfo"):
        return  # to take an address apart asks nobody
    _STATE["refused"].append(f"{event} {host}")
    raise OutsideCallError(f"Tests talk to this machine only, not to {host!r} ({event}).")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
