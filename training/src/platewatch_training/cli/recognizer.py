"""Verbs of the recognizer: `platewatch-train recognizer ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from platewatch_training.cli.app import app, progress
from platewatch_training.cli.own import (
    HELD_BACK,
    PATIENCE,
    DataOption,
    FormatOption,
    HeldBackOption,
    PatienceOption,
    SkipBadOption,
    StartFromOption,
    own_data,
    print_changes,
)

verbs = typer.Typer(no_args_is_help=True, help="The network that reads the text of a plate.")
app.add_typer(verbs, name="recognizer")


@verbs.command()
def keep(
    run: Annotated[Path, typer.Argument(help="A run of the recognizer.")],
    path: Annotated[Path, typer.Argument(help="The file to write, such as training/checkpoints/recognizer.pt.")],
) -> None:
    """Keep the averaged weights of a run, and beside them what they learned from: another run can begin with both."""
    from platewatch_training.recognizer.config import load_config  # noqa: PLC0415
    from platewatch_training.recognizer.loop import load_run  # noqa: PLC0415
    from platewatch_training.recognizer.origin import data_sources  # noqa: PLC0415
    from platewatch_training.runs.origin import keep_run  # noqa: PLC0415
    from platewatch_training.runs.trainer import CONFIG  # noqa: PLC0415

    config, step = load_config(run / CONFIG), load_run(run)[2]
    kept = keep_run(run, path, config, step, data_sources(config, step))
    typer.echo(f"{path}: {kept.samples} samples")


@verbs.command()
def blend(
    run: Annotated[Path, typer.Argument(help="A run of the recognizer that began with a checkpoint.")],
    folder: Annotated[Path, typer.Argument(help="The run's copy to write.")],
    *,
    own_share: Annotated[float, typer.Option(min=0, max=1, help="Of the run's weights; the rest it began with.")] = 0.5,
) -> None:
    """Average a run's weights with those that it began with, as a run to evaluate, export or keep."""
    from platewatch_training.recognizer.config import RunConfig  # noqa: PLC0415
    from platewatch_training.runs.blend import blend as write  # noqa: PLC0415

    write(run, folder, RunConfig, own_share)


@verbs.command()
def train(  # noqa: PLR0913 -- each parameter is an option of the command
    run: Annotated[Path, typer.Argument(help="The run's folder; a stopped run there goes on.")],
    *,
    config: Annotated[Path | None, typer.Option(help="YAML; without it the run's own, or the defaults.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so long; the run can go on later.")] = None,
    data: DataOption = None,
    label_format: FormatOption = None,
    skip_bad: SkipBadOption = False,
    held_back: HeldBackOption = HELD_BACK,
    patience: PatienceOption = PATIENCE,
    start_from: StartFromOption = None,
) -> None:
    """Train the recognizer, or go on with it; with --data, fine-tune the shipped one on your own photos."""
    from platewatch_training.recognizer.config import RunConfig, load_config  # noqa: PLC0415
    from platewatch_training.recognizer.loop import Trainer  # noqa: PLC0415
    from platewatch_training.recognizer.report import report as write  # noqa: PLC0415
    from platewatch_training.runs.shipped import fine_tuning  # noqa: PLC0415
    from platewatch_training.runs.trainer import CONFIG  # noqa: PLC0415

    before = run / CONFIG
    if data is not None:
        own = own_data(data, label_format, held_back, patience, skip_bad=skip_bad)
        chosen = fine_tuning(RunConfig, "recognizer", own, start_from, config)
    else:
        chosen = load_config(config) if config else load_config(before) if before.exists() else RunConfig()
    trainer = Trainer(chosen, run)
    with progress("recognizer", chosen.steps, trainer.step) as show:
        trainer.run(show, seconds=minutes * 60 if minutes else None)
    if trainer.held_back is not None and trainer.finished:
        print_changes(run)
        typer.echo(f"report: {write(run, None, run)}")


@verbs.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    datasets: Annotated[Path, typer.Option(help="The folder with evaluation/ and train/.")],
) -> None:
    """Measure a run's averaged weights on real crops that it was not trained on."""
    from platewatch_training.recognizer.evaluate import crop_sets, read_crops, score  # noqa: PLC0415
    from platewatch_training.recognizer.loop import load_run  # noqa: PLC0415

    network, codec, step = load_run(run)
    table = Table("set", "plates", "exact", "folded", title=f"{run.name}, step {step}")
    for name, crops in crop_sets(datasets).items():
        found = score(name, read_crops(network, codec, crops))
        table.add_row(name, str(found.plates), f"{found.exact:.1f}", f"{found.folded:.1f}")
    Console().print(table)


@verbs.command()
def export(  # noqa: PLR0913 -- each parameter is an option of the command
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    folder: Annotated[Path, typer.Argument(help="The model folder to write; int8 goes beside it, with -int8.")],
    *,
    datasets: Annotated[Path | None, typer.Option(help="The folder with evaluation/ and train/.")] = None,
    name: Annotated[str, typer.Option(help="The model's name.")] = "platewatch-recognizer",
    version: Annotated[str, typer.Option(help="The model's version.")] = "1",
    samples: Annotated[int, typer.Option(min=8, help="Rendered crops to fit on, and as many to measure.")] = 2000,
    commit: Annotated[str | None, typer.Option(help="Of the code that trained; without it Git is asked.")] = None,
) -> None:
    """Write a run's averaged weights as model folders for the server, calibrated and measured."""
    from platewatch_training.recognizer.export import Request  # noqa: PLC0415
    from platewatch_training.recognizer.export import export as write  # noqa: PLC0415

    done = write(Request(run, folder, name, version, datasets=datasets, samples=samples, commit=commit))
    columns = ("fp32", "without grammars", "region", "error of confidence", "int8")
    table = Table("set", "plates", *columns, title="exact, per cent")
    for fp32, int8 in zip(done.fp32.measured, done.int8.measured, strict=True):
        region = "-" if fp32.region is None else f"{fp32.region:.1f}"
        figures = (f"{fp32.exact:.1f}", f"{fp32.as_read:.1f}", region, f"{fp32.calibration_error:.1f}")
        table.add_row(fp32.name, str(fp32.plates), *figures, f"{int8.exact:.1f}")
    out = Console()
    out.print(table)
    for one in (done.fp32, done.int8):
        size_mb = one.size_bytes / 1e6
        out.print(
            f"{one.folder}: {size_mb:.1f} MB, {one.single_ms:.1f} ms a crop, {one.batch_ms:.1f} ms in a batch of 8"
        )
    out.print(f"ONNX drifts by {done.drift:.1e}. Better trade: {done.better.folder}. {done.reason}")


@verbs.command()
def report(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    *,
    output: Annotated[Path, typer.Option(help="The folder for report.html.")],
    datasets: Annotated[Path | None, typer.Option(help="The folder with evaluation/ and train/.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Rendered crops to read.")] = 500,
) -> None:
    """Write a page about a run: curves, figures of each set, mixed-up characters, the worst crops."""
    from platewatch_training.recognizer.report import report as write  # noqa: PLC0415

    typer.echo(write(run, datasets, output, samples))
