"""Regions that are reported for labelled crops: `python -m benchmarks.regions --datasets FOLDER`."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.datasets import PhotoSet, limited, load_sets, names_in
from benchmarks.reading import crop_of
from benchmarks.report import Grid, Measured, figure, percent, publish
from platewatch.datasets.region_labels import names_state, same_region
from platewatch.errors import PlatewatchError
from platewatch.vision.image import open_image
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.pipeline import PlateReader

NAME: Final = "regions"
_SETS: Final = "us_states,eu_crops,eu_square_crops,br_crops,ar_crops,in_crops"
_USAGE: Final = 2
_BINS: Final = 10
_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class ReportedPlate:
    """One plate: the label's region, the reported region with its confidence, and how long reading it took."""

    image: str
    labelled: str
    reported: str | None
    confidence: float | None
    duration_ms: float


@dataclass(frozen=True, slots=True)
class RegionResult:
    """One set, shares 0..1. Those of states are None where the labels name none."""

    name: str
    plates: int
    country: float
    reported: float
    state: float | None
    state_reported: float | None
    state_precision: float | None
    calibration_error: float | None
    median_ms: float
    wrong: tuple[ReportedPlate, ...]


def regions(  # noqa: PLR0913 (each parameter is an option of the command)
    *,
    datasets: Annotated[Path, typer.Option(help="Folder with evaluation/ and train/.")],
    sets: Annotated[str, typer.Option(help="Only these sets of crops, separated by commas.")] = _SETS,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many images of each set.")] = None,
    seed: Annotated[int, typer.Option(help="Which images a limit chooses.")] = 1,
    region_model: Annotated[Path | None, typer.Option(help="Model folder of the region network.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads of each network.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Measure how often the reported state and country of a crop are the labelled ones."""
    try:
        how = circumstances("benchmarks.regions", Used(("platewatch", "platewatch-regions")))
        reader = PlateReader(threads=threads, options=BackendOptions(region_model=region_model))
        reader.warm_up()
        chosen = [limited(one, limit, seed) for one in load_sets(datasets, names_in(sets)) if one.is_crops]
        results = [measure(one.name, read_set(reader, one)) for one in chosen]
        notes = [f"{threads} thread(s); crops as they are, read and then asked for their region"]
        publish(Measured(NAME, how, notes, [table(results)], results), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def read_set(reader: PlateReader, photo_set: PhotoSet) -> list[ReportedPlate]:
    """The reported region of each crop of the set whose label names a region."""
    plates = []
    for photo in photo_set.photos:
        labelled = photo.plates[0].region
        if labelled is None:
            continue
        crop = crop_of(open_image(photo.path.read_bytes(), reader.limits), photo.cut_xyxy)
        start = time.perf_counter()
        reading = reader.read_crop(crop)
        duration_ms = (time.perf_counter() - start) * _MS
        plates.append(ReportedPlate(photo.name, labelled, reading.region, reading.region_confidence, duration_ms))
    return plates


def measure(name: str, plates: Sequence[ReportedPlate]) -> RegionResult:
    """The shares of one set; a state counts as reported only where the label names one too."""
    of_states = [one for one in plates if names_state(one.labelled)]
    reported_states = [one for one in of_states if one.reported is not None and names_state(one.reported)]
    right = [one.labelled == one.reported for one in reported_states]
    return RegionResult(
        name=name,
        plates=len(plates),
        country=_share([same_region(one.labelled, one.reported) for one in plates]) or 0.0,
        reported=_share([one.reported is not None for one in plates]) or 0.0,
        state=sum(right) / len(of_states) if of_states else None,
        state_reported=len(reported_states) / len(of_states) if of_states else None,
        state_precision=_share(right),
        calibration_error=calibration_error(plates),
        median_ms=round(statistics.median([one.duration_ms for one in plates]), 1) if plates else 0.0,
        wrong=tuple(one for one in plates if not _is_right(one)),
    )


def calibration_error(plates: Sequence[ReportedPlate]) -> float | None:
    """The calibration error of the regions' confidences, in ten bins; None where nothing was reported."""
    reported = [
        (one.confidence, _is_right(one)) for one in plates if one.reported is not None and one.confidence is not None
    ]
    if not reported:
        return None
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for confidence, is_right in reported:
        bins[min(_BINS - 1, int(confidence * _BINS))].append((confidence, is_right))
    return sum(abs(sum(confidence - is_right for confidence, is_right in one)) for one in bins) / len(reported)


def table(results: Sequence[RegionResult]) -> Grid:
    """A row for each set."""
    return Grid(
        "Regions of crops (per cent; ms is the middle time of a whole reading)",
        ("set", "plates", "state", "state reported", "right of reported", "country", "reported", "ECE", "ms"),
        tuple(
            (
                one.name,
                str(one.plates),
                percent(one.state),
                percent(one.state_reported),
                percent(one.state_precision),
                percent(one.country),
                percent(one.reported),
                percent(one.calibration_error),
                figure(one.median_ms),
            )
            for one in results
        ),
    )


def _is_right(one: ReportedPlate) -> bool:
    """Whether the reported region is right: the state where both name one, else the country."""
    if one.reported is not None and names_state(one.reported) and names_state(one.labelled):
        return one.reported == one.labelled
    return same_region(one.labelled, one.reported)


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


if __name__ == "__main__":
    typer.run(regions)
