"""`python -m benchmarks.accuracy`: how well labelled photos are read."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.datasets import PhotoSet, corrected, cut_by_labels, limited, load_sets, names_in
from benchmarks.reading import SetResult, measure_set
from benchmarks.report import Grid, Measured, figure, percent, publish
from benchmarks.scores import COVERAGE_PERCENTS, RECALL_IOUS
from platewatch.errors import PlatewatchError
from platewatch.vision.inference.registry import BackendOptions, Profile
from platewatch.vision.pipeline import PlateReader

NAME = "accuracy"
COMPARED = "beside"
"""The mark of the page's section with several recognizers beside each other."""
_USAGE = 2
_AS_READ = ":as-read"
_TEXT_COLUMNS = (
    "plates",
    "exact",
    "folded",
    "province",
    "CER",
    *(f"P@{percent}" for percent in COVERAGE_PERCENTS),
    "ECE",
    "region",
)


def accuracy(  # noqa: PLR0913 (each parameter is an option of the command)
    *,
    datasets: Annotated[Path, typer.Option(help="Folder with evaluation/ and train/.")],
    sets: Annotated[str, typer.Option(help="Only these sets, separated by commas.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many images of each set.")] = None,
    seed: Annotated[int, typer.Option(help="Which images a limit chooses.")] = 1,
    detector: Annotated[str, typer.Option(help="What finds plates.")] = "platewatch",
    recognizer: Annotated[
        str, typer.Option(help=f"What reads them; several by commas are compared. NAME{_AS_READ}: without grammars.")
    ] = "platewatch",
    true_boxes: Annotated[bool, typer.Option("--true-boxes", help="Read what the labelled boxes cut out.")] = False,
    correct_labels: Annotated[
        bool, typer.Option("--corrected", help="Score against labels that were read again by eye where they are wrong.")
    ] = False,
    recognizer_model: Annotated[Path | None, typer.Option(help="Model folder for the recognizer `platewatch`.")] = None,
    detector_model: Annotated[Path | None, typer.Option(help="Model folder for the detector `platewatch`.")] = None,
    profile: Annotated[Profile, typer.Option(help="How closely the detector `platewatch` looks.")] = Profile.BALANCED,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads of each network.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Measure accuracy; the definitions are in docs/benchmarks.md."""
    try:
        recognizers = names_in(recognizer) or (recognizer,)
        used = Used(
            tuple(dict.fromkeys(name.removesuffix(_AS_READ) for name in recognizers)),
            None if true_boxes else detector,
            recognizer_folder=recognizer_model,
            detector_folder=detector_model,
        )
        how = circumstances("benchmarks.accuracy", used)
        loaded = load_sets(datasets, names_in(sets))
        if correct_labels:
            loaded = [corrected(one) for one in loaded]
        wanted = [one for one in map(cut_by_labels, loaded) if one.photos] if true_boxes else loaded
        chosen = [limited(one, limit, seed) for one in wanted]
        options = BackendOptions(model=detector_model, recognizer_model=recognizer_model, profile=profile)
        readers = {name: _reader(detector, name, threads, options) for name in recognizers}
        results = {name: measure(reader, chosen) for name, reader in readers.items()}
        grids = compare(results)
        notes = list(
            dict.fromkeys(
                note for name, reader in readers.items() for note in describe(reader, threads, seed, results[name])
            )
        )
        if correct_labels:
            notes.append("Wrong labels were read again by eye: benchmarks/corrections.yaml")
        is_alone = len(results) == 1
        measured: object = results[recognizers[0]] if is_alone else results
        publish(Measured(NAME, how, notes, grids, measured, mark=NAME if is_alone else COMPARED), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def _reader(detector: str, recognizer: str, threads: int, options: BackendOptions) -> PlateReader:
    options = replace(options, grammars=not recognizer.endswith(_AS_READ))
    return PlateReader(detector, recognizer.removesuffix(_AS_READ), threads=threads, options=options)


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
            # Where no bar can be drawn, these lines alone show how far it is.
            progress.console.print(f"{one.name}: {len(one.photos)} images read", highlight=False)
    return results


def compare(results: Mapping[str, Sequence[SetResult]]) -> list[Grid]:
    """The tables of each recognizer; of several also how they stand beside each other, and then titles name them.

    Args:
        results: of each recognizer by name, the same sets in the same order.
    """
    if len(results) == 1:
        return [grid for found in results.values() for grid in tables(found)]
    columns = ("set", "plates", *(f"{name} {what}" for name in results for what in ("exact", "CER", "ms")))
    beside = [_beside(sets) for sets in zip(*results.values(), strict=True) if sets[0].text.plates]
    own = [replace(grid, title=f"{name}: {grid.title}") for name, found in results.items() for grid in tables(found)]
    return [Grid("Side by side (per cent and ms)", columns, tuple(beside)), *own] if beside else own


def _beside(results: Sequence[SetResult]) -> tuple[str, ...]:
    figures = (
        (percent(one.text.exact), percent(one.text.character_error_rate), figure(one.median_ms, 0)) for one in results
    )
    return (results[0].name, str(results[0].text.plates), *(cell for cells in figures for cell in cells))


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
    """Notes for readers of the tables, beside the circumstances."""
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
        percent(scores.region),
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
