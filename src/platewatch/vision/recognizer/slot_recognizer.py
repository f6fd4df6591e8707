"""The project's own recognizer: a model folder whose network reads the text with one or two heads, and the region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.inference.model_card import (
    BUILT_IN_MODELS,
    CARD_NAME,
    Calibration,
    InstalledModel,
    ModelKind,
    load_card,
)
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.inference.traits import RecognizerTraits
from platewatch.vision.recognizer.beam import settle
from platewatch.vision.recognizer.calibration import plate_confidence, slot_probabilities
from platewatch.vision.recognizer.region_network import BUILT_IN_NAME as BUILT_IN_REGIONS
from platewatch.vision.recognizer.region_network import RegionClassifier
from platewatch.vision.recognizer.regions import informed, likely_region, probable
from platewatch.vision.recognizer.second_look import agreed, is_settled, other_cuts
from platewatch.vision.recognizer.slot_codec import Logits, SlotCodec, softmax, to_input
from platewatch.vision.types import Crop, ImageBgr, Transcript

BUILT_IN_NAME: Final = "platewatch-recognizer"
# Larger batches gain nothing on a CPU and would make one photo with many proposals take much memory.
_CROPS_PER_BATCH: Final = 8


@dataclass(frozen=True, slots=True)
class Answers:
    """The network's output for N crops: logits (N, slots, classes), (N, steps, classes), (N, regions), all float32."""

    slots: Logits
    steps: Logits | None
    regions: Logits


# More plates are read right than without a margin, as many as with 0.06: docs/tuning-log.md.
MARGIN: Final = 0.05
"""Share of the plate's height that a crop has around it on each side."""


