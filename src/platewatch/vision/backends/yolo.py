"""Plates from a user's own YOLO export (ONNX): v5, v8, v11, and the NMS-free v10 and v26."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.geometry import box_area, corners_from_box, keep_best
from platewatch.vision.image import to_rgb
from platewatch.vision.registry import BackendOptions, YoloLayout
from platewatch.vision.session import ModelSession, Tensor
from platewatch.vision.types import BoxXyxy, Detection, ImageBgr

_DEFAULT_SIDE: Final = 640
_DEFAULT_MIN_SCORE: Final = 0.25
_PADDING_GRAY: Final = 114
_STRIDES: Final = (8, 16, 32)
_ANCHORS_OF_V5: Final = 3
_NMS_FREE_COLUMNS: Final = 6
_MIN_COLUMNS: Final = {YoloLayout.V5: 6, YoloLayout.V8: 5, YoloLayout.NMS_FREE: 6}
_MAX_CANDIDATES: Final = 300

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How an image lies in the network's input: scaled, then moved by whole pixels."""

    scale: float
    left: int
    top: int

    def to_image(self, box_xyxy: BoxXyxy, width: int, height: int) -> BoxXyxy:
        """The box in pixels of the image, kept inside it."""
        left, top, right, bottom = box_xyxy
        return (
            min(max((left - self.left) / self.scale, 0.0), width),
            min(max((top - self.top) / self.scale, 0.0), height),
            min(max((right - self.left) / self.scale, 0.0), width),
            min(max((bottom - self.top) / self.scale, 0.0), height),
        )


