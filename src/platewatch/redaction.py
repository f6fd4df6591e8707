"""Texts as people may see them: without secrets in addresses, and without characters that steer a terminal."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "***"
"""Stands for a secret that is not shown."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_PARTS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<host>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN: Final = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[^/]{16,}|[^/]{24,}")
"""A part of a path that looks like a secret rather than like a word."""

_BEFORE_TOKENS: Final = frozenset({"webhook", "webhooks", "hook", "hooks", "token", "key", "apikey", "secret"})
"""Parts of a path behind which a secret stands, however short it is."""

_WITH_TOKENS: Final = frozenset({"http", "https", "ws", "wss", "rtsp", "rtsps", "rtmp", "rtmps", "srt"})
"""Schemes whose paths may hold tokens; those of databases and files are names of folders."""

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_BLANKS: Final = "\t\n\v\f\r\x85\u2028\u2029"
_CONTROLS: Final = [
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),  # they turn the order of the letters round, and with it what a file name seems to be
    *range(0x2066, 0x206A),
]
_HALVES: Final = range(0xD800, 0xE000)
"""Halves of characters, which no database and no terminal takes."""

_ONE_LINE: Final = {
    **dict.fromkeys(_CONTROLS, _REPLACEMENT),
    **dict.fromkeys(_HALVES, "?"),
    **dict.fromkeys(map(ord, _BLANKS), " "),
}
_LINES: Final = {code: kept for code, kept in _ONE_LINE.items() if chr(code) not in "\t\n"}


def printable(text: str, *, lines: bool = False) -> str:
    """The text without control characters, for terminals, tables and pages.

    Every text that a device, another system or a stranger chose goes through this function.

    Args:
        text: As it came.
        lines: Keep line breaks and tabs; they become spaces otherwise.
    """
    return text.translate(_LINES if lines else _ONE_LINE)


def redact_url(url: str) -> str:
    """The address with `***` for its user and password, the values of its query, and what else may be a secret.

    In the paths of web and stream addresses that is every part that looks like a token: webhooks and cameras have
    theirs there. A text without `://` stays as it is.
    """
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return url
    account, at, host = parts["host"].rpartition("@")
    path = parts["path"]
    if parts["scheme"].lower().removesuffix("://") in _WITH_TOKENS:
        path = redact_path(path)
    query = "&".join(map(_redact_parameter, (parts["query"] or "").split("&")))
    fragment = f"#{HIDDEN}" if parts["fragment"] else ""
    return f"{parts['scheme']}{HIDDEN if account or at else ''}{at}{host}{path}{query}{fragment}"


def redact_path(path: str) -> str:
    """The path of an address with `***` for its parts that look like a token, or stand behind a word for one."""
    parts = path.split("/")
    before = ["", *(part.lower() for part in parts)]
    return "/".join(
        HIDDEN if part and (_TOKEN.fullmatch(part) or previous in _BEFORE_TOKENS) else part
        for previous, part in zip(before, parts, strict=False)
    )


def redact_urls(text: str) -> str:
    """The text with the secrets of all its addresses hidden."""
    if "://" not in text:
        return text
    return _ADDRESS.sub(lambda found: redact_url(found[0]), text)


def _redact_parameter(parameter: str) -> str:
    """`name=***`; a parameter without a name may be the secret itself. The first one begins with `?`."""
    mark = "?" if parameter.startswith("?") else ""
    name, equals, value = parameter.removeprefix("?").partition("=")
    if equals:
        return f"{mark}{name}={HIDDEN if value else ''}"
    return f"{mark}{HIDDEN if name else ''}"
