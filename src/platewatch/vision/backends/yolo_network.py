"""One YOLO export (ONNX) and the boxes that it finds: v5, v8, v11, and the NMS-free v10 and v26."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.detect import Letterbox, letterbox
from platewatch.vision.geometry import box_area, keep_best
from platewatch.vision.image import to_rgb
from platewatch.vision.registry import BackendOptions, YoloLayout
from platewatch.vision.session import ModelSession, Tensor
from platewatch.vision.types import BoxXyxy, ImageBgr

_DEFAULT_SIDE: Final = 640
_STRIDES: Final = (8, 16, 32)
_ANCHORS_OF_V5: Final = 3
_NMS_FREE_COLUMNS: Final = 6
_MIN_COLUMNS: Final = {YoloLayout.V5: 6, YoloLayout.V8: 5, YoloLayout.NMS_FREE: 6}
_MAX_CANDIDATES: Final = 300
_TORCH_SUFFIXES: Final = frozenset({".pt", ".pth", ".torchscript"})
_ZIP_START: Final = b"PK\x03\x04"

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class YoloBox:
    """One thing in an image: its box in pixels of the image, its score in 0..1 and its class, counted from 0."""

    box_xyxy: BoxXyxy
    score: float
    class_index: int


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Boxes as left, top, right, bottom in pixels of the input, a score and a class for each."""

    boxes: Rows
    scores: NDArray[np.float32]
    classes: NDArray[np.intp]


