"""The command `platewatch-train`: render, train, evaluate, export."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from platewatch.errors import PlatewatchError

app = typer.Typer(name="platewatch-train", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
console = Console(stderr=True)


@app.command()
def render(
    output: Annotated[Path, typer.Argument(help="The picture to write, such as sheet.png.")],
    count: Annotated[int, typer.Option(min=1, max=2000)] = 96,
    seed: int = 1,
    region: Annotated[str | None, typer.Option(help="Only layouts of this region, such as de or us-ca.")] = None,
    layouts: Annotated[Path | None, typer.Option(help="A folder of further layouts.")] = None,
    clean: Annotated[bool, typer.Option("--clean", help="Plates without car and camera.")] = False,  # noqa: FBT002
) -> None:
    """Draw a contact sheet of what the recognizer is trained on."""
    from platewatch_training.synthesis.sheets import sheet  # noqa: PLC0415 -- --help answers at once

    sheet(output, count=count, seed=seed, region=region, folder=layouts, clean=clean)
    typer.echo(f"{output}: {count} plates")


@app.command()
def grammars(
    output: Annotated[Path, typer.Argument(help="The YAML file to write, such as grammars.yaml.")],
    layouts: Annotated[Path | None, typer.Option(help="A folder of further layouts.")] = None,
) -> None:
    """Write how each region's numbers are built, for settling characters that look alike."""
    from platewatch_training.synthesis.grammars import region_grammars, to_yaml  # noqa: PLC0415
    from platewatch_training.synthesis.layouts import load_layouts  # noqa: PLC0415

    found = region_grammars(load_layouts(layouts))
    output.write_text(to_yaml(found), "utf-8")
    typer.echo(f"{output}: {sum(len(each) for each in found.values())} expressions of {len(found)} regions")


@app.command()
def recognizer(
    run: Annotated[Path, typer.Argument(help="The run's folder; a stopped run there goes on.")],
    config: Annotated[Path | None, typer.Option(help="YAML; without it the run's own, or the defaults.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so long; the run can go on later.")] = None,
) -> None:
    """Train the recognizer, or go on with it."""
    from platewatch_training.recognizer.config import RunConfig, load_config  # noqa: PLC0415
    from platewatch_training.recognizer.loop import CONFIG, Trainer  # noqa: PLC0415
    from platewatch_training.recognizer.loop import Progress as Step  # noqa: PLC0415

    own = run / CONFIG
    chosen = load_config(config) if config else load_config(own) if own.exists() else RunConfig()
    trainer = Trainer(chosen, run)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[at]}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("recognizer", total=chosen.steps, completed=trainer.step, at="")
        began = time.monotonic()

        def show(step: Step) -> None:
            bar.update(task, completed=step.step, at=f"loss {step.loss:.3f}, {step.rate:.0f} samples/s")
            if not console.is_terminal and step.step % 200 == 0:
                minutes_gone = (time.monotonic() - began) / 60
                console.print(f"{minutes_gone:.1f} min, step {step.step}: loss {step.loss:.4f}, {step.rate:.0f}/s")

        trainer.run(show, seconds=minutes * 60 if minutes else None)


@app.command()
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


@app.command()
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


@app.command()
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


def main() -> None:
    """Run the command; errors of the program end it with their message."""
    try:
        app()
    except PlatewatchError as error:
        console.print(str(error), style="red", markup=False)
        raise SystemExit(2) from error
