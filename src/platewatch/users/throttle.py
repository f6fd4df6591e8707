"""Log-ins are slowed down where they fail: guessing one password, or one password for many names, does not pay."""

from __future__ import annotations

import ipaddress

from platewatch.ephemeral.limiter import Limit, Limiter
from platewatch.errors import TooManyRequestsError
from platewatch.users.repository import username_key

WINDOW_S = 15 * 60
ADDRESS_FACTOR = 5
"""An address may be a whole office, so it may fail more often than one account from there."""

ACCOUNT_FACTOR = 20
"""High, since it locks the account's owner out too; but guesses from very many addresses end here."""

REGISTRATIONS = Limit("registrations", 60, 60 * 60)
_NOTED = Limit("throttled log-ins noted", 1, 60)
_NOWHERE = "nowhere"


class LoginThrottle:
    """Counts failed attempts to prove a password, by account and address, by address, and by account."""

    def __init__(self, limiter: Limiter, failures: int) -> None:
        self._limiter = limiter
        self._pair = Limit("log-ins of an account from an address", failures, WINDOW_S)
        self._address = Limit("failed log-ins from an address", failures * ADDRESS_FACTOR, WINDOW_S)
        self._account = Limit("failed log-ins of an account", failures * ACCOUNT_FACTOR, WINDOW_S)

    def admit(self, username: str, address: str | None) -> None:
        """Count an attempt before its password is looked at, so that many at once are not all let through.

        Raises:
            TooManyRequestsError: too many failed before.
        """
        name, place = username_key(username), network_of(address)
        asked = (
            self._limiter.peek(self._address, place),
            self._limiter.peek(self._account, name),
            self._limiter.hit(self._pair, name, place),
        )
        over = [allowance.reset_s for allowance in asked if allowance.exceeded]
        if over:
            raise TooManyRequestsError("Too many log-ins failed.", retry_after_s=max(1, *over))

    def failed(self, username: str, address: str | None) -> None:
        self._limiter.hit(self._address, network_of(address))
        self._limiter.hit(self._account, username_key(username))

    def succeeded(self, username: str, address: str | None) -> None:
        self._limiter.clear(self._pair, username_key(username), network_of(address))

    def should_note(self, username: str, address: str | None) -> bool:
        """Whether a refused attempt is worth a note: once a minute, or the log would be what is flooded."""
        return not self._limiter.hit(_NOTED, username_key(username), network_of(address)).exceeded

    def admit_registration(self, address: str | None) -> None:
        """Count a registration.

        Raises:
            TooManyRequestsError: too many came from there.
        """
        allowance = self._limiter.hit(REGISTRATIONS, network_of(address))
        if allowance.exceeded:
            raise TooManyRequestsError("Too many accounts were registered from here.", retry_after_s=allowance.reset_s)


def network_of(address: str | None) -> str:
    """The key of one caller: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return _NOWHERE
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed.packed[:8] + bytes(8), 64)))
    return str(parsed)
