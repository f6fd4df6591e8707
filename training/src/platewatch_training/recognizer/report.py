"""One HTML file about a run: curves, a table of sets, mixed-up characters, the worst crops."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader

from platewatch.vision.image import encode_jpeg
from platewatch.vision.types import ImageBgr
from platewatch_training.recognizer.config import RunError
from platewatch_training.recognizer.evaluate import Outcome, ascii_only, crop_sets, read_crops, score
from platewatch_training.recognizer.loop import METRICS, load_run
from platewatch_training.recognizer.measure import HELD_OUT_SEED, RENDERED, as_labelled, render_samples

REPORT: Final = "report.html"
_CURVES: Final = ("loss", "learning_rate", "rate")
_CURVE_SIZE: Final = (640, 160)
_WORST: Final = 50
_CONFUSIONS: Final = 40
_TILE_WIDTH: Final = 220
_MOST_POINTS: Final = 400


@dataclass(frozen=True, slots=True)
class Curve:
    """A polyline for SVG, in pixels of its picture, with the values at its borders."""

    title: str
    points: str
    first_step: int
    last_step: int
    highest: float
    last: float


@dataclass(frozen=True, slots=True)
class SetRow:
    """One set's figures in per cent; `empty` is the share of plates that were taken for none."""

    name: str
    plates: int
    exact: float
    folded: float
    character_error_rate: float
    empty: float


@dataclass(frozen=True, slots=True)
class Tile:
    """One misread crop, as a JPEG in base64."""

    jpeg: str
    source: str
    truth: str
    read: str
    confidence: float


def report(run: Path, datasets: Path | None, folder: Path, samples: int = 500) -> Path:
    """Write the report into the folder and give its path.

    Raises:
        RunError: the run has no checkpoint or no metrics.
    """
    network, codec, step = load_run(run)
    sets = {RENDERED: as_labelled(render_samples(HELD_OUT_SEED, samples))}
    if datasets is not None:
        sets |= crop_sets(datasets)
    outcomes = {name: read_crops(network, codec, crops) for name, crops in sets.items()}
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    page = environment.get_template("report.html.j2").render(
        name=run.name,
        step=step,
        size=_CURVE_SIZE,
        curves=curves(run / METRICS),
        rows=[row(name, found) for name, found in outcomes.items()],
        confusions=confusions([one for found in outcomes.values() for one in found]).most_common(_CONFUSIONS),
        tiles=worst_tiles(outcomes),
    )
    path = folder / REPORT
    path.write_text(page, encoding="utf-8")
    return path


def curves(metrics: Path) -> list[Curve]:
    """A curve for each figure that was noted.

    Raises:
        RunError: the file is missing or damaged.
    """
    try:
        lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    except (OSError, json.JSONDecodeError) as error:
        raise RunError(f"The metrics {str(metrics)!r} can't be read: {error}") from error
    # A run that was stopped hard repeats the steps since its last checkpoint; the later ones count.
    by_step = {int(line["step"]): line for line in lines}
    drawn = []
    for name in _CURVES:
        points = [(step, float(line[name])) for step, line in sorted(by_step.items()) if name in line]
        if points:
            drawn.append(curve(name, points))
    return drawn


def curve(title: str, points: Sequence[tuple[int, float]]) -> Curve:
    """The points (at least one, by rising step) as a polyline between 0, or the lowest if below, and the highest."""
    width, height = _CURVE_SIZE
    chosen = points[:: max(1, len(points) // _MOST_POINTS)]
    first, last = points[0][0], points[-1][0]
    highest = max(value for _, value in points)
    lowest = min(0.0, *(value for _, value in points))
    drawn = [
        (width * (step - first) / max(1, last - first), height * (highest - value) / ((highest - lowest) or 1.0))
        for step, value in chosen
    ]
    return Curve(title, " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn), first, last, highest, points[-1][1])


def row(name: str, outcomes: Sequence[Outcome]) -> SetRow:
    """The figures of one set."""
    found = score(name, outcomes)
    texts = [(ascii_only(outcome.crop.text), ascii_only(outcome.text)) for outcome in outcomes]
    wrong = sum(truth != read for pair in texts for truth, read in align(*pair))
    plates = [read for truth, read in texts if truth]
    return SetRow(
        name=name,
        plates=found.plates,
        exact=found.exact,
        folded=found.folded,
        character_error_rate=100 * wrong / max(1, sum(len(truth) for truth, _ in texts)),
        empty=100 * sum(not read for read in plates) / max(1, len(plates)),
    )


def confusions(outcomes: Sequence[Outcome]) -> Counter[tuple[str, str]]:
    """How often which character (empty: none) was read as which (empty: not at all)."""
    return Counter(
        pair for outcome in outcomes for pair in align(outcome.crop.text, outcome.text) if pair[0] != pair[1]
    )


def align(truth: str, read: str) -> list[tuple[str, str]]:
    """The characters of both side by side with fewest differences; an empty string where one has none."""
    costs = np.zeros((len(truth) + 1, len(read) + 1), int)
    costs[:, 0], costs[0, :] = np.arange(len(truth) + 1), np.arange(len(read) + 1)
    for i, expected in enumerate(truth, 1):
        for j, found in enumerate(read, 1):
            swap = costs[i - 1, j - 1] + (expected != found)
            costs[i, j] = min(swap, costs[i - 1, j] + 1, costs[i, j - 1] + 1)
    pairs = []
    i, j = len(truth), len(read)
    while i or j:
        if i and j and costs[i, j] == costs[i - 1, j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], read[j]))
        elif i and costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
            pairs.append((truth[i], ""))
        else:
            j -= 1
            pairs.append(("", read[j]))
    return pairs[::-1]


def worst_tiles(outcomes: Mapping[str, Sequence[Outcome]]) -> list[Tile]:
    """The misread crops of all sets, the surest first: there either the network or the label is badly wrong."""
    wrong = [(name, one) for name, found in outcomes.items() for one in found if not one.exact]
    wrong.sort(key=lambda pair: -pair[1].confidence)
    return [
        Tile(_jpeg(one.crop.crop_bgr), f"{name}: {one.crop.source}", one.crop.text, one.text, one.confidence)
        for name, one in wrong[:_WORST]
    ]


def _jpeg(crop_bgr: ImageBgr) -> str:
    scale = _TILE_WIDTH / crop_bgr.shape[1]
    size = (_TILE_WIDTH, max(1, round(crop_bgr.shape[0] * scale)))
    shown = cv2.resize(crop_bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return base64.b64encode(encode_jpeg(np.asarray(shown, np.uint8))).decode()
