"""Verbs of the detector: `platewatch-train detector ...`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from platewatch_training.detector.config import RunConfig
    from platewatch_training.detector.evaluate import Findings

verbs = typer.Typer(no_args_is_help=True, help="The network that finds plates.")
app.add_typer(verbs, name="detector")

_ALL = "all"


@verbs.command()
def train(  # noqa: PLR0913 -- each parameter is an option of the command
    run: Annotated[Path, typer.Argument(help="The run's folder; a stopped run there goes on.")],
    *,
    config: Annotated[Path | None, typer.Option(help="YAML; without it the run's own.")] = None,
    datasets: Annotated[Path | None, typer.Option(help="The folder with train/ and vehicles/.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so long; the run can go on later.")] = None,
    data: DataOption = None,
    label_format: FormatOption = None,
    skip_bad: SkipBadOption = False,
    held_back: HeldBackOption = HELD_BACK,
    patience: PatienceOption = PATIENCE,
    start_from: StartFromOption = None,
) -> None:
    """Train the detector, or go on with it; with --data, fine-tune the shipped one on your own photos."""
    from platewatch_training.detector.config import RunConfig, load_config  # noqa: PLC0415 -- --help answers at once
    from platewatch_training.detector.loop import Trainer  # noqa: PLC0415
    from platewatch_training.detector.report import report as write  # noqa: PLC0415
    from platewatch_training.runs.shipped import fine_tuning  # noqa: PLC0415
    from platewatch_training.runs.trainer import CONFIG  # noqa: PLC0415

    if data is not None:
        own = own_data(data, label_format, held_back, patience, skip_bad=skip_bad)
        chosen = fine_tuning(RunConfig, "detector", own, start_from, config)
    else:
        chosen = load_config(config or run / CONFIG)
    chosen = _with_photos(chosen, datasets)
    trainer = Trainer(chosen, run)
    with progress("detector", chosen.steps, trainer.step) as show:
        trainer.run(show, seconds=minutes * 60 if minutes else None)
    if trainer.held_back is not None and trainer.finished:
        print_changes(run)
        typer.echo(f"report: {write(run, None, run)}")


@verbs.command()
def keep(
    run: Annotated[Path, typer.Argument(help="A run of the detector.")],
    path: Annotated[Path, typer.Argument(help="The file to write, such as training/checkpoints/detector.pt.")],
) -> None:
    """Keep the averaged weights of a run, and beside them what they learned from: another run can begin with both."""
    from platewatch_training.detector.config import load_config  # noqa: PLC0415
    from platewatch_training.detector.loop import load_run  # noqa: PLC0415
    from platewatch_training.detector.origin import data_sources  # noqa: PLC0415
    from platewatch_training.runs.origin import keep_run  # noqa: PLC0415
    from platewatch_training.runs.trainer import CONFIG  # noqa: PLC0415

    config, step = load_config(run / CONFIG), load_run(run)[1]
    kept = keep_run(run, path, config, step, data_sources(config, step))
    typer.echo(f"{path}: {kept.samples} samples")


@verbs.command()
def blend(
    run: Annotated[Path, typer.Argument(help="A run of the detector that began with a checkpoint.")],
    folder: Annotated[Path, typer.Argument(help="The run's copy to write.")],
    *,
    own_share: Annotated[float, typer.Option(min=0, max=1, help="Of the run's weights; the rest it began with.")] = 0.5,
) -> None:
    """Average a run's weights with those that it began with, as a run to evaluate, export or keep."""
    from platewatch_training.detector.config import RunConfig  # noqa: PLC0415
    from platewatch_training.runs.blend import blend as write  # noqa: PLC0415

    write(run, folder, RunConfig, own_share)


@verbs.command()
def report(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    *,
    output: Annotated[Path, typer.Option(help="The folder for report.html.")],
    datasets: Annotated[Path | None, typer.Option(help="The folder with evaluation/ and train/.")] = None,
) -> None:
    """Write a page about a run: curves, figures of each set, plates that were missed, false ones."""
    from platewatch_training.detector.report import report as write  # noqa: PLC0415

    typer.echo(write(run, datasets, output))


