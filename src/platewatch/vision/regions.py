"""Which region to tell of a plate, and how sure it is: the likeliest one, or the country of several likely states.

The network knows regions by their looks. How the text is built speaks for some of them and against others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.vision.grammars import country_of, grammar_of
from platewatch.vision.zoo import RegionWeights

# Of 747 real crops with a labelled country or continent (150 at most of ar, br, eu, eu_square and in), the likeliest
# region was right for 92 %; from 0.2, 0.3, 0.4, 0.5 and 0.7 on for 93, 93, 95, 95 and 98 % of the 99, 96, 92, 88 and
# 76 % that were still told. Of those between 0.3 and 0.4 it was right for 58 %.
LEAST_TOLD: Final = 0.4
"""No reading has a region that is less probable: it would be about as often wrong as right."""
SURE: Final = 0.7
"""From here on 98 % of these regions were right; below it four of five: nothing to keep a gate shut for."""
# Of 148 Indian plates, whose state their text tells, the likeliest state was right for 65 % below this, for 96 % above.
_LEAST_STATE: Final = 0.3
# What a text counts that is built like no plate of the region, against 1.1 for one that is built like all of them:
# owners choose some texts, and not every old kind is known. By the looks alone 90 % of the regions above were right and
# 61 % were sure; with 0.3, 0.1, 0.05 and 0.02 it is 91, 92, 92 and 92 %, and 71, 76, 78 and 81 %.
_UNLIKE: Final = 0.1
# Less probable regions stay improbable, whatever the text.
_NEGLIGIBLE: Final = 0.002
# A network that is sure of itself may be wrong all the same.
_LEAST_LOOKS: Final = 1e-5
_LEAST_GUESS: Final = 1e-3
# What is less probable than the likeliest by so much (in logarithms) is not asked for its texts, which can't save it.
_TEXT_RANGE: Final = 7.0
# More probable than every other country together.
_LEAST_COUNTRY: Final = 0.5


def sure_region(region: str | None, confidence: float | None) -> str | None:
    """The region if it is sure, or told by somebody who says nothing of how sure it is; else None."""
    return region if confidence is None or confidence >= SURE else None


@dataclass(frozen=True, slots=True)
class LikelyRegion:
    """An ISO 3166 code (`br`, `us-ca`, or `us` where the state is unsure) and its probability, 0..1."""

    code: str
    confidence: float


def likely_region(
    probabilities: NDArray[np.float32], regions: tuple[str, ...], least_state: float = _LEAST_STATE
) -> LikelyRegion | None:
    """The likeliest region with its own probability, however small; None from a network that knows no regions.

    Where the states of one country share what is likely among them, it is the country, with their sum.

    Args:
        probabilities: float32 (regions,), sum 1.
        regions: the code of each.
        least_state: how probable a state must be so that it is told in place of its country, where that is probable.
    """
    if not regions:
        return None
    owners, countries = _countries(regions)
    sums = np.bincount(owners, weights=probabilities, minlength=len(countries))
    country = int(sums.argmax())
    if sums[country] >= _LEAST_COUNTRY and probabilities[owners == country].max() < least_state:
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


def joined_regions(
    by_looks: NDArray[np.float32],
    regions: tuple[str, ...],
    guessed: Mapping[str, float],
    text: str,
    weights: RegionWeights,
) -> NDArray[np.float32]:
    """What the region network, the recognizer and the text say together: float32 (regions,), sum 1.

    A region that the recognizer doesn't know has what it gives the country, for each state an equal share.

    Args:
        by_looks: float32 (regions,), what the region network says.
        regions: the code of each.
        guessed: probabilities by the recognizer's own looks, of its regions; those left out are negligible.
        text: what was read.
        weights: how much each of the three counts.
    """
    joined = weights.looks * np.log(np.maximum(by_looks, _LEAST_LOOKS))
    if weights.guess > 0 and guessed:
        joined += weights.guess * np.log([_guessed(region, regions, guessed) for region in regions])
    if weights.text > 0 and text:
        likely = np.flatnonzero(joined >= joined.max() - _TEXT_RANGE)
        shares = np.zeros(len(regions))
        for index in likely.tolist():
            grammar = grammar_of(regions[index])
            shares[index] = 0.0 if grammar is None else grammar.share(text)
        joined += weights.text * np.log(_UNLIKE + shares)
    chances = np.exp(joined - joined.max())
    return np.asarray(chances / chances.sum(), np.float32)


def _guessed(region: str, regions: tuple[str, ...], guessed: Mapping[str, float]) -> float:
    known = guessed.get(region)
    if known is None and "-" in region:
        country = country_of(region)
        if country in guessed:
            known = guessed[country] / sum(one.startswith(f"{country}-") for one in regions)
    return max(_LEAST_GUESS, known or 0.0)


@lru_cache(maxsize=8)
def _countries(regions: tuple[str, ...]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """For each region the index of its country, and the countries."""
    names = [country_of(region) for region in regions]
    distinct = tuple(dict.fromkeys(names))
    return np.array([distinct.index(name) for name in names], np.intp), distinct
