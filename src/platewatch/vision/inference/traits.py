"""What a backend declares of itself beside its one method: what it wants of a crop, and what more it can do.

A backend has an attribute `traits`; without one it has the defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from platewatch.vision.inference.model_card import Joint
from platewatch.vision.types import Crop, Transcript

ReadCrops: TypeAlias = Callable[[Sequence[Crop], Sequence[Transcript]], list[Transcript]]
"""Takes crops and their transcripts, and returns other transcripts in the same order."""


@dataclass(frozen=True, slots=True)
class DetectorTraits:
    """`joint` are the weights by which the detector's scores count beside a recognizer's confidences, if measured."""

    joint: Joint | None = None


@dataclass(frozen=True, slots=True)
class RecognizerTraits:
    """What a recognizer wants around the plate, and its optional steps.

    `padding_px` are pixels of the photo on each side, `margin` a share of the plate's height on each side.
    `look_again` reads unsure crops more closely at more cost, `tell_regions` adds the regions of crops that were read.
    """

    padding_px: int = 0
    margin: float = 0.0
    look_again: ReadCrops | None = None
    tell_regions: ReadCrops | None = None


def detector_traits(detector: object) -> DetectorTraits:
    """The declared traits; those of a package that predates them are taken from its attribute `joint`."""
    declared = getattr(detector, "traits", None)
    return declared if isinstance(declared, DetectorTraits) else DetectorTraits(getattr(detector, "joint", None))


def recognizer_traits(recognizer: object) -> RecognizerTraits:
    """The declared traits; those of a package that predates them are taken from attributes of the same names."""
    declared = getattr(recognizer, "traits", None)
    if isinstance(declared, RecognizerTraits):
        return declared
    return RecognizerTraits(
        padding_px=int(getattr(recognizer, "padding_px", 0)),
        margin=float(getattr(recognizer, "margin", 0.0)),
        look_again=getattr(recognizer, "look_again", None),
        tell_regions=getattr(recognizer, "tell_regions", None),
    )