class SlotRecognizer:
    """Reads crops with one slot network.

    Raises:
        ModelFileError: There is no model, it is damaged, or its card is not that of a slot recognizer.
        ModelShapeError: The network's input or output is not what the card says.
    """

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if the model is there and whole.

        Raises:
            ModelFileError: it is not.
        """
        recognizer_model(options.recognizer_model).verify()

    def __init__(self, options: BackendOptions) -> None:
        model = recognizer_model(options.recognizer_model)
        self._codec = SlotCodec(model.card.alphabet or "", model.card.regions)
        self._width, self._height = model.card.input_width, model.card.input_height
        self._grammars = options.grammars
        self._calibration = model.card.calibration or Calibration()
        self._session = model.load(provider=options.provider, threads=options.threads)
        self._region_classifier = _load_region_classifier(options, model.card.regions)
        texts = [size for size in (model.card.slots, model.card.steps) if size is not None]
        expected = [
            (self._height, self._width, 3),
            *((size, self._codec.classes) for size in texts),
            (len(model.card.regions),),
        ]
        found = [shape[1:] for shape in (*self._session.input_shapes, *self._session.output_shapes)]
        if found != expected:
            raise ModelShapeError(
                f"The model {model.card.name!r} takes and gives {found} for each crop, its card says {expected}. "
                "Export it again.",
            )

    @property
    def traits(self) -> RecognizerTraits:
        """Its crops have a margin, unsure ones are read again, and regions come from a network of their own."""
        return RecognizerTraits(margin=MARGIN, look_again=self.look_again, tell_regions=self.tell_regions)

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        """One transcript for each crop, in their order; one without characters is no plate."""
        return self._read([self.pre_process(crop) for crop in crops])

    def look_again(self, crops: Sequence[Crop], first: Sequence[Transcript]) -> list[Transcript]:
        """The transcripts of unsure crops, each voted from several cuts; `first` holds the earlier transcripts."""
        cuts = [other_cuts(self.pre_process(crop)) for crop in crops]
        closer = self._read([of_crop[0] for of_crop in cuts])
        collected = [list(pair) for pair in zip(first, closer, strict=True)]
        unsettled = [number for number, one in enumerate(collected) if not is_settled(one)]
        others = iter(self._read([cut for number in unsettled for cut in cuts[number][1:]]))
        for number in unsettled:
            collected[number] += islice(others, len(cuts[number]) - 1)
        return [agreed(one) for one in collected]

    def tell_regions(self, crops: Sequence[Crop], transcripts: Sequence[Transcript]) -> list[Transcript]:
        """The transcripts with the region network's region; unchanged where no such network is installed."""
        if self._region_classifier is None:
            return list(transcripts)
        return self._region_classifier.classify(crops, transcripts)

    def pre_process(self, crop: Crop) -> ImageBgr:
        """The network's input, uint8 (height, width, 3), BGR."""
        return to_input(crop.image_bgr, self._width, self._height)

    def forward(self, batch: NDArray[np.uint8]) -> Answers:
        """The network's logits."""
        slots, *steps, regions = (np.asarray(logits, np.float32) for logits in self._session.run(batch))
        return Answers(slots, steps[0] if steps else None, regions)

    def post_process(self, answers: Answers) -> list[Transcript]:
        """The transcripts, look-alikes settled by how the regions build their numbers, with calibrated confidences."""
        steps = [None] * len(answers.slots) if answers.steps is None else answers.steps
        return [self._transcript(*of_crop) for of_crop in zip(answers.slots, steps, answers.regions, strict=True)]

    def warm_up(self) -> None:
        """Run once on an empty crop."""
        self.forward(np.zeros((1, self._height, self._width, 3), np.uint8))
        if self._region_classifier is not None:
            self._region_classifier.warm_up()

    def _read(self, inputs: Sequence[ImageBgr]) -> list[Transcript]:
        transcripts: list[Transcript] = []
        for start in range(0, len(inputs), _CROPS_PER_BATCH):
            transcripts += self.post_process(self.forward(np.stack(inputs[start : start + _CROPS_PER_BATCH])))
        return transcripts

    def _transcript(self, slot_logits: Logits, step_logits: Logits | None, region_logits: Logits) -> Transcript:
        region_probabilities = softmax(region_logits)
        guessed = probable(region_probabilities, self._codec.regions)
        read = settle(
            slot_probabilities(slot_logits, self._calibration.temperature),
            region_probabilities if self._grammars else None,
            self._codec,
            None if step_logits is None else softmax(step_logits),
        )
        if self._grammars and read.characters:
            region_probabilities = informed(region_probabilities, read.text, self._codec.regions)
        likely = likely_region(region_probabilities, self._codec.regions) if read.characters else None
        return replace(
            read,
            confidence=self._calibrate(read.confidence or 0.0) if read.characters else 0.0,
            alternatives=tuple((text, self._calibrate(probability)) for text, probability in read.alternatives),
            region=likely.code if likely else None,
            region_confidence=likely.confidence if likely else None,
            guessed_regions=guessed if read.characters else (),
        )

    def _calibrate(self, probability: float) -> float:
        return plate_confidence(probability, self._calibration.slope, self._calibration.offset)


def _load_region_classifier(options: BackendOptions, guessed: tuple[str, ...]) -> RegionClassifier | None:
    """The region network of the options, the built-in one, or none where the package has none."""
    if options.region_model is None and not (BUILT_IN_MODELS / BUILT_IN_REGIONS / CARD_NAME).is_file():
        return None
    return RegionClassifier(options.region_model, guessed, provider=options.provider, threads=options.threads)


def recognizer_model(folder: Path | None) -> InstalledModel:
    """The slot model of that folder, or the built-in one for None; the network itself is not yet checked.

    Raises:
        ModelFileError: There is none, or its card is not that of a slot recognizer.
    """
    chosen = folder or BUILT_IN_MODELS / BUILT_IN_NAME
    if folder is None and not (chosen / CARD_NAME).is_file():
        raise ModelFileError(
            f"The recognizer 'platewatch' has no built-in model ({str(chosen)!r} is missing). "
            "Name the folder of one that you exported, or choose the recognizer 'rapidocr'.",
        )
    model = load_card(chosen)
    card = model.card
    lacking = [name for name in ("alphabet", "slots", "regions") if not getattr(card, name)]
    if card.kind is not ModelKind.RECOGNIZER or lacking:
        wanting = f"lacks {', '.join(lacking)}" if card.kind is ModelKind.RECOGNIZER else f"is a {card.kind.value}"
        raise ModelFileError(
            f"The model {card.name!r} in {str(chosen)!r} is no slot recognizer: it {wanting}. "
            "Name a folder that `platewatch-train recognizer export` wrote.",
        )
    return model
