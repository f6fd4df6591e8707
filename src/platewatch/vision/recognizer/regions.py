"""The region to report for a plate, with its confidence: the most likely one, or the country of several likely states.

The network knows regions by their looks. How the text is built speaks for some of them and against others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.plates.grammars import country_of, grammar_of
from platewatch.vision.inference.model_card import RegionWeights

# From 0.4 on 95 % of regions were right, between 0.3 and 0.4 58 %: docs/tuning-log.md.
MIN_REPORTED: Final = 0.4
"""No reading has a region that is less probable: it would be about as often wrong as right."""
ELSEWHERE: Final = "zz"
"""The region network's class for plates that name no region that it knows."""
SURE: Final = 0.7
"""From here on 98 % of these regions were right; below it four of five: nothing to keep a gate shut for."""
# Of 148 Indian plates, whose state their text names, the most likely state was right for 65 % below, 96 % above.
_MIN_STATE: Final = 0.3
# The factor of a text built like no plate of the region; not 0, since owners choose some texts: docs/tuning-log.md.
_UNLIKE: Final = 0.1
# Less probable regions stay improbable, whatever the text.
_NEGLIGIBLE: Final = 0.002
# A network that is sure of itself may be wrong all the same.
_MIN_LOOKS: Final = 1e-5
_MIN_GUESS: Final = 1e-3
# What is less probable than the most likely by so much (in logarithms) is not asked for its texts, which can't save it.
_TEXT_RANGE: Final = 7.0
# More probable than every other country together.
_MIN_COUNTRY: Final = 0.5


def sure_region(region: str | None, confidence: float | None) -> str | None:
    """The region if it is sure, or given without a confidence; else None."""
    return region if confidence is None or confidence >= SURE else None


@dataclass(frozen=True, slots=True)
class LikelyRegion:
    """An ISO 3166 code (`br`, `us-ca`, or `us` where the state is unsure) and its probability, 0..1."""

    code: str
    confidence: float


def likely_region(
    probabilities: NDArray[np.float32], regions: tuple[str, ...], min_state: float = _MIN_STATE
) -> LikelyRegion | None:
    """The most likely region with its own probability, however small; None from a network that knows no regions.

    Where the states of one country share what is likely among them, it is the country, with their sum.

    Args:
        probabilities: float32 (regions,), sum 1.
        regions: the code of each.
        min_state: how probable a state must be to be reported in place of its country, where the country is probable.
    """
    if not regions:
        return None
    owners, countries = _countries(regions)
    sums = np.bincount(owners, weights=probabilities, minlength=len(countries))
    country = int(sums.argmax())
    if sums[country] >= _MIN_COUNTRY and probabilities[owners == country].max() < min_state:
        return LikelyRegion(countries[country], min(1.0, float(sums[country])))
    best = int(probabilities.argmax())
    return LikelyRegion(regions[best], float(probabilities[best]))


def informed(probabilities: NDArray[np.float32], text: str, regions: tuple[str, ...]) -> NDArray[np.float32]:
    """The regions' probabilities once the text is known: those whose plates are built like it gain.

    Args:
        probabilities: float32 (regions,), sum 1.
        text: what was read.
        regions: the code of each.
    """
    weights = np.full(len(regions), _UNLIKE, np.float32)
    for index in np.flatnonzero(probabilities >= _NEGLIGIBLE).tolist():
        grammar = grammar_of(regions[index])
        if grammar is not None:
            weights[index] += grammar.share(text)
    weighed = probabilities * weights
    return np.asarray(weighed / max(float(weighed.sum()), 1e-12), np.float32)


