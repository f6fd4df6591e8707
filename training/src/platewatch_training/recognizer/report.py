"""One HTML file about a run: curves, a table of sets, mixed-up characters, the worst crops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from platewatch_training.datasets.own import HELD_BACK
from platewatch_training.recognizer.config import load_config
from platewatch_training.recognizer.evaluate import (
    Outcome,
    align,
    ascii_only,
    character_error_rate,
    crop_sets,
    read_crops,
    score,
)
from platewatch_training.recognizer.loop import held_back_crops, load_run
from platewatch_training.recognizer.measure import HELD_OUT_SEED, RENDERED, as_labelled, render_samples
from platewatch_training.reports.page import WORST, Tile, as_jpeg, write_page
from platewatch_training.runs.trainer import CONFIG

_CONFUSIONS: Final = 40
_TEMPLATE: Final = Path(__file__).with_name("report.html.j2")


@dataclass(frozen=True, slots=True)
class SetRow:
    """One set's figures in per cent; `empty` is the share of plates that were taken for none."""

    name: str
    plates: int
    exact: float
    folded: float
    character_error_rate: float
    empty: float


def report(run: Path, datasets: Path | None, folder: Path, samples: int = 500) -> Path:
    """Write the report into the folder and give its path.

    Raises:
        RunError: the run has no checkpoint or no metrics.
        PlatewatchError: what the run held back can't be read any more.
    """
    network, codec, step = load_run(run)
    sets = {RENDERED: as_labelled(render_samples(HELD_OUT_SEED, samples))}
    if own := held_back_crops(load_config(run / CONFIG), run):
        sets[HELD_BACK] = own
    if datasets is not None:
        sets |= crop_sets(datasets)
    outcomes = {name: read_crops(network, codec, crops) for name, crops in sets.items()}
    mixed_up = confusions([one for found in outcomes.values() for one in found])
    content = {
        "rows": [row(name, found) for name, found in outcomes.items()],
        "confusions": mixed_up.most_common(_CONFUSIONS),
        "tiles": worst_tiles(outcomes),
    }
    return write_page(run, step, folder, _TEMPLATE, content)


def row(name: str, outcomes: Sequence[Outcome]) -> SetRow:
    """The figures of one set."""
    found = score(name, outcomes)
    plates = [outcome.text for outcome in outcomes if ascii_only(outcome.crop.text)]
    return SetRow(
        name=name,
        plates=found.plates,
        exact=found.exact,
        folded=found.folded,
        character_error_rate=character_error_rate(outcomes),
        empty=100 * sum(not ascii_only(read) for read in plates) / max(1, len(plates)),
    )


def confusions(outcomes: Sequence[Outcome]) -> Counter[tuple[str, str]]:
    """Counts of misread characters: (true, read), each empty where there is none."""
    return Counter(
        pair for outcome in outcomes for pair in align(outcome.crop.text, outcome.text) if pair[0] != pair[1]
    )


def worst_tiles(outcomes: Mapping[str, Sequence[Outcome]]) -> list[Tile]:
    """The misread crops of all sets, the most confident first: there either the network or the label is badly wrong."""
    wrong = [(name, one) for name, found in outcomes.items() for one in found if not one.exact]
    wrong.sort(key=lambda pair: -pair[1].confidence)
    return [
        Tile(as_jpeg(one.crop.crop_bgr), f"{name}: {one.crop.source}", one.crop.text, one.text, one.confidence)
        for name, one in wrong[:WORST]
    ]
