"""The project's own detector: a model folder whose network finds plates with their four corners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.detector.close_ups import MAX_CLOSE_UPS, MIN_SCORE, close_up, placed_again
from platewatch.vision.detector.maps import (
    CHANNELS,
    LONGEST_SIDE,
    STRIDES,
    Candidates,
    Letterbox,
    Map,
    canvas_size,
    decode,
    halved,
    letterbox,
    suppress,
    to_detections,
)
from platewatch.vision.detector.windows import choose_windows, cut_window, whole
from platewatch.vision.inference.model_card import (
    BUILT_IN_MODELS,
    CARD_NAME,
    SCORE,
    InstalledModel,
    ModelCard,
    ModelKind,
    load_card,
)
from platewatch.vision.inference.registry import BackendOptions, Profile
from platewatch.vision.inference.session import ModelSession
from platewatch.vision.inference.traits import DetectorTraits
from platewatch.vision.types import Detection, ImageBgr

BUILT_IN_NAME: Final = "platewatch-detector"
_DEFAULT_MIN_SCORE: Final = 0.25
_OPEN_INPUT: Final = (None, None, None, 3)
_DIMENSIONS: Final = 4
_STEPS_BACK: Final = (1.0, 3.0)
"""By how much smaller the photo is shown too: a cell sees some 200 pixels, which must hold a plate as a whole."""
_HINT: Final = 0.02
"""The least score of the first look that gets a closer one."""
_SMALL: Final = 48.0
"""Pixels of the first look: wider plates need no closer one."""


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks of a profile: at the photo at `side` pixels, then `closer` times as large where small plates may be."""

    side: int
    closer: float = 1.0


LOOKS: Final = {
    Profile.FAST: Looks(448),
    Profile.BALANCED: Looks(LONGEST_SIDE),
    Profile.THOROUGH: Looks(LONGEST_SIDE, closer=2.5),
}


class PlateDetector:
    """Finds plates with one network; the canvas takes the photo's shape.

    Raises:
        ModelFileError: There is no model, it is damaged, or its card is not that of a detector.
        ModelShapeError: The network's input or outputs are not those of this detector.
    """

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if the model is there and whole.

        Raises:
            ModelFileError: it is not.
        """
        detector_model(options.model).verify()

    def __init__(self, options: BackendOptions) -> None:
        model = detector_model(options.model)
        card = model.card
        looks = LOOKS[options.profile]
        self._side = options.input_side or looks.side
        self._closer = looks.closer
        chosen = options.min_score
        self._min_score = card.thresholds.get(SCORE, _DEFAULT_MIN_SCORE) if chosen is None else chosen
        self.traits = DetectorTraits(card.joint)
        self._max_iou = options.max_iou
        self._session = model.load(provider=options.provider, threads=options.threads)
        _check(self._session, card)

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        """The plates, best first, in pixels of `image_bgr`: what was proposed and seen again in its close-up."""
        height, width = image_bgr.shape[:2]
        proposed = self.propose(image_bgr)
        seen = [self._close_up(image_bgr, proposed.take([number])) for number in range(len(proposed.scores))]
        found = Candidates.joined(seen)
        sure = found.take(np.flatnonzero(found.scores >= self._min_score))
        return to_detections(suppress(sure, self._max_iou), width, height)

    def propose(self, image_bgr: ImageBgr) -> Candidates:
        """The proposals from looks at the whole photo, best first, at most `close_ups.MAX_CLOSE_UPS`."""
        found: list[Candidates] = []
        near_bgr, shrink = halved(image_bgr, self._side)
        for smaller in _STEPS_BACK:
            canvas_bgr, lies_near = self.pre_process(near_bgr, round(self._side / smaller))
            lies = replace(lies_near, scale=lies_near.scale * shrink)
            maps = self.forward(canvas_bgr)
            found.append(self.post_process(maps, self._min_score).in_image(lies))
            if smaller == 1 and self._closer > 1:
                hints = self.post_process(maps, min(_HINT, self._min_score))
                small = hints.boxes_xyxy[:, 2] - hints.boxes_xyxy[:, 0] < _SMALL
                found += self._look_closer(image_bgr, hints.take(np.flatnonzero(small)).in_image(lies), lies.scale)
        proposed = suppress(Candidates.joined(found), self._max_iou)
        return proposed.take(range(min(MAX_CLOSE_UPS, len(proposed.scores))))

    def pre_process(self, image_bgr: ImageBgr, longest_side: int) -> tuple[ImageBgr, Letterbox]:
        """The network's input, uint8 (H, W, 3), whole cells of every map, and the image's placement in it."""
        height, width = image_bgr.shape[:2]
        return letterbox(image_bgr, *canvas_size(width, height, longest_side))

    def forward(self, canvas_bgr: ImageBgr) -> list[Map]:
        """The network's maps of one canvas, finest first."""
        return [np.asarray(output[0], np.float32) for output in self._session.run(canvas_bgr[np.newaxis])]

    def post_process(self, maps: Sequence[Map], min_score: float) -> Candidates:
        """The proposals of a canvas's maps, after suppression of overlaps."""
        return suppress(decode(maps, min_score), self._max_iou)

    def _close_up(self, image_bgr: ImageBgr, proposal: Candidates) -> Candidates:
        """The proposal as its close-up shows it, in pixels of the image; none if it shows no plate."""
        left, top, right, bottom = proposal.boxes_xyxy[0].tolist()
        shown, lies = close_up(image_bgr, (left, top, right, bottom))
        maps = self.forward(shown)
        return placed_again(proposal, decode(maps, min(MIN_SCORE, self._min_score)).in_image(lies))

    def _look_closer(self, image_bgr: ImageBgr, hints: Candidates, scale: float) -> list[Candidates]:
        """The proposals from windows round the hints, in pixels of the image."""
        height, width = image_bgr.shape[:2]
        found = []
        for lies in choose_windows(hints, width, height, scale * self._closer):
            maps = self.forward(cut_window(image_bgr, lies))
            found.append(whole(self.post_process(maps, self._min_score), lies, width, height).in_image(lies))
        return found

    def warm_up(self) -> None:
        """Run once on an empty image of the usual shape."""
        self.detect(np.zeros((self._side * 9 // 16, self._side, 3), dtype=np.uint8))


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
            "Name a folder that `platewatch-train detector export` wrote.",
        )
    return model


def _check(session: ModelSession, card: ModelCard) -> None:
    inputs, outputs = session.input_shapes, session.output_shapes
    fits = len(inputs) == 1 and len(inputs[0]) == _DIMENSIONS and len(outputs) == len(STRIDES)
    fits = fits and inputs[0][1:] == _OPEN_INPUT[1:]
    fits = fits and all(len(shape) == _DIMENSIONS and shape[1] == CHANNELS for shape in outputs)
    if not fits:
        raise ModelShapeError(
            f"The model {card.name!r} takes {inputs} and gives {outputs}; a detector takes pixels (N, height, width, "
            f"3) of any size and gives {len(STRIDES)} maps (N, {CHANNELS}, rows, columns). Export it again.",
        )
    if (card.input_width, card.input_height) != (LONGEST_SIDE, LONGEST_SIDE):
        raise ModelShapeError(
            f"The card of {card.name!r} says that its input is {card.input_width} x {card.input_height}. Networks of "
            f"this detector are made for photos {LONGEST_SIDE} x {LONGEST_SIDE} and smaller, whatever its profile. "
            "Export the model again, or correct its card.",
        )
