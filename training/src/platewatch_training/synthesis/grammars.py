"""Grammars of each region's numbers, gathered from the layouts for `platewatch.vision.recognizer.beam`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Final, TypeAlias

import yaml

from platewatch_training.synthesis.layouts import Layout

RegionGrammars: TypeAlias = dict[str, dict[str, float]]
"""For each region the regular expressions of its texts, each with its share of the region's plates (sum: 1)."""

_HEAD: Final = """\
# How the texts of each region's plates are built: regular expressions of whole texts (rows joined, no separators), each
# with its share of the region's plates. Texts that owners choose are left out. Written by `platewatch-train grammars`
# from the layouts; change those.
"""
_DIGITS: Final = 4
_LONG_LINE: Final = 100_000


def region_grammars(layouts: Iterable[Layout]) -> RegionGrammars:
    """The grammars of every region that has plates with issued numbers, sorted by region and falling share."""
    weights: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for layout in layouts:
        for expression, weight in _issued_patterns(layout):
            weights[layout.region][expression] += weight
    return {region: _shares(weights[region]) for region in sorted(weights)}


def to_yaml(grammars: RegionGrammars) -> str:
    """The content of `grammars.yaml`: a mapping of regions to lists of [share, expression]."""
    content = {region: [[share, text] for text, share in each.items()] for region, each in grammars.items()}
    return _HEAD + yaml.safe_dump(
        content, allow_unicode=True, default_flow_style=None, width=_LONG_LINE, sort_keys=False
    )


def _issued_patterns(layout: Layout) -> Iterator[tuple[str, float]]:
    """The expressions of the layout's whole texts with their weights, without those that owners choose."""
    totals = [sum(option.weight for option in grammar.options) for grammar in layout.grammars]
    for rows in product(*(grammar.options for grammar in layout.grammars)):
        if any(option.has_number for option in rows):
            shares = (option.weight / total for option, total in zip(rows, totals, strict=True))
            yield "".join(option.expression for option in rows), layout.weight * prod(shares)


def _shares(weights: dict[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return {expression: round(weight / total, _DIGITS) for expression, weight in ordered}