def probable(probabilities: NDArray[np.float32], regions: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """The regions that are not negligible, each with its probability."""
    return tuple(
        (regions[index], float(probabilities[index])) for index in np.flatnonzero(probabilities >= _NEGLIGIBLE)
    )


def reportable_regions(named: tuple[str, ...], guessed: tuple[str, ...]) -> tuple[str, ...]:
    """The regions that can be reported: those named on plates, and the recognizer's regions of other countries.

    A country whose states are named is reported by these.
    """
    states = tuple(region for region in named if region != ELSEWHERE)
    countries = {country_of(state) for state in states}
    return states + tuple(region for region in guessed if region not in countries and region not in states)


def joined_regions(
    by_name: Mapping[str, float],
    regions: tuple[str, ...],
    guessed: Mapping[str, float],
    text: str,
    weights: RegionWeights,
) -> NDArray[np.float32]:
    """The joint probabilities of region network, recognizer and text: float32 (regions,), sum 1.

    Args:
        by_name: what the region network gives each region that it names, and `ELSEWHERE`.
        regions: the code of each, as `reportable_regions` gives them.
        guessed: probabilities by the recognizer's own looks; those left out are negligible.
        text: what was read.
        weights: how much each of the three counts.
    """
    evidence = region_evidence(by_name, regions, guessed)
    states = evidence.is_named
    joined = weights.guess * evidence.guess + weights.named * evidence.named
    joined += np.where(states, 0.0, weights.elsewhere)
    if states.any():
        among = weights.looks * evidence.looks[states] + weights.states * evidence.states[states]
        top = among.max()
        joined[states] += among - top - np.log(np.exp(among - top).sum())
    if weights.text > 0 and text:
        shares = np.zeros(len(regions))
        for index in np.flatnonzero(joined >= joined.max() - _TEXT_RANGE).tolist():
            grammar = grammar_of(regions[index])
            shares[index] = 0.0 if grammar is None else grammar.share(text)
        joined += weights.text * np.log(_UNLIKE + shares)
    chances = np.exp(joined - joined.max())
    return np.asarray(chances / chances.sum(), np.float32)


@dataclass(frozen=True, slots=True)
class RegionEvidence:
    """The evidence for each region before its text, as logarithms, all float64 (regions,).

    `looks` is the network's word among the named states, `states` the recognizer's among those of one country, `guess`
    the recognizer's among countries, and `named` whether a name is seen, as far as the region needs one or none.
    """

    is_named: NDArray[np.bool_]
    looks: NDArray[np.float64]
    states: NDArray[np.float64]
    guess: NDArray[np.float64]
    named: NDArray[np.float64]


def region_evidence(
    by_name: Mapping[str, float], regions: tuple[str, ...], guessed: Mapping[str, float]
) -> RegionEvidence:
    """The evidence of the network and the recognizer for each region; arguments as of `joined_regions`."""
    owners, countries = _countries(regions)
    is_named = np.array([region in by_name for region in regions])
    looks = np.array([by_name.get(region, 0.0) for region in regions])
    seen = float(looks.sum())
    own = np.array([guessed.get(region, 0.0) for region in regions])
    of_countries = np.array([0.0 if country in regions else guessed.get(country, 0.0) for country in countries])
    of_countries += np.bincount(owners, weights=own, minlength=len(countries))
    elsewhere = by_name.get(ELSEWHERE, 0.0)
    return RegionEvidence(
        is_named,
        looks=_log(looks / max(seen, _MIN_LOOKS)),
        states=_log(own / np.maximum(of_countries[owners], _MIN_LOOKS), _MIN_GUESS),
        guess=_log(np.where(is_named, of_countries[owners], own), _MIN_GUESS),
        named=_log(np.where(is_named, seen, elsewhere)) if ELSEWHERE in by_name else np.zeros(len(regions)),
    )


def _log(shares: NDArray[np.float64], least: float = _MIN_LOOKS) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(shares, least)), np.float64)


@lru_cache(maxsize=8)
def _countries(regions: tuple[str, ...]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """For each region the index of its country, and the countries."""
    names = [country_of(region) for region in regions]
    distinct = tuple(dict.fromkeys(names))
    return np.array([distinct.index(name) for name in names], np.intp), distinct
