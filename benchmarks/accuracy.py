"""`python -m benchmarks.accuracy`: how well labelled photos are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.circumstances import RESULTS, circumstances
from benchmarks.datasets import PhotoSet, limited, load_sets
from benchmarks.reading import SetResult, measure_set
from benchmarks.report import Grid, figure, markdown, percent, show, write_between_marks, write_json
from benchmarks.scores import COVERAGE_PERCENTS, RECALL_IOUS
from platewatch.errors import PlatewatchError
from platewatch.vision.pipeline import PlateReader

NAME = "accuracy"
_USAGE = 2
_TEXT_COLUMNS = (
    "plates",
    "exact",
    "folded",
    "province",
    "CER",
    *(f"P@{percent}" for percent in COVERAGE_PERCENTS),
    "ECE",
)


def accuracy(  # noqa: PLR0913 (each parameter is an option of the command)
    *,
    datasets: Annotated[Path, typer.Option(help="Folder with evaluation/ and train/.")],
    sets: Annotated[str, typer.Option(help="Only these sets, separated by commas.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many images of each set.")] = None,
    seed: Annotated[int, typer.Option(help="Which images a limit chooses.")] = 1,
    detector: Annotated[str, typer.Option(help="What finds plates.")] = "rapidocr",
    recognizer: Annotated[str, typer.Option(help="What reads them.")] = "rapidocr",
    threads: Annotated[int, typer.Option(min=1, help="Processor threads of each network.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Measure accuracy; the definitions are in docs/benchmarks.md."""
    try:
        how = circumstances("benchmarks.accuracy", (detector, recognizer))
        names = tuple(name.strip() for name in sets.split(",") if name.strip())
        chosen = [limited(one, limit, seed) for one in load_sets(datasets, names)]
        reader = PlateReader(detector, recognizer, threads=threads)
        results = measure(reader, chosen)
        grids, notes = tables(results), describe(reader, threads, seed, results)
        show(Console(), how, notes, grids)
        print(f"JSON: {write_json(output, NAME, how, results, grids)}")
        if write is not None:
            write_between_marks(write, NAME, markdown(how, notes, grids))
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def measure(reader: PlateReader, sets: Sequence[PhotoSet]) -> list[SetResult]:
    """The result of each set, with a bar and the time left on standard error."""
    reader.warm_up()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Reading", total=sum(len(one.photos) for one in sets))
        results = []
        for one in sets:
            progress.update(task, description=one.name)
            results.append(measure_set(reader, one, lambda: progress.advance(task)))
            # Where no bar can be drawn, these lines are all that tells how far it is.
            progress.console.print(f"{one.name}: {len(one.photos)} images read", highlight=False)
    return results


def tables(results: Sequence[SetResult]) -> list[Grid]:
    """The figures as tables; those that would be empty are left out."""
    crops = [result for result in results if result.crops]
    photos = [result for result in results if not result.crops]
    read = [result for result in photos if result.text.plates]
    grids = [
        Grid(
            "Crops, the recognizer alone (per cent)",
            ("set", *_TEXT_COLUMNS, "ms"),
            tuple(_text_row(one) for one in crops),
        ),
        Grid(
            "Whole photos, end to end (per cent)", ("set", *_TEXT_COLUMNS, "ms"), tuple(_text_row(one) for one in read)
        ),
        Grid(
            "Whole photos, plates found (recall in per cent, by IoU)",
            ("set", "images", "plates", *(f"R@{iou}" for iou in RECALL_IOUS), "false/image", "ms"),
            tuple(_finding_row(one) for one in photos),
        ),
    ]
    return [grid for grid in grids if grid.rows]


def describe(reader: PlateReader, threads: int, seed: int, results: Sequence[SetResult]) -> list[str]:
    """What a reader of the tables must know beside the circumstances."""
    sampled = [one for one in results if one.images < one.available]
    unreadable = sum(len(one.unreadable) for one in results)
    backends = f"Detector {reader.detector_name}, recognizer {reader.recognizer_name}"
    notes = [f"{backends}, {threads} thread(s) each; readings below {reader.min_confidence} left out of photos"]
    if sampled:
        of_all = ", ".join(f"{one.name} {one.images} of {one.available}" for one in sampled)
        notes.append(f"Images chosen by chance with seed {seed}: {of_all}")
    if unreadable:
        notes.append(f"{unreadable} image(s) could not be read and count as nothing found")
    return notes


def _text_row(result: SetResult) -> tuple[str, ...]:
    scores = result.text
    return (
        result.name,
        str(scores.plates),
        percent(scores.exact),
        percent(scores.folded),
        percent(scores.exact_with_province),
        percent(scores.character_error_rate),
        *(percent(scores.precision_at_coverage[coverage]) for coverage in COVERAGE_PERCENTS),
        percent(scores.calibration_error),
        figure(result.median_ms, 0),
    )


def _finding_row(result: SetResult) -> tuple[str, ...]:
    if result.finding is None:
        raise ValueError(f"{result.name!r} holds crops, where nothing is found.")
    finding = result.finding
    return (
        result.name,
        str(finding.images),
        str(finding.plates),
        *(percent(finding.recall[iou]) for iou in RECALL_IOUS),
        figure(finding.false_per_image, 2),
        figure(result.median_ms, 0),
    )


if __name__ == "__main__":
    typer.run(accuracy)
