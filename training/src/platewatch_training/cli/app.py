"""The command itself, to which each group of verbs adds its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from platewatch_training.runs.trainer import Progress

app = typer.Typer(name="platewatch-train", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
console = Console(stderr=True)
_TOLD_EVERY = 200


@contextmanager
def progress(name: str, steps: int, step: int) -> Iterator[Callable[[Progress], None]]:
    """A bar with rate and time left; where nobody looks, a line now and then."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[at]}"))
    with Bar(*columns, console=console) as bar:
        task = bar.add_task(name, total=steps, completed=step, at="")
        began = time.monotonic()

        def show(now: Progress) -> None:
            bar.update(task, completed=now.step, at=f"loss {now.loss:.3f}, {now.rate:.0f} samples/s")
            if not console.is_terminal and now.step % _TOLD_EVERY == 0:
                minutes = (time.monotonic() - began) / 60
                console.print(f"{minutes:.1f} min, step {now.step}: loss {now.loss:.4f}, {now.rate:.0f}/s")

        yield show
