"""Replays deploy/Dockerfile in an empty folder, for machines without a container engine.

`python deploy/replay.py FOLDER` takes what Git knows of the checkout, but for .dockerignore, and runs every step below
FOLDER: with a fresh virtual environment in place of Python's image, with the machine's own Node.js in place of Node's.
Then it starts the command and asks the health check. What it can't show are the base images and other accounts:
`useradd` does nothing here, `USER`, `VOLUME` and `EXPOSE` are told only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
DOCKERFILE: Final = REPOSITORY / "deploy" / "Dockerfile"
IGNORED: Final = REPOSITORY / ".dockerignore"
_PORT: Final = "8000"
"""That the Dockerfile's settings and health check name."""
_NOTED: Final = frozenset({"USER", "VOLUME", "EXPOSE"})
_READY_WITHIN_S: Final = 120
_ENDS_WITHIN_S: Final = 40
# No account is made outside of an image, and nothing is given to one.
_SHIMS: Final = {
    "useradd": "exit 0",
    "install": 'for folder; do :; done; exec mkdir -p "$folder"',
}


class ReplayError(Exception):
    """A step that can't be replayed, or that failed; the message says which."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a Dockerfile, its lines joined."""

    line: int
    name: str
    rest: str


@dataclass(slots=True)
class Stage:
    """What stands for one image: its root folder, working directory, environment, and what it runs in the end."""

    root: Path
    workdir: PurePosixPath = field(default_factory=lambda: PurePosixPath("/"))
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Where a path of the image is."""
        return self.root / (self.workdir / path).relative_to("/")


def parse(text: str) -> list[Step]:
    """The steps of a Dockerfile.

    Raises:
        ReplayError: a line is none.
    """
    steps: list[Step] = []
    waiting, begun = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun = begun or number
        waiting += line.strip().removesuffix("\\")
        if line.rstrip().endswith("\\"):
            continue
        name, _, rest = waiting.partition(" ")
        if not re.fullmatch(r"[A-Za-z]+", name) or not rest.strip():
            raise ReplayError(f"Line {begun} is no instruction: {waiting!r}")
        steps.append(Step(begun, name.upper(), rest.strip()))
        waiting, begun = "", 0
    if waiting:
        raise ReplayError(f"Line {begun} is no instruction: {waiting!r}")
    return steps


def is_ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore leaves the file out: by a folder from the top, or with `**/` by a name anywhere."""
    parts = path.split("/")
    for pattern in patterns:
        if pattern.startswith("**/"):
            if any(fnmatch(part, pattern[3:]) for part in parts):
                return True
        elif any(fnmatch("/".join(parts[:end]), pattern) for end in range(1, len(parts) + 1)):
            return True
    return False


class Replay:
    """The steps of one Dockerfile, below one folder."""

    def __init__(self, folder: Path, context: Path) -> None:
        self._folder = folder
        self._context = context
        self.stages: list[Stage] = []
        self._named: dict[str, Stage] = {}

    def take(self, step: Step) -> None:
        """Do what the step says.

        Raises:
            ReplayError: it failed, or it is of a kind that is not known here.
        """
        print(f"line {step.line}: {step.name} {step.rest}", flush=True)
        if step.name == "FROM":
            self._begin(step.rest)
        elif not self.stages:
            raise ReplayError(f"Line {step.line} comes before FROM.")
        elif step.name in _TAKERS:
            _TAKERS[step.name](self, self.stages[-1], step.rest)
        elif step.name not in _NOTED:
            raise ReplayError(f"Line {step.line}: {step.name} can't be replayed yet.")

    def _begin(self, rest: str) -> None:
        image, _, name = rest.partition(" AS ")
        stage = Stage(self._folder / (name or f"stage{len(self.stages)}"))
        stage.root.mkdir(parents=True)
        kind, _, tag = image.partition(":")
        if kind == "python":
            _require(tag, "{}.{}".format(*sys.version_info), "Python")
            subprocess.run([sys.executable, "-m", "venv", str(stage.root / "venv")], check=True)
        elif kind == "node":
            found = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S607
            _require(tag, found.strip().lstrip("v"), "Node.js")
        else:
            raise ReplayError(f"The image {image!r} can't be replaced by this machine.")
        shims = stage.root / "shims"
        shims.mkdir()
        for program, script in _SHIMS.items():
            (shims / program).write_text(f"#!/bin/sh\n{script}\n")
            (shims / program).chmod(0o755)
        # The machine's settings of its registries stay; those of this checkout don't.
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("PLATEWATCH_", "PYTHON"))}
        stage.environment |= mine | {"PATH": f"{shims}:{stage.root / 'venv' / 'bin'}:{os.environ['PATH']}"}
        self.stages.append(stage)
        self._named[name] = stage

    def _workdir(self, stage: Stage, rest: str) -> None:
        stage.workdir = stage.workdir / rest
        stage.inside(".").mkdir(parents=True, exist_ok=True)

    def _env(self, stage: Stage, rest: str) -> None:
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            stage.environment[name] = self._moved(stage, value)

    def _copy(self, stage: Stage, rest: str) -> None:
        words = shlex.split(rest)
        origin = self._context
        if words[0].startswith("--from="):
            name = words.pop(0).removeprefix("--from=")
            if name not in self._named:
                raise ReplayError(f"There is no stage {name!r} to copy from.")
            origin = self._named[name].root
        *sources, target = words
        to_folder = len(sources) > 1 or target.endswith("/") or target in (".", "./")
        for source in sources:
            found = origin / source.lstrip("/")
            place = stage.inside(target)
            if found.is_dir():
                shutil.copytree(found, place, dirs_exist_ok=True)
            elif found.is_file():
                place = place / found.name if to_folder else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found, place)
            else:
                raise ReplayError(f"There is nothing {source!r} to copy. Does .dockerignore leave it out?")

    def _run(self, stage: Stage, rest: str) -> None:
        ran = subprocess.run(
            ["/bin/sh", "-ec", self._moved(stage, rest)], cwd=stage.inside("."), env=stage.environment, check=False
        )
        if ran.returncode:
            raise ReplayError(f"It ended with {ran.returncode}: {rest}")

    def _cmd(self, stage: Stage, rest: str) -> None:
        stage.command = json.loads(rest)

    def _healthcheck(self, stage: Stage, rest: str) -> None:
        stage.health = json.loads(rest.partition("CMD ")[2])

    def _moved(self, stage: Stage, text: str) -> str:
        """The text with the absolute paths of the image below its root."""
        return re.sub(r"(?<![\w./:])/(?=\w)", f"{stage.root}/", text)


