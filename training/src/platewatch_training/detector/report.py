"""One HTML file about a run: curves, a table of sets, plates that were missed and false ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platewatch.vision.types import BoxXyxy
from platewatch_training.datasets.own import HELD_BACK
from platewatch_training.datasets.photos import LabelledPhoto, photo_sets
from platewatch_training.detector.config import load_config
from platewatch_training.detector.evaluate import Findings, evaluate, finder
from platewatch_training.detector.loop import held_back_photos, load_run
from platewatch_training.detector.sheets import tile
from platewatch_training.reports.page import WORST, Tile, as_jpeg, write_page
from platewatch_training.runs.config import RunError
from platewatch_training.runs.trainer import CONFIG

THRESHOLD: Final = 0.25
_TEMPLATE: Final = Path(__file__).with_name("report.html.j2")
_PLATE: Final = "plate"


@dataclass(frozen=True, slots=True)
class SetRow:
    """One set's figures in per cent, detections counted from the threshold on; `corner_error` in per cent of widths."""

    name: str
    photos: int
    plates: int
    precision_50: float
    precision_70: float
    recall: float
    false_per_photo: float
    corner_error: float | None


def report(run: Path, datasets: Path | None, folder: Path) -> Path:
    """Write the report into the folder and give its path.

    Raises:
        RunError: the run has no checkpoint or no metrics, or there are no photos to look at.
        PlatewatchError: what the run held back can't be read any more.
    """
    network, step = load_run(run)
    sets: dict[str, list[LabelledPhoto]] = {}
    if own := held_back_photos(load_config(run / CONFIG), run):
        sets[HELD_BACK] = own
    if datasets is not None:
        sets |= photo_sets(datasets)
    if not sets:
        raise RunError(f"The run {str(run)!r} has no data of its own. Name photos to look at with --datasets.")
    find = finder(network)
    findings = [evaluate(name, photos, find) for name, photos in sets.items()]
    content = {
        "threshold": THRESHOLD,
        "rows": [row(found) for found in findings],
        "tiles": worst_tiles([(found, sets[found.name]) for found in findings]),
    }
    return write_page(run, step, folder, _TEMPLATE, content)


def row(found: Findings) -> SetRow:
    """The figures of one set."""
    return SetRow(
        name=found.name,
        photos=found.photos,
        plates=len(found.plates),
        precision_50=found.average_precision(),
        precision_70=found.average_precision(70),
        recall=found.recall(THRESHOLD),
        false_per_photo=found.false_per_photo(THRESHOLD),
        corner_error=found.corner_error(),
    )


def worst_tiles(findings: Sequence[tuple[Findings, Sequence[LabelledPhoto]]]) -> list[Tile]:
    """Plates that were missed, the widest first, then false ones, the most confident first."""
    missed = [
        (plate.width, Tile(_around(photo, plate.box_xyxy), f"{found.name}: {photo.source}", _PLATE, "", plate.score_50))
        for found, photos in findings
        for plate in found.plates
        if plate.score_50 < THRESHOLD
        for photo in (photos[plate.photo],)
    ]
    false = [
        (wrong.score, Tile(_around(photo, wrong.box_xyxy), f"{found.name}: {photo.source}", "", _PLATE, wrong.score))
        for found, photos in findings
        for wrong in found.false
        if wrong.score >= THRESHOLD
        for photo in (photos[wrong.photo],)
    ]
    chosen = [sorted(tiles, key=lambda pair: -pair[0])[: WORST // 2] for tiles in (missed, false)]
    return [tile for tiles in chosen for _, tile in tiles]


def _around(photo: LabelledPhoto, box_xyxy: BoxXyxy) -> str:
    return as_jpeg(tile(photo.image_bgr, box_xyxy, ""))
