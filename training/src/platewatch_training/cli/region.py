"""Verbs of the region network: `platewatch-train region ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from platewatch_training.cli.app import app, progress

verbs = typer.Typer(no_args_is_help=True, help="The network that recognizes a plate's region by its looks.")
app.add_typer(verbs, name="region")


@verbs.command()
def train(
    run: Annotated[Path, typer.Argument(help="The run's folder; a stopped run there goes on.")],
    *,
    config: Annotated[Path | None, typer.Option(help="YAML; without it the run's own, or the defaults.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so long; the run can go on later.")] = None,
) -> None:
    """Train the region network, or go on with it."""
    from platewatch_training.region.config import RegionConfig, load_config  # noqa: PLC0415
    from platewatch_training.region.loop import RegionTrainer  # noqa: PLC0415
    from platewatch_training.runs.trainer import CONFIG  # noqa: PLC0415

    before = run / CONFIG
    chosen = load_config(config) if config else load_config(before) if before.exists() else RegionConfig()
    trainer = RegionTrainer(chosen, run)
    with progress("region", chosen.steps, trainer.step) as show:
        trainer.run(show, seconds=minutes * 60 if minutes else None)


@verbs.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    datasets: Annotated[Path, typer.Option(help="The folder with evaluation/ and train/.")],
) -> None:
    """Measure which states and countries a run's averaged weights tell of real crops, by their looks alone."""
    from platewatch_training.region.evaluate import measure_network  # noqa: PLC0415
    from platewatch_training.region.loop import load_run  # noqa: PLC0415

    network, regions, step = load_run(run)
    table = Table("set", "plates", "state", "country", title=f"{run.name}, step {step}, per cent right")
    for one in measure_network(network, regions, datasets):
        state = "-" if one.state is None else f"{one.state:.1f}"
        table.add_row(one.name, str(one.plates), state, f"{one.country:.1f}")
    Console().print(table)


@verbs.command()
def export(  # noqa: PLR0913 -- each parameter is an option of the command
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    folder: Annotated[Path, typer.Argument(help="The model folder to write; int8 goes beside it, with -int8.")],
    *,
    datasets: Annotated[Path | None, typer.Option(help="The folder with evaluation/ and train/.")] = None,
    name: Annotated[str, typer.Option(help="The model's name.")] = "platewatch-regions",
    version: Annotated[str, typer.Option(help="The model's version.")] = "1",
    samples: Annotated[int, typer.Option(min=8, help="Rendered crops to fit on, and as many to measure.")] = 1000,
    commit: Annotated[str | None, typer.Option(help="Of the code that trained; without it Git is asked.")] = None,
) -> None:
    """Write a run's averaged weights as model folders for the server, weighed against text and recognizer, measured."""
    from platewatch_training.region.export import RegionRequest  # noqa: PLC0415
    from platewatch_training.region.export import export as write  # noqa: PLC0415

    done = write(RegionRequest(run, folder, name, version, datasets=datasets, samples=samples, commit=commit))
    table = Table("set", "plates", "state", "country", "int8 state", "int8 country", title="right, per cent")
    for fp32, int8 in zip(done.fp32.scores, done.int8.scores, strict=True):
        states = ["-" if one.state is None else f"{one.state:.1f}" for one in (fp32, int8)]
        table.add_row(fp32.name, str(fp32.plates), states[0], f"{fp32.country:.1f}", states[1], f"{int8.country:.1f}")
    out = Console()
    out.print(table)
    for one in (done.fp32, done.int8):
        out.print(f"{one.folder}: {one.size_bytes / 1e6:.1f} MB, {one.crop_ms:.1f} ms a crop")
    out.print(f"ONNX drifts by {done.drift:.1e}. Better trade: {done.better.folder}. {done.reason}")


@verbs.command()
def keep(
    run: Annotated[Path, typer.Argument(help="A run of the region network.")],
    path: Annotated[Path, typer.Argument(help="The file to write, such as training/checkpoints/region.pt.")],
) -> None:
    """Keep the averaged weights of a run, and beside them what they learned from: another run can begin with both."""
    from platewatch_training.region.config import load_config  # noqa: PLC0415
    from platewatch_training.region.loop import load_run  # noqa: PLC0415
    from platewatch_training.region.origin import data_sources  # noqa: PLC0415
    from platewatch_training.runs.origin import keep_run  # noqa: PLC0415
    from platewatch_training.runs.trainer import CONFIG  # noqa: PLC0415

    config, step = load_config(run / CONFIG), load_run(run)[2]
    kept = keep_run(run, path, config, step, data_sources(config, step))
    typer.echo(f"{path}: {kept.samples} samples")
