"""Look-alikes settled: the most likely texts of a crop, weighed by how the plates of the crop's region are built.

The network doesn't know that a French plate has its digits in the middle. So a text that is built like the plates of a
probable region counts up to `MAX_GAIN` times as much. Where no region is known, or no likely text is built so, the
most likely stays as it is.

A network with two heads is asked twice: its slots count characters, its steps look at each place. Each finds texts, and
a text is as likely as the geometric mean of what both give it, so that heads which disagree make an unsure reading.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from platewatch.plates.grammars import RegionGrammar, country_of, grammar_of, known_regions
from platewatch.vision.recognizer.ctc_steps import peaks, text_probabilities
from platewatch.vision.recognizer.slot_codec import NOTHING, SlotCodec
from platewatch.vision.types import Character, Transcript

Probabilities: TypeAlias = NDArray[np.float32]
WeightedGrammars: TypeAlias = tuple[tuple[float, RegionGrammar], ...]
"""Grammars with the probability (0..1) that the plate is of their region."""

# What the network is 98 % sure of (50 to 1) is never overturned: docs/tuning-log.md.
MAX_GAIN: Final = 50.0
# A text less likely than this, against the most likely, can neither win nor be worth reporting.
_MIN_RATIO: Final = 0.01
# A network that is unsure everywhere has texts without number; more than 24 read no better: docs/tuning-log.md.
_BEAM: Final = 16
# Less probable regions could move a fiftieth of the whole gain each, and there are many to ask.
_MIN_REGION: Final = 0.02
_ALTERNATIVES: Final = 4
_MIN_ALTERNATIVE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read the slots: the class of each, and their joint probability."""

    classes: tuple[int, ...]
    probability: float


def settle(
    slot_probabilities: Probabilities,
    region_probabilities: Probabilities | None,
    codec: SlotCodec,
    step_probabilities: Probabilities | None = None,
) -> Transcript:
    """The text of one crop, look-alikes settled by the grammars of the probable regions; it returns no region.

    Characters have the network's own confidence, with two heads the mean of both. `confidence` is the joint probability
    that the text is right once the grammars are weighed in, not yet calibrated, and so are those of the alternatives.
    If another text is most likely before that, that text is the first alternative. Where that one is empty, so is
    this.

    Args:
        slot_probabilities: float32 (slots, classes), each row's sum is 1.
        region_probabilities: float32 (regions,), sum 1; None where the network gives no region.
        codec: the alphabet and the regions that these are the probabilities of.
        step_probabilities: float32 (steps, classes), each row's sum is 1; None where the network has slots alone.
    """
    of_characters = slot_probabilities
    if step_probabilities is None:
        texts = most_likely_texts(slot_probabilities, codec.alphabet)
    else:
        of_peaks = peaks(step_probabilities, len(slot_probabilities))
        texts = _agreed_texts((slot_probabilities, step_probabilities, of_peaks), codec)
        of_characters = np.asarray((slot_probabilities + of_peaks) / 2, np.float32)
    raw = next(iter(texts), "")
    if not raw:
        return Transcript((), confidence=0.0)
    grammars = probable_grammars(region_probabilities, codec.regions)
    odds = {text: one.probability * gain(text, grammars) for text, one in texts.items()}
    unlisted = max(0.0, 1.0 - sum(one.probability for one in texts.values()))
    total = unlisted + sum(odds.values())
    ranked = sorted(odds, key=lambda text: -odds[text])
    chosen = next(text for text in ranked if text)
    others = [text for text in ranked if text not in ("", chosen, raw) and odds[text] >= _MIN_ALTERNATIVE * total]
    if chosen != raw:
        others.insert(0, raw)
    return Transcript(
        characters=_characters(texts[chosen].classes, of_characters, codec.alphabet),
        alternatives=tuple((text, odds[text] / total) for text in others[:_ALTERNATIVES]),
        confidence=odds[chosen] / total,
    )


def most_likely_texts(probabilities: Probabilities, alphabet: str) -> dict[str, Candidate]:
    """The most likely texts, beginning with that of each slot's most likely class; nothing if that is empty.

    A text that several ways lead to has the classes of the most likely way and their probabilities' sum.
    """
    texts: dict[str, Candidate] = {}
    for candidate in _candidates(probabilities):
        text = "".join([alphabet[index - 1] for index in candidate.classes if index != NOTHING])
        if not text and not texts:
            break
        if text in texts:
            known = texts[text]
            texts[text] = replace(known, probability=known.probability + candidate.probability)
        elif text:
            texts[text] = candidate
    return texts


