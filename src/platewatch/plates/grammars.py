"""Grammars of the plates of each region: the expressions of `grammars.yaml`, compiled when first used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

GRAMMARS_FILE: Final = Path(__file__).with_name("grammars.yaml")


@dataclass(frozen=True, slots=True)
class RegionGrammar:
    """The expressions of a region's issued texts, each with its share (0..1) of the region's plates.

    `any_of_them` matches what one of them does: most texts are built like none, and that is known at once.
    """

    any_of_them: re.Pattern[str]
    expressions: tuple[tuple[str, float], ...]

    def share(self, text: str) -> float:
        """The share of the region's plates that are built like the text: 0 for none, at most 1."""
        if not self.any_of_them.fullmatch(text):
            return 0.0
        return min(1.0, sum([share for expression, share in self.expressions if _compile(expression).fullmatch(text)]))


def country_of(region: str) -> str:
    """The country of a region: `in` of `in-mh`."""
    return region.partition("-")[0]


def known_regions() -> frozenset[str]:
    """The regions that have a grammar of their own."""
    return frozenset(_table())


@cache
def grammar_of(region: str) -> RegionGrammar | None:
    """The grammar of a region such as `fr` or `in-mh`: its own, else its country's; None where neither has one."""
    table = _table()
    entries = table.get(region, table.get(country_of(region)))
    if entries is None:
        return None
    any_of_them = re.compile("|".join([f"(?:{expression})" for _, expression in entries]))
    return RegionGrammar(any_of_them, tuple((expression, share) for share, expression in entries))


@cache
def _compile(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


@cache
def _table() -> dict[str, list[tuple[float, str]]]:
    # The loader in C is ten times as fast, but PyYAML can be built without it; both make nothing but plain data.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, list[tuple[float, str]]] = yaml.load(GRAMMARS_FILE.read_text("utf-8"), loader)  # noqa: S506
    return content
