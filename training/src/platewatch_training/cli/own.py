"""Options of the verbs that fine-tune on a user's own data, and what the verbs tell in the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from platewatch.datasets.label_format import LabelFormat

if TYPE_CHECKING:
    from platewatch_training.runs.config import OwnData

DataOption = Annotated[
    Path | None,
    typer.Option(help="Your own labelled photos, in any format of `platewatch dataset`: fine-tune on them."),
]
FormatOption = Annotated[LabelFormat | None, typer.Option("--format", help="Of the labels of --data.")]
SkipBadOption = Annotated[bool, typer.Option("--skip-bad", help="Leave out labels that can't be understood.")]
HeldBackOption = Annotated[
    float, typer.Option(min=0.01, max=0.9, help="Share of --data held back, where its labels have no split.")
]
PatienceOption = Annotated[int, typer.Option(min=1, help="End after so many looks without a better result.")]
StartFromOption = Annotated[Path | None, typer.Option(help="With --data: another checkpoint than the shipped one.")]
HELD_BACK = 0.2
PATIENCE = 6


def own_data(
    folder: Path, label_format: LabelFormat | None, held_back: float, patience: int, *, skip_bad: bool
) -> OwnData:
    """The part of a configuration that these options mean; the folder is noted with its whole path."""
    from platewatch_training.runs.config import OwnData  # noqa: PLC0415 -- --help answers at once

    return OwnData(
        folder=folder.resolve(), format=label_format, skip_bad=skip_bad, held_back=held_back, patience=patience
    )


def print_changes(run: Path) -> None:
    """Print what fine-tuning brought on what was held back."""
    from platewatch_training.reports.page import changes  # noqa: PLC0415
    from platewatch_training.runs.held_back import best_of, read_looks  # noqa: PLC0415

    looks = read_looks(run)
    best = best_of(looks)
    table = Table("held back", "before", f"best, step {best.step if best else 0}", f"last, step {looks[-1].step}")
    for change in changes(looks):
        table.add_row(change.figure, f"{change.before:.1f}", f"{change.best:.1f}", f"{change.last:.1f}")
    Console().print(table)