def probable_grammars(region_probabilities: Probabilities | None, regions: tuple[str, ...]) -> WeightedGrammars:
    """The grammars of the regions that the plate may be of; states that share their country's count together."""
    if region_probabilities is None or not regions:
        return ()
    owners, names = _owners(regions)
    weights = np.bincount(owners, weights=region_probabilities, minlength=len(names))
    found = [(float(weights[index]), grammar_of(names[index])) for index in np.flatnonzero(weights >= _MIN_REGION)]
    return tuple((weight, grammar) for weight, grammar in found if grammar is not None)


def gain(text: str, grammars: WeightedGrammars) -> float:
    """The factor by which grammars raise the text: 1 for none of the grammars, at most `MAX_GAIN`."""
    fit = sum([weight * grammar.share(text) for weight, grammar in grammars])
    return 1.0 + (MAX_GAIN - 1.0) * min(1.0, fit)


def _agreed_texts(heads: tuple[Probabilities, Probabilities, Probabilities], codec: SlotCodec) -> dict[str, Candidate]:
    """The texts that either head finds, and the empty one, the most likely for both together first.

    Args:
        heads: the probabilities of the slots, of the steps, and of the steps' peaks.
        codec: the alphabet.
    """
    slots, steps, of_peaks = heads
    found = [*most_likely_texts(slots, codec.alphabet), *most_likely_texts(of_peaks, codec.alphabet), ""]
    texts = list(dict.fromkeys(found))
    classes = np.stack([codec.encode(text, len(slots)) for text in texts])
    of_slots = slots[np.arange(len(slots)), classes].prod(axis=1, dtype=np.float64)
    likelihoods = np.sqrt(of_slots * text_probabilities(steps, classes)).tolist()
    order = sorted(range(len(texts)), key=lambda index: -likelihoods[index])
    return {texts[index]: Candidate(tuple(classes[index].tolist()), likelihoods[index]) for index in order}


def _candidates(probabilities: Probabilities) -> Iterator[Candidate]:
    """Ways to read the slots by falling probability; the first takes the most likely class of each.

    The others are that one with one or more slots swapped. They come out of a heap on which each way puts those that
    follow it: the same with its last swap made for the next worse one, and with the next worse one added.
    """
    best = probabilities.argmax(axis=1)
    top = probabilities[np.arange(len(best)), best]
    joint = float(top.prod(dtype=np.float64))
    classes = tuple(best.tolist())
    yield Candidate(classes, joint)
    swaps = _swaps(probabilities, best, top)
    waiting: list[tuple[float, tuple[int, ...]]] = [(-swaps[0].ratio, (0,))] if swaps else []
    for _ in range(_BEAM):
        if not waiting:
            return
        ratio, picked = heapq.heappop(waiting)
        if -ratio < _MIN_RATIO:
            return
        chosen = [swaps[index] for index in picked]
        is_possible = len({swap.slot for swap in chosen}) == len(chosen)
        if is_possible:
            yield _swap(classes, chosen, -ratio * joint)
        following = picked[-1] + 1
        if following == len(swaps):
            continue
        heapq.heappush(waiting, (ratio / chosen[-1].ratio * swaps[following].ratio, (*picked[:-1], following)))
        if is_possible:
            heapq.heappush(waiting, (ratio * swaps[following].ratio, (*picked, following)))


@dataclass(frozen=True, slots=True)
class _Swap:
    """Another class for a slot; `ratio` is its probability against the most likely class's."""

    ratio: float
    slot: int
    index: int


def _swaps(probabilities: Probabilities, best: NDArray[np.intp], top: Probabilities) -> list[_Swap]:
    ratios = probabilities / top[:, None]
    ratios[np.arange(len(best)), best] = 0.0
    slots, classes = np.nonzero(ratios >= _MIN_RATIO)
    found = ratios[slots, classes]
    order = np.argsort(-found, kind="stable")[:_BEAM]
    columns = (found[order].tolist(), slots[order].tolist(), classes[order].tolist())
    return [_Swap(*each) for each in zip(*columns, strict=True)]


def _swap(classes: tuple[int, ...], swaps: Sequence[_Swap], probability: float) -> Candidate:
    changed = list(classes)
    for swap in swaps:
        changed[swap.slot] = swap.index
    return Candidate(tuple(changed), probability)


def _characters(classes: tuple[int, ...], probabilities: Probabilities, alphabet: str) -> tuple[Character, ...]:
    return tuple(
        Character(alphabet[index - 1], float(probabilities[slot, index]))
        for slot, index in enumerate(classes)
        if index != NOTHING
    )


@lru_cache(maxsize=8)
def _owners(regions: tuple[str, ...]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """For each region the index of the one whose grammar it has, and the names of these."""
    known = known_regions()
    names = [region if region in known else country_of(region) for region in regions]
    distinct = tuple(dict.fromkeys(names))
    return np.array([distinct.index(name) for name in names], np.intp), distinct
