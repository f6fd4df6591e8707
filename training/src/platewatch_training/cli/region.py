"""Verbs of the region network: `platewatch-train region ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from platewatch_training.cli.app import app, progress

region = typer.Typer(no_args_is_help=True, help="The network that tells a plate's region by its looks.")
app.add_typer(region, name="region")


@region.command()
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


@region.command()
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
