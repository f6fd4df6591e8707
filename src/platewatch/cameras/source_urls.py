"""Addresses of cameras, which hold passwords: sealed whole, shown without."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from platewatch.redaction import redact_path

HIDDEN: Final = "***"
SCHEMES: Final = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "rtp", "srt")
_SECRET_NAME = re.compile(r"pass|pwd|psw|^pw$|^pin$|secret|token|key|auth|sig|credential|^p$", re.IGNORECASE)
_SECRET_IN_PATH = re.compile(r"((?:pass\w*?|pwd|psw|pw|token|key|secret)=)[^/&;_]+", re.IGNORECASE)
"""As cheap cameras have them: `/user=admin_password=secret_channel=1_stream=0.sdp`."""
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
    """The address with `***` for the password, and for each part of query and path that may be a secret."""
    parts = urlsplit(url)
    account, at, host = parts.netloc.rpartition("@")
    user, colon, _ = account.partition(":")
    netloc = f"{user}{colon}{HIDDEN if colon else ''}{at}{host}"
    path, found = _SECRET_IN_PATH.subn(rf"\1{HIDDEN}", parts.path)
    path = path if found else redact_path(path)
    return urlunsplit(parts._replace(netloc=netloc, path=path, query=_redacted_query(parts.query)))


def hides(url: str) -> bool:
    """Whether `***` stands in the address for a secret."""
    parts = urlsplit(url)
    in_query = any(value == HIDDEN for _, value in parse_qsl(parts.query))
    return parts.password == HIDDEN or in_query or HIDDEN in parts.path


def _redacted_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(_SECRET_NAME.search(name) and value for name, value in pairs):
        return query
    shown = [(name, HIDDEN if value and _SECRET_NAME.search(name) else value) for name, value in pairs]
    return urlencode(shown, safe="*/:", quote_via=quote)
