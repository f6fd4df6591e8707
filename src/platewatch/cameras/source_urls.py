"""Addresses of cameras, which hold passwords: sealed whole, shown without."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

HIDDEN: Final = "***"
SCHEMES: Final = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "rtp", "srt")
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|auth|sig|credential|passwd|passphrase", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f]")


def check_source_url(url: str) -> str:
    """The same address, if frames can come from it.

    Raises:
        ValueError: they can't; the message says what to write.
    """
    if _FORBIDDEN.search(url):
        raise ValueError("has spaces or control characters; percent-encode them")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"not an address: {error}") from error
    if parts.scheme.lower() not in SCHEMES or not host:
        raise ValueError(f"write it like rtsp://user:password@host:554/path; known are {', '.join(SCHEMES)}")
    return url


def redact(url: str) -> str:
    """The address with `***` for the password and for each value of the query that may be a secret."""
    parts = urlsplit(url)
    account, at, host = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    netloc = f"{user}{colon}{HIDDEN if colon else ''}{at}{host}"
    return urlunsplit(parts._replace(netloc=netloc, query=_redacted_query(parts.query)))


def hides(url: str) -> bool:
    """Whether `***` stands in the address for a secret."""
    parts = urlsplit(url)
    return parts.password == HIDDEN or any(value == HIDDEN for _, value in parse_qsl(parts.query))


def _redacted_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(_SECRET_NAME.search(name) and value for name, value in pairs):
        return query
    shown = [(name, HIDDEN if value and _SECRET_NAME.search(name) else value) for name, value in pairs]
    return urlencode(shown, safe="*/:", quote_via=quote)
