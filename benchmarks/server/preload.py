"""The memory that Gunicorn's preloading saves: `python -m benchmarks.server.preload`.

The server is started as in production, once with `preload_app` as deploy/gunicorn.conf.py has it and once without. When
every worker has loaded its models, the memory of all processes is looked at. Resident memory (RSS) counts what
processes share once for each of them, proportional memory (PSS) once in all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import psutil
import typer

from benchmarks.children import child_environment, free_port
from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.errors import ChildError
from benchmarks.report import Grid, Measured, figure, publish

NAME: Final = "preload"
CONFIG: Final = Path(__file__).parents[2] / "deploy" / "gunicorn.conf.py"
GUNICORN: Final = Path(sys.executable).with_name("gunicorn")
_MIB: Final = 1024 * 1024
_READY_WITHIN_S: Final = 300.0
_ASK_EVERY_S: Final = 0.1
_READY: Final = "models.ready"
"""The line of each worker's log once its models are loaded."""
_ENDS_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, or of several together, in MiB; `unique` is what would be free if it ended."""

    resident: float
    proportional: float
    unique: float


@dataclass(frozen=True, slots=True)
class Preload:
    """The master, each worker and all together, one way."""

    preloaded: bool
    master: Memory
    workers: tuple[Memory, ...]

    @property
    def together(self) -> Memory:
        return total((self.master, *self.workers))


def preload(
    *,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Processes that serve.")] = 4,
    gunicorn: Annotated[Path, typer.Option(help="The program, of an environment with platewatch.")] = GUNICORN,
    rounds: Annotated[int, typer.Option(min=1, help="How often each way is measured, by turns.")] = 3,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures are replaced.")] = None,
) -> None:
    """Measure the memory of Gunicorn's processes with and without preloading."""
    how = circumstances("benchmarks.server.preload")
    results = [measure(gunicorn, workers, preloaded=way) for _ in range(rounds) for way in (True, False)]
    notes = [f"{workers} workers, SQLite, models loaded, no photo read yet; the middle one of {rounds} rounds by PSS"]
    grids = [grid([middle([one for one in results if one.preloaded is way]) for way in (True, False)])]
    publish(Measured(NAME, how, notes, grids, results), output, write)


def measure(gunicorn: Path, workers: int, *, preloaded: bool) -> Preload:
    """Start the server, wait for its models, and look at its processes.

    Raises:
        ChildError: it can't be started, ended, or was not ready in time.
    """
    port = str(free_port())
    with TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "gunicorn.conf.py"
        config.write_text(
            f"exec(compile(open({str(CONFIG)!r}).read(), {str(CONFIG)!r}, 'exec'))\npreload_app = {preloaded}\n"
        )
        given = dict(os.environ) | {"WEB_CONCURRENCY": str(workers)}
        environment = child_environment(given, {"HOST": "127.0.0.1", "PORT": port, "DATA": str(folder / "data")})
        with (folder / "output.txt").open("w") as log:
            try:
                process = subprocess.Popen(
                    [gunicorn, "--config", config], cwd=folder, env=environment, stdout=log, stderr=log
                )
            except FileNotFoundError as error:
                raise ChildError(f"There is no {str(gunicorn)!r}. Install requirements/production.txt.") from error
            try:
                _wait_until_ready(process, folder / "output.txt", workers)
                master = psutil.Process(process.pid)
                return Preload(preloaded, memory_of(master), tuple(map(memory_of, master.children())))
            except ChildError as error:
                raise ChildError(f"{error} {(folder / 'output.txt').read_text()[-1000:]}") from error
            finally:
                process.terminate()
                process.wait(_ENDS_WITHIN_S)


def memory_of(process: psutil.Process) -> Memory:
    """The process's own, without its children."""
    seen = process.memory_full_info()
    return Memory(seen.rss / _MIB, seen.pss / _MIB, seen.uss / _MIB)


def total(parts: Sequence[Memory]) -> Memory:
    """All of them added up."""
    return Memory(
        sum(one.resident for one in parts), sum(one.proportional for one in parts), sum(one.unique for one in parts)
    )


def middle(results: Sequence[Preload]) -> Preload:
    """The one with the middle PSS of all processes: a system that is short of memory takes pages back at any time."""
    return sorted(results, key=lambda one: one.together.proportional)[len(results) // 2]


def grid(results: Sequence[Preload]) -> Grid:
    """The figures as a table: a row for the master, the workers' mean and all together, each way."""
    rows = []
    for result in results:
        way = "with preload" if result.preloaded else "without"
        workers, count = total(result.workers), len(result.workers)
        mean = Memory(workers.resident / count, workers.proportional / count, workers.unique / count)
        for what, memory in (("master", result.master), ("a worker", mean), ("all processes", result.together)):
            figures = (figure(memory.resident), figure(memory.proportional), figure(memory.unique))
            rows.append((f"{way}: {what}", *figures))
    return Grid("Memory of Gunicorn's processes (MiB)", ("process", "RSS", "PSS", "unique"), tuple(rows))


def _wait_until_ready(process: subprocess.Popen[bytes], output: Path, workers: int) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while output.read_text().count(_READY) < workers:
        if process.poll() is not None:
            raise ChildError(f"Gunicorn ended with {process.returncode}.")
        if time.monotonic() > deadline:
            raise ChildError(f"Not all workers were ready within {_READY_WITHIN_S:.0f} s.")
        time.sleep(_ASK_EVERY_S)


if __name__ == "__main__":
    typer.run(preload)
