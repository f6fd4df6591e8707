"""The circumstances of a run: the code's commit, versions, and hashes of the files that define its data."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import torch

from platewatch.vision.inference.model_card import sha256_of

_DRAWN: Final = Path(__file__).parents[1] / "synthesis"


def made_from_of(datasets: Path | None) -> dict[str, object]:
    """As YAML takes it; `commit` is None outside a Git checkout, and ends in "+" where files differ from it.

    Args:
        datasets: the folder whose sets in train/ and vehicles/ may be learned from; None where nothing but drawings is.
    """
    return {
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(Path(__file__).parent),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "sha256": {name: sha256_of(path) for name, path in sorted(_files(datasets).items())},
    }


def _files(datasets: Path | None) -> dict[str, Path]:
    """The files of what is drawn (layouts, typefaces) and of the photos' labels, by short names."""
    found = {path.relative_to(_DRAWN).as_posix(): path for path in _DRAWN.rglob("*.yaml")}
    if datasets is None:
        return found
    for room in ("train", "vehicles"):
        found |= {path.relative_to(datasets).as_posix(): path for path in (datasets / room).glob("*/labels.jsonl")}
    return found


def _commit(checkout: Path) -> str | None:
    asked = ["git", "-C", str(checkout), "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