class YoloDetector:
    """Boxes of one YOLO model.

    Raises:
        ModelFileError: No model was given, or it can't be loaded.
        ModelShapeError: It isn't a YOLO detection export.
    """

    def __init__(self, options: BackendOptions) -> None:
        if options.model is None:
            raise ModelFileError("The detector 'yolo' needs a model. Give the path of your ONNX export.")
        self._options = options
        self._min_score = _DEFAULT_MIN_SCORE if options.min_score is None else options.min_score
        self._session = ModelSession(options.model, provider=options.provider, threads=options.threads)
        self._height, self._width = self._input_size()
        self.input_side = max(self._height, self._width)

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        """The plates, best first, overlapping ones suppressed, in pixels of `image_bgr`."""
        batch, letterbox = self.pre_process(image_bgr)
        return self.post_process(self.forward(batch), letterbox, image_bgr)

    def pre_process(self, image_bgr: ImageBgr) -> tuple[NDArray[np.float32], Letterbox]:
        """The network's input, float32 (1, 3, H, W), RGB in 0..1, and how the image lies in it."""
        height, width = image_bgr.shape[:2]
        scale = min(self._width / width, self._height / height)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (self._width - new_width) // 2, (self._height - new_height) // 2
        canvas = np.full((self._height, self._width, 3), _PADDING_GRAY, dtype=np.uint8)
        resized = cv2.resize(image_bgr, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
        canvas[top : top + new_height, left : left + new_width] = resized
        batch = to_rgb(canvas).transpose(2, 0, 1)[np.newaxis].astype(np.float32) / 255.0
        return np.ascontiguousarray(batch), Letterbox(scale, left, top)

    def forward(self, batch: NDArray[np.float32]) -> Tensor:
        """The model's first output as it is."""
        return self._session.run(batch)[0]

    def post_process(self, output: Tensor, letterbox: Letterbox, image_bgr: ImageBgr) -> list[Detection]:
        """The plates in pixels of `image_bgr`."""
        height, width = image_bgr.shape[:2]
        layout, rows = self._rows(output)
        boxes, scores = _boxes_and_scores(rows, layout, self._options.class_index)
        sure = np.flatnonzero(scores >= self._min_score)
        sure = sure[np.argsort(-scores[sure], kind="stable")][:_MAX_CANDIDATES]
        found = [letterbox.to_image(_as_box(boxes[index]), width, height) for index in sure]
        found_scores = [min(1.0, float(scores[index])) for index in sure]
        max_iou = 1.0 if layout is YoloLayout.NMS_FREE else self._options.max_iou
        return [
            Detection(corners_from_box(found[index]), found_scores[index])
            for index in keep_best(found, found_scores, max_iou)
            if box_area(found[index]) > 0
        ]

    def warm_up(self) -> None:
        """Run once on an empty image; shows at once whether the output is understood."""
        self.detect(np.zeros((self._height, self._width, 3), dtype=np.uint8))

    def _input_size(self) -> tuple[int, int]:
        shapes = self._session.input_shapes
        if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in {3, None}:  # noqa: PLR2004 (N, 3, H, W)
            raise ModelShapeError(
                f"A YOLO model takes one input (1, 3, height, width), {self._options.model} takes {shapes}. "
                "Export it again as ONNX for detection.",
            )
        side = self._options.input_side or _DEFAULT_SIDE
        _, _, height, width = shapes[0]
        return height or side, width or side

    def _rows(self, output: Tensor) -> tuple[YoloLayout, Rows]:
        """The layout and the output as (candidates, columns)."""
        if output.ndim != 3 or output.shape[0] != 1:  # noqa: PLR2004 (1, rows, columns)
            raise self._misfit(output)
        matrix = np.asarray(output[0], dtype=np.float32)
        layout = self._options.layout
        if layout is YoloLayout.AUTO:
            layout = self._recognize_layout(output)
        rows = self._upright(matrix, layout)
        columns = rows.shape[1]
        if columns < _MIN_COLUMNS[layout] or (layout is YoloLayout.NMS_FREE and columns != _NMS_FREE_COLUMNS):
            raise self._misfit(output)
        return layout, rows

    def _recognize_layout(self, output: Tensor) -> YoloLayout:
        sides = set(output.shape[1:])
        if self._cells in sides:
            return YoloLayout.V8
        if self._cells * _ANCHORS_OF_V5 in sides:
            return YoloLayout.V5
        if _NMS_FREE_COLUMNS in sides:
            return YoloLayout.NMS_FREE
        raise self._misfit(output)

    def _upright(self, matrix: Rows, layout: YoloLayout) -> Rows:
        """The matrix with candidates as rows, whichever way round it came."""
        if layout is YoloLayout.NMS_FREE:
            return matrix if matrix.shape[1] == _NMS_FREE_COLUMNS else matrix.T
        expected = self._cells * (_ANCHORS_OF_V5 if layout is YoloLayout.V5 else 1)
        if matrix.shape == (expected, expected):
            # As many columns as candidates: only the way that this family is exported can tell.
            return matrix if layout is YoloLayout.V5 else matrix.T
        if expected in matrix.shape:
            return matrix if matrix.shape[0] == expected else matrix.T
        return matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T

    @property
    def _cells(self) -> int:
        return sum((self._height // stride) * (self._width // stride) for stride in _STRIDES)

    def _misfit(self, output: Tensor) -> ModelShapeError:
        cells = self._cells
        return ModelShapeError(
            f"The output {tuple(output.shape)} of {self._options.model} is not understood (layout "
            f"{self._options.layout.value!r}). For an input of {self._width} x {self._height}, expected is "
            f"(1, {cells * _ANCHORS_OF_V5}, 5 + classes) for v5, (1, 4 + classes, {cells}) for v8 and v11, or "
            "(1, N, 6) for the NMS-free v10 and v26, each also transposed. Export it for detection, or set the layout.",
        )


def _boxes_and_scores(rows: Rows, layout: YoloLayout, class_index: int | None) -> tuple[Rows, Rows]:
    """Boxes as left, top, right, bottom in pixels of the input, and a score for each."""
    if layout is YoloLayout.NMS_FREE:
        scores = rows[:, 4]
        if class_index is not None:
            scores = np.where(rows[:, 5].round() == class_index, scores, 0.0).astype(np.float32)
        return rows[:, :4], scores
    class_scores = rows[:, 5:] * rows[:, 4:5] if layout is YoloLayout.V5 else rows[:, 4:]
    if class_index is not None and class_index >= class_scores.shape[1]:
        raise ModelShapeError(
            f"The model has {class_scores.shape[1]} classes, there is no class {class_index}. Count from 0.",
        )
    scores = class_scores.max(axis=1) if class_index is None else class_scores[:, class_index]
    centers, halves = rows[:, :2], rows[:, 2:4] / 2
    return np.concatenate([centers - halves, centers + halves], axis=1), scores


def _as_box(row: Rows) -> BoxXyxy:
    left, top, right, bottom = (float(value) for value in row)
    return left, top, right, bottom
