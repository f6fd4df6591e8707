"""The values of settings that are more than a number or a word: what to use of them, or what to write instead.

Each raises ValueError with a message for the author of the value; it names no setting, since settings/loading.py does.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

MIN_KEY_LENGTH: Final = 16
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MIN_KEY_GUESSES: Final = 10**10
"""Anyone with a copy of the database can try keys without a limit; 16 random hex digits take 10**13 and more."""
_JUDGED: Final = 20
"""Characters that zxcvbn looks at: more can only be harder to guess, and 72 may take it ten seconds."""
_PLACEHOLDER: Final = re.compile(
    r"""
      (your|my|the|some|a)?[-_ ]?([a-z]{0,12}[-_ ]?){0,3}(secret|key)([-_ ]?[a-z]{0,8}){0,3}[0-9]{0,8}  # my-secret-key
    | .*(change|replace|insert|fill)[-_ ]?(me|this|it|in|here).*                                       # change-me-now
    | .*(example|placeholder|insecure).*
    | <.*> | \$?\{.*\}                                                                                # ${SECRET_KEY}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HOST_NAME: Final = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
_REDIS_SCHEMES: Final = ("redis", "rediss", "unix")
_NEW_KEY: Final = "`openssl rand -hex 32` prints a good one"


def split_commas(value: object) -> object:
    """The parts of a text between its commas, without blanks around them; any other value as it is."""
    return _parts(value) if isinstance(value, str) else value


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def usable_path(path: Path) -> Path:
    """The path with `~` replaced by the user's home."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{str(path)!r} begins with the home of a user that is not known here") from error


def absolute_path(path: Path) -> Path:
    """The path from the root on, so that messages can be understood from any folder."""
    return Path.cwd() / usable_path(path)


def browser_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """The sites as browsers name them in `Origin`: `https://host`, with a port where it isn't the scheme's own."""
    return tuple(_browser_origin(origin) for origin in origins)


def _browser_origin(origin: str) -> str:
    if "*" in origin:
        raise ValueError(
            f"{origin!r} would let the pages of any site there read with the log-in cookie of your users. "
            "Name each site, such as https://plates.example.org"
        )
    wrong = f"{origin!r} is no site. Write its scheme and name, such as https://plates.example.org"
    parts = _split_address(origin.rstrip("/"), wrong)
    host = parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host or parts.path or parts.query or parts.fragment or "@" in origin:
        raise ValueError(wrong)
    name = f"[{host}]" if ":" in host else _ascii_name(host)
    is_default = parts.port in (None, _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{name}" + ("" if is_default else f":{parts.port}")


def host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names in lower case, as they stand in `Host`."""
    return tuple(_host_name(name) for name in names)


def _host_name(name: str) -> str:
    if name == "*":
        raise ValueError("'*' stands for no name. Leave the setting empty to answer by any name")
    if "://" in name or "/" in name:
        raise ValueError(f"{name!r} is an address. Write the name alone, such as plates.example.org")
    try:
        return f"[{ipaddress.IPv6Address(name.strip('[]'))}]"
    except ValueError:
        lower = _ascii_name(name.lower())
    if ":" in lower:
        raise ValueError(f"{name!r} has a port. Write the name alone: any port of it passes")
    if not _HOST_NAME.fullmatch(lower):
        raise ValueError(
            f"{name!r} is no host name. Write one such as plates.example.org, or *.example.org for all below"
        )
    return lower.rstrip(".")


def _ascii_name(name: str) -> str:
    """The name as browsers and DNS write it."""
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"{name!r} is no host name") from error


def proxy_addresses(value: str) -> str:
    """The addresses and networks, with commas between them."""
    return ",".join(map(_proxy_address, _parts(value)))


def _proxy_address(text: str) -> str:
    everybody = (
        f"{text!r} would believe everybody who claims to call for somebody else. Name the proxies' addresses or "
        "networks, such as 127.0.0.1,192.0.2.0/24"
    )
    if text == "*":
        raise ValueError(everybody)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{text!r} is no address or network. Write such as 127.0.0.1,192.0.2.0/24") from error
    if not network.prefixlen:
        raise ValueError(everybody)
    return str(network) if "/" in text else text


def server_keys(value: str) -> str:
    """The keys as they are given, if the first one, which seals, is hard to guess; the others only open old secrets."""
    require_strong_key(value.partition(",")[0].strip())
    return value


def require_strong_key(key: str) -> str:
    """The key, if it is long and not a document's placeholder."""
    if len(key) < MIN_KEY_LENGTH:
        raise ValueError(f"the key has {len(key)} characters, {MIN_KEY_LENGTH} are the least; {_NEW_KEY}")
    from zxcvbn import zxcvbn  # noqa: PLC0415 (its word lists take 20 ms to load, and few commands are given a key)

    if _PLACEHOLDER.fullmatch(key) or zxcvbn(key[:_JUDGED])["guesses"] < _MIN_KEY_GUESSES:
        raise ValueError(f"the key is a document's placeholder or easy to guess; {_NEW_KEY}")
    return key


def place_name(value: str | None) -> str | None:
    """The name of a location, None for `none` or nothing."""
    name = (value or "").strip()
    if not name.isprintable():
        raise ValueError("the name of a location has no control characters")
    return None if name.lower() in {"", "none"} else name


def service_address(value: str) -> str:
    """The address, if it is one of a service over HTTP, without a password."""
    wrong = "it is no address of a service. Write such as https://api.example.org"
    parts = _split_address(value, wrong)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in value or re.search(r"\s", value):
        raise ValueError(wrong)
    return value


def redis_address(value: str) -> str:
    """The address, if it is one of a Redis."""
    wrong = "it is no address of a Redis. Write such as redis://localhost:6379/0"
    parts = _split_address(value, wrong)
    if parts.scheme not in _REDIS_SCHEMES or not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise ValueError(wrong)
    return value


def _split_address(address: str, wrong: str) -> SplitResult:
    """The parts of the address, whose host and port can be read; else ValueError with the message `wrong`."""
    try:
        parts = urlsplit(address)
        _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(wrong) from error
    return parts
