"""The region classifier: a network that reads what plates name, joined with the recognizer's guess and the text.

It sees the upper and the lower edge of a plate, where states are named, larger than the recognizer does, and only of
those crops that are reported in the end: one a plate, however often the plate was looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.inference.model_card import (
    BUILT_IN_MODELS,
    STATE,
    InstalledModel,
    ModelKind,
    RegionWeights,
    load_card,
)
from platewatch.vision.inference.session import Provider
from platewatch.vision.recognizer.regions import joined_regions, likely_region, reportable_regions
from platewatch.vision.recognizer.slot_codec import softmax, to_input
from platewatch.vision.types import Crop, ImageBgr, Transcript

BUILT_IN_NAME: Final = "platewatch-regions"
_MIN_STATE: Final = 0.5
_CROPS_PER_BATCH: Final = 8
# Names reach from the edge to a quarter of the height; what is at the sides are stickers.
_STRIP: Final = 0.28
_BESIDE: Final = 0.05


class RegionClassifier:
    """Classifies the region of plates that were read, by one network, the recognizer's guess and the text.

    `guessed` holds the regions that the recognizer knows.

    Raises:
        ModelFileError: There is no model, it is damaged, or its card is not that of a region network.
        ModelShapeError: The network's input or output is not what the card says.
    """

    def __init__(
        self,
        folder: Path | None = None,
        guessed: tuple[str, ...] = (),
        *,
        provider: Provider = Provider.AUTO,
        threads: int = 1,
    ) -> None:
        model = region_model(folder)
        card = model.card
        self.named = card.regions
        self.regions = reportable_regions(card.regions, guessed)
        self._weights = card.region_weights or RegionWeights()
        self._min_state = card.thresholds.get(STATE, _MIN_STATE)
        self._size = (card.input_width, card.input_height)
        self._session = model.load(provider=provider, threads=threads)
        expected = [(card.input_height, card.input_width, 3), (len(card.regions),)]
        found = [shape[1:] for shape in (*self._session.input_shapes, *self._session.output_shapes)]
        if found != expected:
            raise ModelShapeError(
                f"The model {card.name!r} takes and gives {found} for each crop, its card says {expected}. "
                "Export it again.",
            )

    def classify(self, crops: Sequence[Crop], transcripts: Sequence[Transcript]) -> list[Transcript]:
        """The transcripts, in their order, with the region that crop and text together favor."""
        by_looks = self.probabilities([crop.image_bgr for crop in crops])
        return [self._with_region(*pair) for pair in zip(by_looks, transcripts, strict=True)]

    def probabilities(self, crops_bgr: Sequence[ImageBgr]) -> NDArray[np.float32]:
        """float32 (N, named), each row's sum is 1: the network's softmax for each crop alone."""
        inputs = [to_strips(crop_bgr, *self._size) for crop_bgr in crops_bgr]
        found = [np.zeros((0, len(self.named)), np.float32)]
        for at in range(0, len(inputs), _CROPS_PER_BATCH):
            logits = self._session.run(np.stack(inputs[at : at + _CROPS_PER_BATCH]))[0]
            found.append(softmax(np.asarray(logits, np.float32)))
        return np.concatenate(found)

    def warm_up(self) -> None:
        """Run once on an empty crop."""
        self.probabilities([np.zeros((self._size[1], self._size[0], 3), np.uint8)])

    def _with_region(self, by_looks: NDArray[np.float32], transcript: Transcript) -> Transcript:
        if not transcript.characters:
            return transcript
        by_name = dict(zip(self.named, by_looks.tolist(), strict=True))
        joined = joined_regions(by_name, self.regions, dict(transcript.guessed_regions), transcript.text, self._weights)
        likely = likely_region(joined, self.regions, self._min_state)
        return replace(
            transcript, region=likely.code if likely else None, region_confidence=likely.confidence if likely else None
        )


def to_strips(crop_bgr: ImageBgr, width: int, height: int) -> NDArray[np.uint8]:
    """The crop's upper edge over its lower edge, each stretched to half the height: uint8 (height, width, 3)."""
    rows, columns = crop_bgr.shape[:2]
    high = max(1, round(_STRIP * rows))
    left, right = round(_BESIDE * columns), max(round(_BESIDE * columns) + 1, round((1 - _BESIDE) * columns))
    half = height // 2
    strips = (crop_bgr[:high, left:right], crop_bgr[rows - high :, left:right])
    return np.concatenate([to_input(strip, width, half) for strip in strips])


def region_model(folder: Path | None) -> InstalledModel:
    """The region model of that folder, or the built-in one for None; the network itself is not yet checked.

    Raises:
        ModelFileError: There is none, or its card is not that of a region network.
    """
    model = load_card(folder or BUILT_IN_MODELS / BUILT_IN_NAME)
    if model.card.kind is not ModelKind.REGIONS or not model.card.regions:
        raise ModelFileError(
            f"The model {model.card.name!r} in {str(model.folder)!r} is no region network. "
            "Name a folder that `platewatch-train region export` wrote.",
        )
    return model
