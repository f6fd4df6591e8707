"""Under what circumstances figures came about: when, which code, which models, which machine."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from platewatch.clock import Clock
from platewatch.vision.backends.rapidocr import model_files
from platewatch.vision.detector.plate_detector import detector_model
from platewatch.vision.inference.model_card import list_models, sha256_of
from platewatch.vision.inference.registry import OWN, installed_backends
from platewatch.vision.recognizer.slot_recognizer import recognizer_model

REPOSITORY: Final = Path(__file__).parents[1]
RESULTS: Final = Path(__file__).with_name("results")
# What figures depend on; a page that takes the figures itself doesn't make them those of other code.
_MEASURED_CODE: Final = ("src/platewatch", "benchmarks", "requirements", "pyproject.toml")
_CPU_FACTS: Final = Path("/proc/cpuinfo")
_SHORT_HASH: Final = 12


@dataclass(frozen=True, slots=True)
class Used:
    """The backends that figures are of, by name; the folders are those of our own models, None: built in."""

    recognizers: tuple[str, ...] = ()
    detector: str | None = None
    recognizer_folder: Path | None = None
    detector_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine of a run. `load` is the number of processes that wanted a core when it began, None where unknown."""

    cpu: str
    cores: int
    load: float | None
    system: str
    python: str
    onnxruntime: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The circumstances of a table. `commit` is None outside a Git checkout; `began_at` is aware UTC."""

    began_at: datetime
    commit: str | None
    has_changes: bool
    command: str
    models: tuple[str, ...]
    machine: Machine


def circumstances(module: str, used: Used = Used(), clock: Clock | None = None) -> Circumstances:
    """The circumstances at this moment, for `python -m <module>` with these backends."""
    commit, has_changes = code_state(REPOSITORY)
    return Circumstances(
        began_at=(clock or Clock()).now(),
        commit=commit,
        has_changes=has_changes,
        command=shlex.join(["python", "-m", module, *sys.argv[1:]]),
        models=describe_models(used),
        machine=this_machine(),
    )


def code_state(repository: Path) -> tuple[str | None, bool]:
    """The commit's short hash, and whether the measured code differs from it; None where Git doesn't know."""
    try:
        commit = _git(repository, "rev-parse", "--short", "HEAD")
        return commit, bool(_git(repository, "status", "--porcelain", "--", *_MEASURED_CODE))
    except (OSError, subprocess.CalledProcessError):
        return None, False


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        cpu=cpu_name(_CPU_FACTS.read_text(encoding="utf-8") if _CPU_FACTS.is_file() else ""),
        cores=os.cpu_count() or 1,
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        onnxruntime=version("onnxruntime"),
    )


def cpu_name(facts: str) -> str:
    """The processor's name from the text of Linux's `cpuinfo`, or what Python knows."""
    for line in facts.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def describe_models(used: Used) -> tuple[str, ...]:
    """A line for each model in use: the cards of these names, and the files that come without one.

    Raises:
        ModelError: A model is missing or its card can't be used.
    """
    names = tuple(dict.fromkeys((*([used.detector] if used.detector else []), *used.recognizers)))
    cards = [model.card for model in list_models() if model.card.name in names]
    if used.detector == OWN:
        cards.append(detector_model(used.detector_folder).card)
    if OWN in used.recognizers:
        cards.append(recognizer_model(used.recognizer_folder).card)
    lines = [f"{card.kind} {card.name} {card.version} (SHA-256 {card.sha256[:_SHORT_HASH]})" for card in cards]
    if "rapidocr" in names:
        lines += [
            f"rapidocr {version('rapidocr')} {path.name} (SHA-256 {sha256_of(path)[:_SHORT_HASH]})"
            for path in model_files()
        ]
    known = {card.name for card in cards} | {"rapidocr", OWN}
    packages = {backend.name: backend.package for backend in installed_backends()}
    lines += [_package_line(name, packages.get(name, "")) for name in names if name not in known]
    return tuple(lines)


def _package_line(name: str, package: str) -> str:
    try:
        return f"{name} from {package} {version(package)}"
    except (PackageNotFoundError, ValueError):
        return name


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()
