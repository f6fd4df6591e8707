"""Verbs of Ultralytics' YOLO, an optional extra under another licence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from platewatch_training.cli.app import app
from platewatch_training.cli.own import (
    HELD_BACK,
    PATIENCE,
    FormatOption,
    HeldBackOption,
    PatienceOption,
    SkipBadOption,
    own_data,
)

if TYPE_CHECKING:
    from platewatch_training.ultralytics.training import Precision

verbs = typer.Typer(no_args_is_help=True, help="Ultralytics' YOLO (AGPL-3.0), an optional extra.")
app.add_typer(verbs, name="yolo")

RunArgument = Annotated[Path, typer.Argument(help="The run's folder; a stopped run there goes on.")]
SideOption = Annotated[int, typer.Option(min=64, max=4096, help="Of the network's input.")]
AcceptOption = Annotated[bool, typer.Option("--accept-agpl", help="Don't ask about the licence.")]


@verbs.command()
def train(  # noqa: PLR0913 -- each parameter is an option of the command
    run: RunArgument,
    *,
    data: Annotated[Path, typer.Option(help="Your own labelled photos, in any format of `platewatch dataset`.")],
    weights: Annotated[Path, typer.Option(help="A .pt file of YOLOv5 (u), v8 or v11; none is downloaded.")],
    label_format: FormatOption = None,
    skip_bad: SkipBadOption = False,
    held_back: HeldBackOption = HELD_BACK,
    patience: PatienceOption = PATIENCE,
    epochs: Annotated[int, typer.Option(min=1, help="At most.")] = 50,
    image_side: SideOption = 640,
    accept_agpl: AcceptOption = False,
) -> None:
    """Fine-tune Ultralytics' YOLO (AGPL-3.0) on your own photos, and measure it on what is held back."""
    from platewatch_training.ultralytics.training import Request  # noqa: PLC0415 -- --help answers at once
    from platewatch_training.ultralytics.training import train as fine_tune  # noqa: PLC0415

    _ask(accepted=accept_agpl)
    own = own_data(data, label_format, held_back, patience, skip_bad=skip_bad)
    before, after = fine_tune(Request(run.resolve(), own, weights, epochs, image_side))
    typer.echo(f"held back, before: {_describe(before)}")
    typer.echo(f"held back, after:  {_describe(after)}")


@verbs.command()
def evaluate(run: RunArgument, *, image_side: SideOption = 640, accept_agpl: AcceptOption = False) -> None:
    """Measure a run of Ultralytics' YOLO (AGPL-3.0) on what it held back."""
    from platewatch_training.ultralytics.training import evaluate as measure  # noqa: PLC0415

    _ask(accepted=accept_agpl)
    typer.echo(f"held back: {_describe(measure(run.resolve(), image_side))}")


@verbs.command()
def export(run: RunArgument, *, image_side: SideOption = 640, accept_agpl: AcceptOption = False) -> None:
    """Write a run of Ultralytics' YOLO (AGPL-3.0) as ONNX, for the detector `yolo`."""
    from platewatch_training.ultralytics.training import export as write  # noqa: PLC0415

    _ask(accepted=accept_agpl)
    path = write(run.resolve(), image_side)
    typer.echo(f"{path}: use it with PLATEWATCH_DETECTOR=yolo PLATEWATCH_DETECTOR_MODEL={path}")


def _ask(*, accepted: bool) -> None:
    from platewatch_training.ultralytics.training import LICENSE_NOTICE  # noqa: PLC0415

    typer.echo(LICENSE_NOTICE, err=True)
    if not accepted:
        typer.confirm("Go on under these terms?", abort=True, err=True)


def _describe(found: Precision) -> str:
    return f"mAP {found.at_50:.1f} % at IoU 0.5, {found.over_all:.1f} % over 0.5 to 0.95"
