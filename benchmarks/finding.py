"""Recall of the proposals, by the plates' width and profile: `python -m benchmarks.finding --datasets FOLDER`."""

from __future__ import annotations

import statistics
import sys
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.datasets import LabeledPhoto, PhotoSet, load_sets, names_in
from benchmarks.report import NOTHING, Grid, Measured, figure, percent, publish
from benchmarks.scores import PredictedPlate, count_found, false_plates
from platewatch.errors import PlatewatchError
from platewatch.vision.denoise import without_impulses
from platewatch.vision.geometry import box_from_corners
from platewatch.vision.image import EncodedImage, open_image
from platewatch.vision.inference.registry import OWN, BackendOptions, Detector, Profile, make_detector

NAME: Final = "finding"
_USAGE: Final = 2
_MS: Final = 1000.0
_LONGEST_SIDE: Final = 640.0
WIDTHS: Final = (9, 14, 24, 48, 96)
"""Borders between the classes of widths, in pixels once the photo's longer side has 640."""
_IOUS: Final = (0.5, 0.7)


@dataclass(frozen=True, slots=True)
class Found:
    """The labelled plates of one class of widths that have a proposal of their own; `least` is its lower bound."""

    least: int
    plates: int
    found: tuple[int, ...]
    """By IoU: 0.5, 0.7."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The proposals of one profile on some photos."""

    photos_of: str
    profile: Profile
    classes: tuple[Found, ...]
    false_an_image: float
    median_ms: float


def finding(
    *,
    datasets: Annotated[Path, typer.Option(help="Folder with evaluation/ and train/.")],
    sets: Annotated[str, typer.Option(help="Names, separated by commas; all photos by default.")] = "",
    apart: Annotated[str, typer.Option(help="Sets whose photos are of another kind, counted apart.")] = "us_full",
    model: Annotated[Path | None, typer.Option(help="Folder of another detector.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Count the labelled plates that the detector alone proposes, at one thread, before anything is read."""
    try:
        how = circumstances("benchmarks.finding", Used((), OWN, detector_folder=model))
        chosen = [one for one in load_sets(datasets, names_in(sets)) if not one.is_crops]
        groups = {name: photos for name, photos in _groups(chosen, names_in(apart)).items() if photos}
        found = [
            measure(make_detector(OWN, BackendOptions(threads=1, model=model, profile=profile)), profile, name, photos)
            for name, photos in groups.items()
            for profile in Profile
        ]
        grids = [table(name, [one for one in found if one.photos_of == name]) for name in groups]
        notes = ["; ".join(f"{name}: {len(photos)} photos" for name, photos in groups.items())]
        publish(Measured(NAME, how, notes, grids, found), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def measure(detector: Detector, profile: Profile, name: str, photos: Sequence[LabeledPhoto]) -> Finding:
    """The proposals of one detector on all photos."""
    detector.warm_up()
    plates = [0] * (len(WIDTHS) + 1)
    found = [[0] * (len(WIDTHS) + 1) for _ in _IOUS]
    false, times_ms = 0, []
    for photo in track(photos, f"{name}, {profile.value}", console=Console(stderr=True)):
        start = time.perf_counter()
        image = open_image(photo.path.read_bytes())
        proposals = _proposals(detector, image)
        times_ms.append((time.perf_counter() - start) * _MS)
        false += len(false_plates(photo.plates, proposals))
        scale = _LONGEST_SIDE / max(image.width, image.height)
        for plate in photo.plates:
            if plate.box_xyxy is None:
                continue
            place = bisect_right(WIDTHS, (plate.box_xyxy[2] - plate.box_xyxy[0]) * scale)
            plates[place] += 1
            for row, least in zip(found, _IOUS, strict=True):
                row[place] += count_found([plate], proposals, least)
    classes = tuple(
        Found(least, plates[place], tuple(row[place] for row in found)) for place, least in enumerate((0, *WIDTHS))
    )
    return Finding(name, profile, classes, false / len(photos), statistics.median(times_ms))


def table(name: str, findings: Sequence[Finding]) -> Grid:
    """A row for each profile; of each class of widths the recall at IoU 0.5, and at 0.7 behind the stroke."""
    classes = findings[0].classes
    ends = [f"{one.least} to {most} px" for one, most in zip(classes, WIDTHS, strict=False)]
    heads = [*ends, f"from {WIDTHS[-1]} px"]
    return Grid(
        f"Proposals for the plates of {name}, by width (recall in per cent at IoU 0.5 / 0.7)",
        ("profile", *(f"{head} ({one.plates})" for head, one in zip(heads, classes, strict=True)), "false/image", "ms"),
        tuple(
            (
                one.profile.value,
                *(_shares(each) for each in one.classes),
                figure(one.false_an_image),
                figure(one.median_ms),
            )
            for one in findings
        ),
    )


def _groups(sets: Sequence[PhotoSet], apart: Sequence[str]) -> dict[str, list[LabeledPhoto]]:
    groups: dict[str, list[LabeledPhoto]] = {}
    for one in sets:
        groups.setdefault(one.name if one.name in apart else "all other sets", []).extend(one.photos)
    return groups


def _proposals(detector: Detector, image: EncodedImage) -> list[PredictedPlate]:
    """The detector's boxes in pixels of the whole photo."""
    return [
        PredictedPlate("", one.confidence, box_from_corners(one.corners))
        for one in detector.detect(without_impulses(image.decode()))
    ]


def _shares(one: Found) -> str:
    return NOTHING if not one.plates else " / ".join(percent(count / one.plates) for count in one.found)


if __name__ == "__main__":
    typer.run(finding)