class YoloNetwork:
    """Boxes of one YOLO model, which is `model`; `options` say the layout, the provider and the like.

    Raises:
        ModelFileError: There is no such file, or it is no ONNX model.
        ModelShapeError: It isn't a YOLO detection export.
    """

    def __init__(self, model: Path, options: BackendOptions, *, min_score: float, max_iou: float) -> None:
        refuse_torch_file(model)
        self._model = model
        self._layout = options.layout
        self._class_index = options.class_index
        self._min_score = min_score
        self._max_iou = max_iou
        self._session = ModelSession(model, provider=options.provider, threads=options.threads)
        self.height, self.width = self._input_size(options.input_side or _DEFAULT_SIDE)

    @property
    def class_names(self) -> dict[int, str]:
        """The names of the classes that the export noted down; none where it noted nothing."""
        try:
            named = ast.literal_eval(self._session.metadata.get("names", "{}"))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return {}
        pairs = named.items() if isinstance(named, dict) else enumerate(named if isinstance(named, list) else ())
        return {int(index): str(name) for index, name in pairs if str(index).isdecimal()}

    def find(self, image_bgr: ImageBgr) -> list[YoloBox]:
        """What is in the image, best first, overlapping ones suppressed."""
        batch, lies = self.pre_process(image_bgr)
        return self.post_process(self.forward(batch), lies, image_bgr)

    def pre_process(self, image_bgr: ImageBgr) -> tuple[NDArray[np.float32], Letterbox]:
        """The network's input, float32 (1, 3, H, W), RGB in 0..1, and how the image lies in it."""
        canvas, lies = letterbox(image_bgr, self.width, self.height)
        batch = to_rgb(canvas).transpose(2, 0, 1)[np.newaxis].astype(np.float32) / 255.0
        return np.ascontiguousarray(batch), lies

    def forward(self, batch: NDArray[np.float32]) -> Tensor:
        """The model's first output as it is."""
        return self._session.run(batch)[0]

    def post_process(self, output: Tensor, lies: Letterbox, image_bgr: ImageBgr) -> list[YoloBox]:
        """The boxes in pixels of `image_bgr`."""
        height, width = image_bgr.shape[:2]
        layout, rows = self._rows(output)
        found = _candidates(rows, layout, self._class_index)
        sure = np.flatnonzero(found.scores >= self._min_score)
        sure = sure[np.argsort(-found.scores[sure], kind="stable")][:_MAX_CANDIDATES]
        boxes = [lies.to_image(_as_box(found.boxes[index]), width, height) for index in sure]
        scores = [min(1.0, float(found.scores[index])) for index in sure]
        max_iou = 1.0 if layout is YoloLayout.NMS_FREE else self._max_iou
        return [
            YoloBox(boxes[place], scores[place], int(found.classes[sure[place]]))
            for place in keep_best(boxes, scores, max_iou)
            if box_area(boxes[place]) > 0
        ]

    def _input_size(self, side: int) -> tuple[int, int]:
        shapes = self._session.input_shapes
        if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in {3, None}:  # noqa: PLR2004 (N, 3, H, W)
            raise ModelShapeError(
                f"A YOLO model takes one input (1, 3, height, width), {self._model} takes {shapes}. "
                "Export it again as ONNX for detection.",
            )
        _, _, height, width = shapes[0]
        return height or side, width or side

    def _rows(self, output: Tensor) -> tuple[YoloLayout, Rows]:
        """The layout and the output as (candidates, columns)."""
        if output.ndim != 3 or output.shape[0] != 1:  # noqa: PLR2004 (1, rows, columns)
            raise self._misfit(output)
        matrix = np.asarray(output[0], dtype=np.float32)
        layout = self._layout
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
        return sum((self.height // stride) * (self.width // stride) for stride in _STRIDES)

    def _misfit(self, output: Tensor) -> ModelShapeError:
        cells = self._cells
        return ModelShapeError(
            f"The output {tuple(output.shape)} of {self._model} is not understood (layout "
            f"{self._layout.value!r}). For an input of {self.width} x {self.height}, expected is "
            f"(1, {cells * _ANCHORS_OF_V5}, 5 + classes) for v5, (1, 4 + classes, {cells}) for v8 and v11, or "
            "(1, N, 6) for the NMS-free v10 and v26, each also transposed. Export it for detection, or set the layout.",
        )


def refuse_torch_file(model: Path) -> None:
    """Do nothing if the file may be an ONNX model.

    Raises:
        ModelFileError: It is PyTorch's; the message says how it is exported.
    """
    is_torch = model.suffix.lower() in _TORCH_SUFFIXES
    if not is_torch and model.is_file():
        with model.open("rb") as file:
            is_torch = file.read(len(_ZIP_START)) == _ZIP_START
    if is_torch:
        raise ModelFileError(
            f"{str(model)!r} is a PyTorch file; only its ONNX export is loaded. Export it once, on any machine: "
            f"for YOLOv8 and v11 `pip install ultralytics onnx` and `yolo export model={model.name} format=onnx`; for "
            f"YOLOv5, in its checkout, `python export.py --weights {model.name} --include onnx`. Both programs are "
            f"under AGPL-3.0. Then name {model.with_suffix('.onnx').name!r} instead.",
        )


def _candidates(rows: Rows, layout: YoloLayout, class_index: int | None) -> _Candidates:
    if layout is YoloLayout.NMS_FREE:
        classes = rows[:, 5].round().astype(np.intp)
        scores = rows[:, 4]
        if class_index is not None:
            scores = np.where(classes == class_index, scores, 0.0).astype(np.float32)
        return _Candidates(rows[:, :4], scores, classes)
    class_scores = rows[:, 5:] * rows[:, 4:5] if layout is YoloLayout.V5 else rows[:, 4:]
    if class_index is not None and class_index >= class_scores.shape[1]:
        raise ModelShapeError(
            f"The model has {class_scores.shape[1]} classes, there is no class {class_index}. Count from 0.",
        )
    classes = class_scores.argmax(axis=1) if class_index is None else np.full(len(rows), class_index, np.intp)
    scores = class_scores[np.arange(len(rows)), classes]
    centers, halves = rows[:, :2], rows[:, 2:4] / 2
    return _Candidates(np.concatenate([centers - halves, centers + halves], axis=1), scores, classes)


def _as_box(row: Rows) -> BoxXyxy:
    left, top, right, bottom = (float(value) for value in row)
    return left, top, right, bottom
