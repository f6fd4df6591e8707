"""`platewatch dataset`: clean, count, split, convert and check folders of photos and labels."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from platewatch.cli.dataset_progress import Steps
from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.placing import Placing

if TYPE_CHECKING:
    from platewatch.datasets.clean import Progress
    from platewatch.datasets.types import Dataset
    from platewatch.vision.pipeline import PlateReader

app = typer.Typer(help="Clean, count, split, convert and check folders of photos and labels.", no_args_is_help=True)

FAILED: Final = 1
USAGE: Final = 2
# What is too unsure to count is still in the report.
_REPORTED_FROM: Final = 0.05

FolderArgument = Annotated[Path, typer.Argument(help="The dataset's folder.")]
FormatOption = Annotated[
    LabelFormat | None, typer.Option("--format", help="How its labels are written; by default it is seen.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlateClassOption = Annotated[
    str | None,
    typer.Option(help="Which classes of the labels are plates, by commas, or `all`; by default those named so."),
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out images with labels that can't be understood.")
]


@app.command("clean")
def clean(  # noqa: PLR0913 (each parameter is an option of the command)
    raw: Annotated[Path, typer.Argument(help="The folder with the photos, as they came.")],
    cleaned: Annotated[Path | None, typer.Argument(help="Where readable ones go; `cleaned` beside it.")] = None,
    trash: Annotated[Path | None, typer.Argument(help="Where the others go; `trash` beside it.")] = None,
    *,
    move: Annotated[bool, typer.Option("--move", help="Move the files (the default).")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Copy them.")] = False,
    link: Annotated[bool, typer.Option("--link", help="Link to them.")] = False,
    report: Annotated[Path | None, typer.Option(help="Folder of journal and report; `clean-report` beside it.")] = None,
    detector: Annotated[str, typer.Option(help="What finds plates.")] = "platewatch",
    recognizer: Annotated[
        list[str] | None, typer.Option(help="What reads them; give several to try one after the other.")
    ] = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="From here on a plate counts as read.")] = 0.2,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Photos at the same time.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Sort photos by whether a plate can be read. Stopped in any way, the same command goes on where it ended."""
    from platewatch.datasets.clean import CleanPlan, default_workers
    from platewatch.datasets.clean import clean as sort
    from platewatch.datasets.journal import Verdict

    plan = CleanPlan(
        raw=raw,
        cleaned=cleaned or raw.parent / "cleaned",
        trash=trash or raw.parent / "trash",
        report=report or raw.parent / "clean-report",
        placing=_placing(move=move, copy=copy, link=link, otherwise=Placing.MOVE),
        min_confidence=min_confidence,
        workers=workers or default_workers(),
        dry_run=dry_run,
    )
    readers = _readers(detector, recognizer or ["platewatch"], min_confidence)
    with Steps("Cleaning") as steps:

        def report_progress(progress: Progress) -> None:
            steps.report(progress.done - progress.before, progress.total - progress.before)
            if dry_run and progress.decision is not None:
                tried = progress.decision.tries[-1]
                typer.echo(f"{progress.decision.verdict.value}\t{progress.decision.name}\t{tried.text or tried.error}")

        result = sort(plan, readers, detector, report_progress)
    counts = ", ".join(f"{result.count(verdict)} {verdict.value}" for verdict in Verdict)
    where = "nothing was written" if dry_run else f"report in {plan.report}"
    for decision in result.decisions:
        if decision.verdict is Verdict.LEFT:
            typer.echo(f"{decision.name}: left where it is: {decision.tries[-1].error}", err=True)
    typer.echo(f"{len(result.decisions)} photos: {counts}; {where}")
    if result.count(Verdict.LEFT):
        raise typer.Exit(FAILED)


