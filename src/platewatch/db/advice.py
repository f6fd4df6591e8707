"""Advice for a database that can't be used, by the driver's error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL

from platewatch.settings import DatabaseNames

URL_NAMES: Final = DatabaseNames(*["PLATEWATCH_DATABASE_URL"] * 4)

_MYSQL_WRONG_LOG_IN: Final = frozenset({1045, 1698, 1251, 2059})
_MYSQL_NO_RIGHT: Final = frozenset({1044, 1142, 1370, 1410})
_MYSQL_NO_DATABASE: Final = frozenset({1049})
_UNKNOWN_HOST: Final = re.compile(
    r"name or service not known|failed to resolve|translate host name|nodename nor servname|name resolution"
    r"|no address associated|getaddrinfo failed",
    re.IGNORECASE,
)
_WRONG_LOG_IN: Final = re.compile(r"authentication failed|no password supplied|role .* does not exist", re.IGNORECASE)
_NO_DATABASE: Final = re.compile(r"database .* does not exist", re.IGNORECASE)
_NO_RIGHT: Final = re.compile(r"permission denied|no pg_hba.conf entry", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Case:
    """The driver's error: its text, and its number where it has one."""

    url: URL
    names: DatabaseNames
    text: str
    code: int | None


def advice(url: URL, names: DatabaseNames, error: BaseException) -> str:
    """One or two sentences that say what to do, with the names of the settings that give the database."""
    arguments: tuple[Any, ...] = error.args
    code = arguments[0] if arguments and isinstance(arguments[0], int) else None
    case = _Case(url, names, str(error), code)
    return _about_file(case) if url.get_backend_name() == "sqlite" else _about_server(case)


def _about_file(case: _Case) -> str:
    file, text = case.url.database, case.text.lower()
    if "not a database" in text or "malformed" in text:
        return (
            f"The file {file!r} is damaged or no SQLite database. Restore it from a backup, or move it away to begin "
            f"with an empty one; {case.names.address} says where it is."
        )
    if "full" in text:
        return f"Free some space where {file!r} is, or choose another place with {case.names.address}."
    if "locked" in text:
        return f"Another program works on {file!r} for long. End it, or wait for it."
    if file and Path(file).is_dir():
        return f"{file!r} is a folder, not a file. Move it away, or choose another place with {case.names.address}."
    return (
        f"This user must be able to read and write the file {file!r} and its folder. Give the right, or choose another "
        f"place with {case.names.address}."
    )


def _about_server(case: _Case) -> str:
    url, names = case.url, case.names
    if case.code in _MYSQL_NO_DATABASE or _NO_DATABASE.search(case.text):
        return f"Make the database {url.database!r} on the server, or name another one with {names.database}."
    if case.code in _MYSQL_NO_RIGHT or _NO_RIGHT.search(case.text):
        return (
            f"Give the user {url.username!r} all rights on the database {url.database!r}, or choose another user with "
            f"{names.user}."
        )
    if case.code in _MYSQL_WRONG_LOG_IN or _WRONG_LOG_IN.search(case.text):
        which = names.user if names.user == names.password else f"{names.user} and {names.password}"
        return f"The server refuses the user {url.username!r} with the password given. Correct {which}."
    if _UNKNOWN_HOST.search(case.text):
        return f"There is no host {url.host!r}. Correct the name in {names.address}."
    return f"Check that it runs and can be reached at {url.host!r}, and check {names.address}."
