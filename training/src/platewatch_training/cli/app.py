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
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click.core import Context

    from platewatch_training.runs.trainer import Progress

console = Console(stderr=True)
_GROUPS = ("recognizer", "detector", "region", "yolo")
_FORMER_VERBS = {verb: ("recognizer", verb) for verb in ("keep", "blend", "evaluate", "export", "report")} | {
    f"{group}-{verb}": (group, verb)
    for group, verbs in {
        "detector": ("keep", "blend", "report", "scenes", "evaluate", "mine", "export", "joint"),
        "yolo": ("evaluate", "export"),
    }.items()
    for verb in verbs
}


class _WithFormerNames(TyperGroup):
    """Takes the names that verbs had before there were groups, and says the new ones."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        if words := self._present_words(ctx, args):
            console.print(f"`{args[0]}` is now `{' '.join(words)}`; the former name will go.", style="yellow")
            args = [*words, *args[1:]]
        return super().parse_args(ctx, args)

    def _present_words(self, ctx: Context, args: list[str]) -> tuple[str, ...] | None:
        first = args[0] if args else ""
        if first in _FORMER_VERBS:
            return _FORMER_VERBS[first]
        group = self.get_command(ctx, first) if first in _GROUPS else None
        if not isinstance(group, TyperGroup) or len(args) == 1 or args[1] == "--help" or args[1] in group.commands:
            return None
        return first, "train"


app = typer.Typer(
    name="platewatch-train",
    cls=_WithFormerNames,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_LINE_EVERY = 200


@contextmanager
def progress(name: str, steps: int, step: int) -> Iterator[Callable[[Progress], None]]:
    """A bar with rate and time left; where nobody looks, a line now and then."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[at]}"))
    with Bar(*columns, console=console) as bar:
        task = bar.add_task(name, total=steps, completed=step, at="")
        began = time.monotonic()

        def show(now: Progress) -> None:
            bar.update(task, completed=now.step, at=f"loss {now.loss:.3f}, {now.rate:.0f} samples/s")
            if not console.is_terminal and now.step % _LINE_EVERY == 0:
                minutes = (time.monotonic() - began) / 60
                console.print(f"{minutes:.1f} min, step {now.step}: loss {now.loss:.4f}, {now.rate:.0f}/s")

        yield show
