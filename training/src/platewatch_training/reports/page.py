"""One HTML file about a run: what all networks' reports share."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader

from platewatch.vision.image import encode_jpeg
from platewatch.vision.types import ImageBgr
from platewatch_training.runs.config import RunError
from platewatch_training.runs.held_back import HELD_BACK, Look, best_of, read_looks
from platewatch_training.runs.trainer import METRICS

REPORT: Final = "report.html"
WORST: Final = 50
"""The number of worst cases that are shown."""
_CURVE_SIZE: Final = (640, 160)
_TILE_WIDTH: Final = 220
_MAX_POINTS: Final = 400


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
class Tile:
    """One of the worst cases: a JPEG in base64, what is right and what was found, how sure, and where it is from."""

    jpeg: str
    source: str
    truth: str
    read: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Change:
    """One figure on what was held back: before fine-tuning, at the best look, and at the last."""

    figure: str
    before: float
    best: float
    last: float


def write_page(run: Path, step: int, folder: Path, template: Path, content: Mapping[str, Any]) -> Path:
    """Write the report into the folder and give its path; `content` is what the network's own template shows.

    Raises:
        RunError: the run has no metrics.
    """
    looks = read_looks(run) if (run / HELD_BACK).is_file() else []
    environment = Environment(loader=FileSystemLoader([template.parent, Path(__file__).parent]), autoescape=True)
    page = environment.get_template(template.name).render(
        name=run.name,
        step=step,
        size=_CURVE_SIZE,
        curves=[*curves(run / METRICS), *look_curves(looks)],
        looks=looks,
        best=best_of(looks),
        changes=list(changes(looks)),
        **content,
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / REPORT
    path.write_text(page, encoding="utf-8")
    return path


def changes(looks: Sequence[Look]) -> Iterator[Change]:
    """Each figure before, at its best and in the end; none without looks."""
    best = best_of(looks)
    if best is not None:
        first, last = looks[0].figures, looks[-1].figures
        yield from (Change(name, first[name], best.figures[name], last[name]) for name in first)


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
    names = dict.fromkeys(name for line in by_step.values() for name in line if name != "step")
    return [
        curve(name, [(step, float(line[name])) for step, line in sorted(by_step.items()) if name in line])
        for name in names
    ]


def look_curves(looks: Sequence[Look]) -> list[Curve]:
    """A curve for each figure that was measured on what is held back."""
    names = looks[0].figures if looks else ()
    return [curve(f"held back: {name}", [(look.step, look.figures[name]) for look in looks]) for name in names]


def curve(title: str, points: Sequence[tuple[int, float]]) -> Curve:
    """The points (at least one, by rising step) as a polyline between 0, or the lowest if below, and the highest."""
    width, height = _CURVE_SIZE
    chosen = points[:: max(1, len(points) // _MAX_POINTS)]
    first, last = points[0][0], points[-1][0]
    highest = max(value for _, value in points)
    lowest = min(0.0, *(value for _, value in points))
    drawn = [
        (width * (step - first) / max(1, last - first), height * (highest - value) / ((highest - lowest) or 1.0))
        for step, value in chosen
    ]
    return Curve(title, " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn), first, last, highest, points[-1][1])


def as_jpeg(image_bgr: ImageBgr) -> str:
    """The image as wide as a tile, as a JPEG in base64."""
    scale = _TILE_WIDTH / image_bgr.shape[1]
    size = (_TILE_WIDTH, max(1, round(image_bgr.shape[0] * scale)))
    shown = cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return base64.b64encode(encode_jpeg(np.asarray(shown, np.uint8))).decode()
