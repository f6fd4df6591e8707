"""The installation of this platewatch (checkout or package), and the command that adds an extra to it."""

from __future__ import annotations

import shlex
import sys
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Final

NAME: Final = "platewatch"
_SOURCE: Final = Path(__file__).resolve().parent


@cache
def checkout_folder() -> Path | None:
    """The checkout whose source runs here, wherever the command was called; None for an installed package."""
    root = _SOURCE.parents[1]
    if root / "src" / NAME != _SOURCE:
        return None
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return root if project == NAME else None


def install_command(extra: str) -> str:
    """The command that installs an extra for the Python that runs, as it can be typed in the current folder."""
    checkout = checkout_folder()
    if checkout is None:
        wanted = f"'{NAME}[{extra}]'"
    elif checkout == _current_folder():
        wanted = f"-e '.[{extra}]'"
    else:
        wanted = f"-e {shlex.quote(f'{checkout}[{extra}]')}"
    return f"{_pip_install()} {wanted}"


def own_command(words: str) -> str:
    """The command `platewatch` with these words, as it can be typed in the current folder."""
    script = Path(sys.executable).with_name(NAME)
    if not script.is_file() or Path(which(NAME) or "") == script:
        return f"{NAME} {words}"
    return f"{_format_path(script)} {words}"


def _pip_install() -> str:
    """The pip of the running Python; any other one would install for another Python."""
    python = Path(sys.executable)
    pip = python.with_name("pip")
    if pip.is_file():
        return f"{_format_path(pip)} install"
    if find_spec("pip") is not None:
        return f"{_format_path(python)} -m pip install"
    return f"uv pip install --python {_format_path(python)}"


def _format_path(path: Path) -> str:
    """The path, short where the current folder is the checkout that has it."""
    checkout = checkout_folder()
    if checkout is not None and checkout == _current_folder() and path.is_relative_to(checkout):
        path = path.relative_to(checkout)
    return shlex.quote(str(path))


def _current_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return None
