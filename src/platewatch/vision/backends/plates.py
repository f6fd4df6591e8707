"""The project's own detector: a model folder whose network finds plates with their four corners."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.detect import (
    CHANNELS,
    STRIDES,
    Letterbox,
    Map,
    canvas_size,
    decode,
    letterbox,
    suppress,
    to_batch,
    to_detections,
)
from platewatch.vision.registry import BackendOptions
from platewatch.vision.session import ModelSession
from platewatch.vision.types import Detection, ImageBgr
from platewatch.vision.zoo import BUILT_IN_MODELS, CARD_NAME, InstalledModel, ModelKind, load_card

BUILT_IN_NAME: Final = "platewatch-detector"
SCORE: Final = "score"
"""The card's threshold from which on something is proposed."""
_DEFAULT_MIN_SCORE: Final = 0.25
_OPEN_INPUT: Final = (None, 3, None, None)
_DIMENSIONS: Final = 4


class PlateDetector:
    """Finds plates with one network; the canvas takes the photo's shape.

    Raises:
        ModelFileError: There is no model, it is damaged, or its card is not that of a detector.
        ModelShapeError: The network's input or outputs are not those of this detector.
    """

    needs: ClassVar[str] = "its model folder: the built-in one, or yours (PLATEWATCH_DETECTOR_MODEL, --model)"

    def __init__(self, options: BackendOptions) -> None:
        model = detector_model(options.model)
        card = model.card
        self.input_side = options.input_side or max(card.input_width, card.input_height)
        self._min_score = options.min_score
        if self._min_score is None:
            self._min_score = card.thresholds.get(SCORE, _DEFAULT_MIN_SCORE)
        self._max_iou = options.max_iou
        self._session = model.load(provider=options.provider, threads=options.threads)
        _check(self._session, card.name)

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        """The plates, best first, overlapping ones suppressed, in pixels of `image_bgr`."""
        batch, lies = self.pre_process(image_bgr)
        return self.post_process(self.forward(batch), lies, image_bgr)

    def pre_process(self, image_bgr: ImageBgr) -> tuple[NDArray[np.float32], Letterbox]:
        """The network's input, float32 (1, 3, H, W), BGR in 0..1, and how the image lies in it."""
        height, width = image_bgr.shape[:2]
        canvas, lies = letterbox(image_bgr, *canvas_size(width, height, self.input_side))
        return to_batch([canvas]), lies

    def forward(self, batch: NDArray[np.float32]) -> list[Map]:
        """The network's maps of one image, finest first."""
        return [np.asarray(output[0], np.float32) for output in self._session.run(batch)]

    def post_process(self, maps: Sequence[Map], lies: Letterbox, image_bgr: ImageBgr) -> list[Detection]:
        """The plates in pixels of `image_bgr`."""
        height, width = image_bgr.shape[:2]
        candidates = suppress(decode(maps, self._min_score or 0.0), self._max_iou)
        return to_detections(candidates, lies, width, height)

    def warm_up(self) -> None:
        """Run once on an empty image of the usual shape."""
        self.detect(np.zeros((self.input_side * 9 // 16, self.input_side, 3), dtype=np.uint8))


def detector_model(folder: Path | None) -> InstalledModel:
    """The detector of that folder, or the built-in one for None; the network itself is not yet checked.

    Raises:
        ModelFileError: There is none, or its card is not that of a detector.
    """
    chosen = folder or BUILT_IN_MODELS / BUILT_IN_NAME
    if folder is None and not (chosen / CARD_NAME).is_file():
        raise ModelFileError(
            f"The detector 'platewatch' has no built-in model ({str(chosen)!r} is missing). "
            "Name the folder of one that you exported, or choose the detector 'rapidocr'.",
        )
    model = load_card(chosen)
    if model.card.kind is not ModelKind.DETECTOR:
        raise ModelFileError(
            f"The model {model.card.name!r} in {str(chosen)!r} is no detector but a {model.card.kind.value}. "
            "Name a folder that `platewatch-train detector-export` wrote.",
        )
    return model


def _check(session: ModelSession, name: str) -> None:
    inputs, outputs = session.input_shapes, session.output_shapes
    fits = len(inputs) == 1 and len(inputs[0]) == _DIMENSIONS and len(outputs) == len(STRIDES)
    fits = fits and inputs[0][1] == _OPEN_INPUT[1] and inputs[0][2:] == _OPEN_INPUT[2:]
    fits = fits and all(len(shape) == _DIMENSIONS and shape[1] == CHANNELS for shape in outputs)
    if not fits:
        raise ModelShapeError(
            f"The model {name!r} takes {inputs} and gives {outputs}; a detector takes one input (N, 3, height, width) "
            f"of any height and width and gives {len(STRIDES)} maps (N, {CHANNELS}, rows, columns). Export it again.",
        )
