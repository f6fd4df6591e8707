"""The number of right readings above and below each confidence: `python -m benchmarks.levels --datasets FOLDER`.

The default of the setting `UNSURE_BELOW` was chosen by these figures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.circumstances import RESULTS, Used, circumstances
from benchmarks.datasets import LabeledPhoto, PhotoSet, load_sets, names_in
from benchmarks.reading import read_photo
from benchmarks.report import Grid, Measured, percent, publish
from benchmarks.scores import LabeledPlate, PredictedPlate, letters_and_digits
from platewatch.errors import PlatewatchError
from platewatch.vision.geometry import iou
from platewatch.vision.inference.registry import OWN
from platewatch.vision.pipeline import PlateReader

NAME: Final = "levels"
LEVELS: Final = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_USAGE: Final = 2
_ABOUT_THE_PLATE_IOU: Final = 0.1


@dataclass(frozen=True, slots=True)
class Judged:
    """The confidence of one reading, whether its text is right, and whether a plate is labelled there at all."""

    confidence: float
    is_right: bool
    is_plate: bool


@dataclass(frozen=True, slots=True)
class Level:
    """The readings at or above a confidence, those below, and how many of each are right."""

    level: float
    above: int
    right_above: int
    below: int
    right_below: int


def levels(
    *,
    datasets: Annotated[Path, typer.Option(help="Folder with evaluation/ and train/.")],
    sets: Annotated[str, typer.Option(help="Names, separated by commas; all photos by default.")] = "",
    threads: Annotated[int, typer.Option(min=1, help="Processor threads of each network.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the JSON file.")] = RESULTS,
    write: Annotated[Path | None, typer.Option(help="Page whose figures to replace.")] = None,
) -> None:
    """Count right and wrong readings of whole photos by their confidence."""
    try:
        how = circumstances("benchmarks.levels", Used((OWN,), OWN))
        reader = PlateReader(OWN, OWN, threads=threads)
        reader.warm_up()
        chosen = [one for one in load_sets(datasets, names_in(sets)) if not one.is_crops]
        judged = {one.name: judge_set(reader, one) for one in chosen}
        readings = [one for found in judged.values() for one in found]
        on_plates = [one for one in readings if one.is_plate]
        grids = [
            table("All readings; one where no plate is labelled counts as wrong", readings),
            table("Readings of labelled plates", on_plates),
        ]
        notes = ["; ".join(f"{name}: {len(found)} readings" for name, found in judged.items() if found)]
        publish(Measured(NAME, how, notes, grids, judged), output, write)
    except PlatewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_USAGE) from error


def judge_set(reader: PlateReader, photos: PhotoSet) -> list[Judged]:
    """All readings of the set's photos that can be judged; photos without any known text are left out."""
    found: list[Judged] = []
    for photo in photos.photos:
        if any(plate.text for plate in photo.plates):
            found += judge(photo, read_photo(reader, photo).predictions)
    return found


def judge(photo: LabeledPhoto, predictions: Iterable[PredictedPlate]) -> list[Judged]:
    """The readings beside the labels; a reading of a plate whose text is not known is left out."""
    judged = []
    for prediction in predictions:
        plate = _plate_at(photo.plates, prediction)
        if plate is None:
            judged.append(Judged(prediction.confidence, is_right=False, is_plate=False))
        elif plate.text is not None:
            is_right = letters_and_digits(plate.text) == letters_and_digits(prediction.text)
            judged.append(Judged(prediction.confidence, is_right=is_right, is_plate=True))
    return judged


def split_at(level: float, judged: Sequence[Judged]) -> Level:
    """The readings on both sides of the level."""
    above = [one for one in judged if one.confidence >= level]
    right, right_above = (sum(one.is_right for one in some) for some in (judged, above))
    return Level(level, len(above), right_above, len(judged) - len(above), right - right_above)


def table(title: str, judged: Sequence[Judged]) -> Grid:
    """A row for each level."""
    columns = ("level", "at or above", "right (%)", "below", "right (%)", "of all right ones below (%)")
    return Grid(title, columns, tuple(_row(split_at(level, judged)) for level in LEVELS))


def _row(one: Level) -> tuple[str, ...]:
    return (
        f"{one.level:.1f}",
        str(one.above),
        percent(_share(one.right_above, one.above)),
        str(one.below),
        percent(_share(one.right_below, one.below)),
        percent(_share(one.right_below, one.right_above + one.right_below)),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _plate_at(plates: Sequence[LabeledPlate], prediction: PredictedPlate) -> LabeledPlate | None:
    """The labelled plate that the prediction overlaps most, None if it overlaps none."""
    overlaps = [(iou(plate.box_xyxy, prediction.box_xyxy), plate) for plate in plates if plate.box_xyxy]
    best = max(overlaps, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= _ABOUT_THE_PLATE_IOU else None


if __name__ == "__main__":
    typer.run(levels)
