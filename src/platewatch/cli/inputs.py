"""Images from the files and folders named on the command line."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from platewatch.vision.photo_files import photos_below

STDIN: Final = "-"


def expand(names: Iterable[str]) -> list[str]:
    """The images in the order given, each once: folders stand for all photos below them, globs for what they match.

    Photos in a format that is not read are among them, and a name that is neither is kept as it is, so that reading
    each says what is wrong.
    """
    found: dict[str, None] = {}
    for name in names:
        for image in _expand_one(name):
            found[image] = None
    return list(found)


def _expand_one(name: str) -> list[str]:
    if name == STDIN:
        return [name]
    path = Path(name)
    if path.is_dir():
        return sorted(str(inner) for inner in photos_below(path))
    if path.exists() or not glob.has_magic(name):
        return [name]
    # Some shells pass patterns on as they are.
    matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
    return [image for match in matches for image in _expand_one(match)] or [name]