@verbs.command()
def scenes(
    output: Annotated[Path, typer.Argument(help="The picture to write, such as scenes.png.")],
    config: Annotated[Path, typer.Option(help="YAML of a run.")],
    datasets: Annotated[Path | None, typer.Option(help="The folder with train/ and vehicles/.")] = None,
    count: Annotated[int, typer.Option(min=1, max=400)] = 24,
    seed: int = 1,
) -> None:
    """Draw a contact sheet of what the detector is trained on."""
    from platewatch_training.detector.batches import PictureSource, load_material  # noqa: PLC0415
    from platewatch_training.detector.config import load_config  # noqa: PLC0415
    from platewatch_training.detector.sheets import scenes_sheet  # noqa: PLC0415

    chosen = _with_photos(load_config(config), datasets)
    source = PictureSource(load_material(chosen), chosen, seed=seed)
    scenes_sheet(output, [source.next(chosen.canvases[0]) for _ in range(count)])
    typer.echo(f"{output}: {count} scenes")


@verbs.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="The run's folder, or a model folder that was exported.")],
    datasets: Annotated[Path, typer.Option(help="The folder with evaluation/ and train/.")],
    *,
    threshold: Annotated[list[float] | None, typer.Option(help="Scores to count from; may be repeated.")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="Only this set; may be repeated.")] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="A picture to write of what was missed and what was false.")
    ] = None,
    longest_side: Annotated[int, typer.Option(min=64, max=4096, help="Of the network's input.")] = 640,
) -> None:
    """Measure a run's averaged weights, or an exported model, on photos that it was not trained on."""
    from platewatch_training.datasets.photos import photo_sets  # noqa: PLC0415
    from platewatch_training.detector.evaluate import evaluate as measure  # noqa: PLC0415
    from platewatch_training.detector.evaluate import together  # noqa: PLC0415
    from platewatch_training.detector.export import open_finder  # noqa: PLC0415
    from platewatch_training.detector.sheets import errors_sheet  # noqa: PLC0415

    find = open_finder(run, longest_side)
    photos = photo_sets(datasets, sets or ())
    findings = [measure(name, found, find) for name, found in photos.items()]
    everything = [*findings, together(_ALL, findings)]
    thresholds = threshold or [0.1, 0.25, 0.5]
    out = Console()
    out.print(_by_set(f"{run.name}", everything, thresholds))
    out.print(_by_width(everything, thresholds[0]))
    if sheet is not None:
        count = errors_sheet(sheet, [(one, photos[one.name]) for one in findings], thresholds[-1])
        typer.echo(f"{sheet}: {count} plates missed or false at {thresholds[-1]}")


@verbs.command()
def mine(  # noqa: PLR0913 -- each parameter is an option of the command
    run: Annotated[Path, typer.Argument(help="The run's folder, or a model folder that was exported.")],
    folder: Annotated[Path, typer.Argument(help="The folder to write, which `mined` of a configuration names.")],
    datasets: Annotated[Path, typer.Option(help="The folder with train/ and vehicles/.")],
    *,
    sure: Annotated[float, typer.Option(min=0, max=1, help="From here on it is a plate that nobody labelled.")] = 0.5,
    wrong: Annotated[float, typer.Option(min=0, max=1, help="From here on it is an error.")] = 0.08,
    possible: Annotated[float, typer.Option(min=0, max=1, help="From here on it may be a vehicle's plate.")] = 0.04,
    most: Annotated[int, typer.Option(min=1, help="So many errors are kept.")] = 2000,
) -> None:
    """Keep what a run takes for plates and is none, for the next run; look at the sheet before it is used."""
    from platewatch_training.detector.export import open_finder  # noqa: PLC0415
    from platewatch_training.detector.mine import SHEET, Thresholds  # noqa: PLC0415
    from platewatch_training.detector.mine import mine as write  # noqa: PLC0415

    done = write(datasets, open_finder(run), folder, Thresholds(sure, wrong, possible), most)
    typer.echo(
        f"{folder}: {done.negatives} errors, {done.unsure} places that may be plates in {done.photos} photos. "
        f"Look at {folder / SHEET} and remove the crops of real plates."
    )


