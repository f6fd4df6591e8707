"""One YOLO export (ONNX) and the boxes that it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.backends.yolo_notes import plate_classes, read_notes, unknown_plate_class
from platewatch.vision.backends.yolo_output import Candidates, Layout, YoloOutput
from platewatch.vision.detector.maps import Letterbox, letterbox
from platewatch.vision.geometry import box_area, box_from_corners, clip_corners, keep_best, order_corners
from platewatch.vision.image import to_rgb
from platewatch.vision.inference.registry import BackendOptions, YoloLayout
from platewatch.vision.inference.session import ModelSession, Tensor
from platewatch.vision.types import BoxXyxy, Corners, ImageBgr

_DEFAULT_SIDE: Final = 640
_DEFAULT_STRIDE: Final = 32
_MAX_CANDIDATES: Final = 300
_FLOAT: Final = "tensor(float)"
_TORCH_SUFFIXES: Final = frozenset({".pt", ".pth", ".torchscript"})
_ZIP_START: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class YoloBox:
    """One thing in an image: its corners in pixels of the image, its score in 0..1 and its class, counted from 0."""

    corners: Corners
    score: float
    class_index: int

    @property
    def box_xyxy(self) -> BoxXyxy:
        """The upright box round the corners."""
        return box_from_corners(self.corners)


class YoloNetwork:
    """Boxes of one YOLO model, which is `model`; `options` say the layout, the classes, the provider and the like.

    Raises:
        ModelFileError: There is no such file, or it is no ONNX model.
        ModelShapeError: It isn't a YOLO export with boxes, or none of its classes is known to be the plate.
    """

    def __init__(self, model: Path, options: BackendOptions, *, min_score: float, max_iou: float) -> None:
        refuse_torch_file(model)
        self._model = model
        self._wanted_classes = options.detector_class
        self._min_score = min_score
        self._max_iou = max_iou
        self._session = ModelSession(model, provider=options.provider, threads=options.threads)
        self._notes = read_notes(self._session.metadata)
        self.height, self.width = self._input_size(options.input_side)
        self._output = YoloOutput(str(model), self._notes, options.layout, self.width, self.height)
        if self.class_names:
            self._chosen_classes(len(self.class_names))

    @property
    def class_names(self) -> Mapping[int, str]:
        """The names of the classes that the export noted down; none where it noted nothing."""
        return self._notes.class_names

    def find(self, image_bgr: ImageBgr) -> list[YoloBox]:
        """The detections in the image, best first, after suppression of overlaps."""
        batch, lies = self.pre_process(image_bgr)
        return self.post_process(self.forward(batch), lies, image_bgr)

    def pre_process(self, image_bgr: ImageBgr) -> tuple[NDArray[np.float32], Letterbox]:
        """The network's input, float32 (1, 3, H, W), RGB in 0..1, and how the image lies in it."""
        canvas, lies = letterbox(image_bgr, self.width, self.height)
        batch = to_rgb(canvas).transpose(2, 0, 1)[np.newaxis].astype(np.float32) / 255.0
        return np.ascontiguousarray(batch), lies

    def forward(self, batch: NDArray[np.float32]) -> list[Tensor]:
        """The model's outputs as they are."""
        return self._session.run(batch)

    def post_process(self, outputs: Sequence[Tensor], lies: Letterbox, image_bgr: ImageBgr) -> list[YoloBox]:
        """The boxes in pixels of `image_bgr`."""
        layout = self._output.layout_of(outputs)
        found = self._output.candidates(outputs, layout, self._chosen_classes)
        sure = np.flatnonzero((found.scores >= self._min_score) & (found.scores > 0))
        sure = sure[np.argsort(-found.scores[sure], kind="stable")][:_MAX_CANDIDATES]
        self._require_one_class(found.classes[sure], layout)
        height, width = image_bgr.shape[:2]
        corners = [clip_corners(one, width, height) for one in _corners_in_image(found, sure, lies)]
        boxes = [box_from_corners(one) for one in corners]
        scores = [min(1.0, float(found.scores[index])) for index in sure]
        max_iou = 1.0 if layout.family is YoloLayout.NMS_FREE else self._max_iou
        return [
            YoloBox(corners[place], scores[place], int(found.classes[sure[place]]))
            for place in keep_best(boxes, scores, max_iou)
            if box_area(boxes[place]) > 0
        ]

    def _input_size(self, side: int | None) -> tuple[int, int]:
        shapes, types = self._session.input_shapes, self._session.input_types
        if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in {3, None}:  # noqa: PLR2004 (N, 3, H, W)
            raise ModelShapeError(
                f"A YOLO model takes one input (1, 3, height, width), {self._model} takes {shapes}. "
                "Export it again as ONNX for detection.",
            )
        if types[0] != _FLOAT:
            raise ModelShapeError(
                f"The model {self._model} takes {types[0]} instead of {_FLOAT}. Export it again without half "
                "(half=False, without --half), and without int8 inputs.",
            )
        batch, _, height, width = shapes[0]
        if batch not in {1, None}:
            raise ModelShapeError(
                f"The model {self._model} takes {batch} images at a time. Export it again with batch=1."
            )
        noted_height, noted_width = self._notes.size or (_DEFAULT_SIDE, _DEFAULT_SIDE)
        stride = self._notes.stride or _DEFAULT_STRIDE
        open_height, open_width = ((side or noted) for noted in (noted_height, noted_width))
        return height or _rounded_up(open_height, stride), width or _rounded_up(open_width, stride)

    def _chosen_classes(self, count: int | None) -> list[int] | None:
        return plate_classes(self._wanted_classes, self.class_names, count, str(self._model))

    def _require_one_class(self, classes: NDArray[np.intp], layout: Layout) -> None:
        """Do nothing unless boxes of several classes are there, of which nothing says that all are plates."""
        if layout.classes is None and self._wanted_classes is None and not self.class_names and np.any(classes > 0):
            raise unknown_plate_class({}, None, str(self._model))


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


def _corners_in_image(found: Candidates, chosen: NDArray[np.intp], lies: Letterbox) -> list[Corners]:
    """The corners of the chosen ones in pixels of the image, which may reach beyond it."""
    boxes = found.boxes[chosen].astype(np.float64)
    if found.angles is None:
        quads = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    else:
        quads = _turn_boxes(boxes, found.angles[chosen].astype(np.float64))
    placed = (quads - (lies.left, lies.top)) / lies.scale
    corners = []
    for one, two, three, four in placed.tolist():
        points = (tuple(one), tuple(two), tuple(three), tuple(four))
        corners.append(points if found.angles is None else order_corners(points))
    return corners


def _turn_boxes(boxes: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners (N, 4, 2) of boxes (middle, width, height) that are turned clockwise by so many radians."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    across = np.concatenate([cos, sin], axis=1) * boxes[:, 2:3] / 2
    down = np.concatenate([-sin, cos], axis=1) * boxes[:, 3:4] / 2
    middles = boxes[:, :2]
    sides = (-across - down, across - down, across + down, -across + down)
    return np.stack([middles + side for side in sides], axis=1)


def _rounded_up(side: int, stride: int) -> int:
    return -(-side // stride) * stride