@app.command("stats")
def stats(
    folder: FolderArgument,
    *,
    label_format: FormatOption = None,
    plate_class: PlateClassOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what is in a dataset, in numbers."""
    from platewatch.datasets.folders import read_dataset
    from platewatch.datasets.stats import stats as count

    numbers = asdict(count(read_dataset(folder, label_format, plate_class)))
    if as_json:
        typer.echo(json.dumps(numbers, ensure_ascii=False))
        return
    for name, value in numbers.items():
        shown = ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else value
        typer.echo(f"{name.replace('_', ' '):<18} {shown if shown != '' else 'none'}")


@app.command("check")
def check(
    folder: FolderArgument,
    *,
    label_format: FormatOption = None,
    plate_class: PlateClassOption = None,
    decode: Annotated[bool, typer.Option("--decode", help="Decode every image, to find damaged ones.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print what is wrong with a dataset; ends with 1 if anything is. Empty labels and unlabelled images are noted."""
    from platewatch.datasets.check import NOTES, counts
    from platewatch.datasets.check import check as look
    from platewatch.datasets.folders import read_dataset

    dataset = read_dataset(folder, label_format, plate_class)
    problems = look(dataset, decode=decode)
    for problem in problems:
        place = {"file": str(problem.place.file), "line": problem.place.line}
        row = {"kind": problem.kind.value, **place, "message": problem.message}
        typer.echo(json.dumps(row, ensure_ascii=False) if as_json else str(problem))
    found = counts(problems)
    if not as_json:
        summary = ", ".join(f"{count} x {kind.value}" for kind, count in found.items()) or "nothing is wrong"
        typer.echo(f"{len(dataset.images)} images in {dataset.format.value}: {summary}")
    if set(found) - NOTES:
        raise typer.Exit(FAILED)


@app.command("convert")
def convert(  # noqa: PLR0913 (each parameter is an option of the command)
    folder: FolderArgument,
    target: Annotated[Path, typer.Argument(help="The new folder; it must not be there yet.")],
    *,
    to: Annotated[LabelFormat, typer.Option("--to", help="How the labels are written there.")],
    label_format: FormatOption = None,
    plate_class: PlateClassOption = None,
    link: Annotated[bool, typer.Option("--link", help="Link to the images instead of copying them.")] = False,
    skip_bad: SkipBadOption = False,
) -> None:
    """Write a dataset in another format."""
    from platewatch.datasets.convert import convert as write

    dataset = _read(folder, label_format, plate_class, skip_bad=skip_bad)
    lost = write(dataset, target, to, Placing.LINK if link else Placing.COPY)
    typer.echo(f"{len(dataset.images)} images in {target} as {to.value}")
    for loss in lost:
        typer.echo(f"{to.value} can't say {loss.what}: {loss.count} were lost", err=True)


@app.command("split")
def split(  # noqa: PLR0913 (each parameter is an option of the command)
    folder: FolderArgument,
    target: Annotated[Path, typer.Argument(help="The new folder; it must not be there yet.")],
    *,
    shares: Annotated[str, typer.Option(help="The parts and their shares.")] = "train=0.8,dev=0.1,test=0.1",
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    label_format: FormatOption = None,
    plate_class: PlateClassOption = None,
    to: Annotated[LabelFormat | None, typer.Option("--to", help="Write it in another format.")] = None,
    link: Annotated[bool, typer.Option("--link", help="Link to the images instead of copying them.")] = False,
    skip_bad: SkipBadOption = False,
) -> None:
    """Write a dataset in parts: near-duplicates and photos of one plate are never in two of them."""
    from platewatch.datasets.convert import convert as write
    from platewatch.datasets.split import parse_shares
    from platewatch.datasets.split import split as part

    wanted = parse_shares(shares)
    dataset = _read(folder, label_format, plate_class, skip_bad=skip_bad)
    with Steps("Comparing") as steps:
        parts = part(dataset.images, wanted, seed, steps.report)
    from dataclasses import replace

    parted = replace(dataset, images=parts.images)
    for loss in write(parted, target, to or dataset.format, Placing.LINK if link else Placing.COPY):
        typer.echo(f"{(to or dataset.format).value} can't say {loss.what}: {loss.count} were lost", err=True)
    for share in wanted:
        count = sum(image.split == share.name for image in parts.images)
        typer.echo(f"{share.name:<8} {count:>7} images, {count / max(1, len(parts.images)):.1%} for {share.share:.1%}")
    typer.echo(f"{parts.groups} groups of images that are alike, the largest of {parts.largest}")


def _read(folder: Path, label_format: LabelFormat | None, plate_class: str | None, *, skip_bad: bool) -> Dataset:
    from platewatch.datasets.folders import read_dataset

    dataset = read_dataset(folder, label_format, plate_class)
    if skip_bad and dataset.problems:
        damaged = sum(image.is_damaged for image in dataset.images)
        typer.echo(
            f"{len(dataset.problems)} thing(s) could not be understood; {damaged} image(s) with such labels are "
            "left out",
            err=True,
        )
        dataset = dataset.without_problems()
    if differing := sum(image.labelled_size not in {None, (image.width, image.height)} for image in dataset.images):
        typer.echo(
            f"{differing} image(s) are labelled with another size than they have; their boxes are taken for pixels of "
            "the images as they are (`platewatch dataset check` names them)",
            err=True,
        )
    return dataset


def _placing(*, move: bool, copy: bool, link: bool, otherwise: Placing) -> Placing:
    chosen = [way for way, asked in ((Placing.MOVE, move), (Placing.COPY, copy), (Placing.LINK, link)) if asked]
    if len(chosen) > 1:
        _refuse("--move, --copy and --link exclude each other. Choose one.")
    return chosen[0] if chosen else otherwise


def _readers(detector: str, recognizers: list[str], min_confidence: float) -> list[PlateReader]:
    from platewatch.clock import Clock
    from platewatch.reading.backend_options import backend_options
    from platewatch.settings import load_settings
    from platewatch.vision.pipeline import PlateReader

    options = backend_options(load_settings(), Clock().now)
    return [
        PlateReader(detector, name, min_confidence=min(0.05, min_confidence), options=options) for name in recognizers
    ]


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)  # noqa: T201 (a command prints)
    raise typer.Exit(USAGE)