_TAKERS: Final = {
    "WORKDIR": Replay._workdir,  # noqa: SLF001 -- its own table
    "ENV": Replay._env,  # noqa: SLF001
    "COPY": Replay._copy,  # noqa: SLF001
    "RUN": Replay._run,  # noqa: SLF001
    "CMD": Replay._cmd,  # noqa: SLF001
    "HEALTHCHECK": Replay._healthcheck,  # noqa: SLF001
}


def gather_context(folder: Path) -> None:
    """Put what a build would be sent into the folder."""
    patterns = [line.strip() for line in IGNORED.read_text().splitlines() if line.strip() and line[0] != "#"]
    if any(pattern.startswith("!") for pattern in patterns):
        raise ReplayError(".dockerignore has an exception (!), which can't be replayed yet.")
    listed = ["git", "-C", str(REPOSITORY), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and not is_ignored(name, patterns) and (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)


def serve(stage: Stage, port: str) -> None:
    """Start the image's command on loopback and ask its health check until it is content.

    Raises:
        ReplayError: it ended, or it is not healthy in time.
    """
    environment = stage.environment | {"PLATEWATCH_HOST": "127.0.0.1", "PLATEWATCH_PORT": port}
    server = subprocess.Popen(stage.command, cwd=stage.inside("."), env=environment)
    try:
        health = [part.replace(f":{_PORT}/", f":{port}/") for part in stage.health]
        until = time.monotonic() + _READY_WITHIN_S
        while subprocess.run(health, env=environment, capture_output=True, check=False).returncode:
            if server.poll() is not None:
                raise ReplayError(f"The command ended with {server.returncode}.")
            if time.monotonic() > until:
                raise ReplayError(f"The command is not healthy after {_READY_WITHIN_S} s.")
            time.sleep(0.5)
    finally:
        server.terminate()
        server.wait(_ENDS_WITHIN_S)


def main() -> None:
    """Replay all, and say how it ended."""
    told = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    told.add_argument("folder", type=Path, help="An empty folder, or one that is not there yet.")
    folder: Path = told.parse_args().folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        told.error(f"{folder} is not empty.")
    try:
        for stage in replayed(folder):
            last = stage
        serve(last, _free_port())
    except (ReplayError, subprocess.CalledProcessError, FileNotFoundError) as error:
        print(f"replay failed: {error}", file=sys.stderr)
        raise SystemExit(1) from error
    print(f"every step of {DOCKERFILE.name} ran, and its command is healthy")


def replayed(folder: Path) -> Iterator[Stage]:
    """The stages as each step is done; the last one is the image.

    Raises:
        ReplayError: a step failed.
    """
    context = folder / "context"
    context.mkdir(parents=True)
    gather_context(context)
    replay = Replay(folder, context)
    for step in parse(DOCKERFILE.read_text()):
        replay.take(step)
        yield replay.stages[-1]


def _require(tag: str, found: str, what: str) -> None:
    asked = tag.partition("-")[0].split(".")
    if found.split(".")[: len(asked)] != asked:
        raise ReplayError(f"The image has {what} {'.'.join(asked)}, this machine has {found}.")


def _free_port() -> str:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return str(asked.getsockname()[1])


if __name__ == "__main__":
    main()