@verbs.command()
def export(  # noqa: PLR0913 -- each parameter is an option of the command
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    folder: Annotated[Path, typer.Argument(help="The model folder to write; int8 goes beside it, with -int8.")],
    *,
    datasets: Annotated[
        Path | None, typer.Option(help="The folder with evaluation/ and train/; with own data it may be left out.")
    ] = None,
    name: Annotated[str, typer.Option(help="The model's name.")] = "platewatch-detector",
    version: Annotated[str, typer.Option(help="The model's version.")] = "1",
    false_per_photo: Annotated[float, typer.Option(min=0, help="False proposals that the threshold allows.")] = 0.5,
    commit: Annotated[str | None, typer.Option(help="Of the code that trained; without it Git is asked.")] = None,
) -> None:
    """Write a run's averaged weights as model folders for the server, measured."""
    from platewatch_training.detector.export import Request  # noqa: PLC0415
    from platewatch_training.detector.export import export as write  # noqa: PLC0415

    done = write(Request(run, folder, name, version, datasets, false_per_photo, commit))
    out = Console()
    for one in (done.fp32, done.int8):
        out.print(_by_set(one.folder.name, one.findings, [one.threshold]))
        out.print(f"{one.folder}: {one.size_bytes / 1e6:.1f} MB, {one.photo_ms:.1f} ms a photo of 1280 x 720")
    out.print(f"ONNX drifts by {done.drift:.1e}. Better trade: {done.better.folder}. {done.reason}")


@verbs.command()
def joint(
    model: Annotated[Path, typer.Argument(help="The detector's model folder; its card gets the weights.")],
    recognizer: Annotated[Path, typer.Argument(help="The recognizer's model folder.")],
    datasets: Annotated[Path, typer.Option(help="The folder with train/; only dev photos are used.")],
    *,
    false_per_photo: Annotated[float, typer.Option(min=0, help="Where both are compared with each alone.")] = 0.05,
) -> None:
    """Fit how the detector's score and the recognizer's confidence make the confidence of a reading."""
    from platewatch.vision.inference.model_card import load_card  # noqa: PLC0415
    from platewatch_training.datasets.photos import photo_sets  # noqa: PLC0415
    from platewatch_training.detector.joint import at_threshold, fit_joint, propose, trades  # noqa: PLC0415
    from platewatch_training.exporting.onnx import save_card  # noqa: PLC0415

    dev = [one.name for one in (datasets / "train").iterdir()]
    proposals = propose(model, recognizer, photo_sets(datasets, dev))
    fitted = fit_joint(proposals)
    save_card(model, load_card(model).card.model_copy(update={"joint": fitted}))
    table = Table("by", "from", "false an image", "found", "exact", title=f"{proposals.photos} photos")
    lasting = [at_threshold(proposals, fitted, threshold) for threshold in (0.1, 0.2, 0.3, 0.4, 0.5)]
    for one in [*trades(proposals, fitted, false_per_photo), *lasting]:
        figures = (f"{one.threshold:.3f}", f"{one.false:.3f}", f"{one.recall:.1f}", f"{one.exact:.1f}")
        table.add_row(one.measure, *figures)
    out = Console()
    out.print(table)
    out.print(f"{model}: {fitted.found} x detector + {fitted.read} x recognizer + {fitted.offset}, as logits")


def _with_photos(config: RunConfig, datasets: Path | None) -> RunConfig:
    return config if datasets is None else config.model_copy(update={"datasets": datasets})


def _by_set(title: str, findings: Sequence[Findings], thresholds: Sequence[float]) -> Table:
    """Recall at 0.5 / 0.7 and false plates an image at each threshold, and what 0.05 false ones leave."""
    table = Table("set", "photos", "plates", title=title)
    for threshold in thresholds:
        table.add_column(f"recall .5 / .7, false an image\nfrom {threshold:.3g}")
    table.add_column("recall at 0.05 false\n(threshold)")
    table.add_column("corners off\n(% of width)")
    for one in findings:
        figures = [
            f"{one.recall(at):.1f} / {one.recall(at, 70):.1f}, {one.false_per_photo(at):.2f}" for at in thresholds
        ]
        quiet = one.threshold_for(0.05)
        error = one.corner_error()
        known = "-" if error is None else f"{error:.1f}"
        row = (*figures, f"{one.recall(quiet):.1f} ({quiet:.2f})", known)
        table.add_row(one.name, str(one.photos), str(len(one.plates)), *row)
    return table


def _by_width(findings: Sequence[Findings], threshold: float) -> Table:
    """Recall at 0.5 by the plate's width once the photo is 640 pixels long."""
    from platewatch_training.detector.evaluate import WIDTHS  # noqa: PLC0415

    classes = list(pairwise(WIDTHS))
    names = [f"{least:.0f}-{most - 1:.0f} px" for least, most in classes]
    table = Table("set", *names, title=f"recall .5 from {threshold:.3g} by width (plates)")
    for one in findings:
        parts = [one.of_width(*borders) for borders in classes]
        cells = [f"{part.recall(threshold):.1f} ({len(part.plates)})" if part.plates else "-" for part in parts]
        table.add_row(one.name, *cells)
    return table
