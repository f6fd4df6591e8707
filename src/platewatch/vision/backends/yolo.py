"""Plates from a user's own YOLO export (ONNX)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelFileError
from platewatch.vision.backends.yolo_network import YoloNetwork
from platewatch.vision.detector.maps import Letterbox
from platewatch.vision.inference.registry import BackendOptions
from platewatch.vision.inference.session import Tensor
from platewatch.vision.types import Detection, ImageBgr

_DEFAULT_MIN_SCORE: Final = 0.25


class YoloDetector:
    """Boxes of one YOLO model.

    Raises:
        ModelFileError: No model was given, or it can't be loaded.
        ModelShapeError: It isn't a YOLO export with boxes, or none of its classes is known to be the plate.
    """

    name: ClassVar[str] = "yolo"
    default_min_score: ClassVar[float] = _DEFAULT_MIN_SCORE

    @classmethod
    def require_ready(cls, options: BackendOptions) -> None:
        """Do nothing if the export can be loaded and its output is understood.

        Raises:
            ModelError: it can't, or is not.
        """
        cls(options).warm_up()

    def __init__(self, options: BackendOptions) -> None:
        if options.model is None:
            raise ModelFileError(
                f"The detector {self.name!r} needs a model. Give the path of your ONNX export: "
                "PLATEWATCH_DETECTOR_MODEL, or --model of the command.",
            )
        min_score = self.default_min_score if options.min_score is None else options.min_score
        self._network = YoloNetwork(options.model, options, min_score=min_score, max_iou=options.max_iou)

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        """The plates, best first, overlapping ones suppressed, in pixels of `image_bgr`."""
        batch, lies = self.pre_process(image_bgr)
        return self.post_process(self.forward(batch), lies, image_bgr)

    def pre_process(self, image_bgr: ImageBgr) -> tuple[NDArray[np.float32], Letterbox]:
        """The network's input, float32 (1, 3, H, W), RGB in 0..1, and how the image lies in it."""
        return self._network.pre_process(image_bgr)

    def forward(self, batch: NDArray[np.float32]) -> list[Tensor]:
        """The model's outputs as they are."""
        return self._network.forward(batch)

    def post_process(self, outputs: Sequence[Tensor], lies: Letterbox, image_bgr: ImageBgr) -> list[Detection]:
        """The plates in pixels of `image_bgr`."""
        return [Detection(found.corners, found.score) for found in self._network.post_process(outputs, lies, image_bgr)]

    def warm_up(self) -> None:
        """Run once on an empty image; shows at once whether the output is understood."""
        self.detect(np.zeros((self._network.height, self._network.width, 3), dtype=np.uint8))
